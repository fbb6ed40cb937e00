"""Three figures from one script: random walks, how far they get, and where they end. Each can be had by ?figure=N."""

import matplotlib.pyplot as plt
import numpy as np

WALKS, STEPS = 400, 900

rng = np.random.default_rng(1905)
steps = rng.normal(size=(WALKS, STEPS, 2))
paths = np.cumsum(steps, axis=1)
distance = np.hypot(*paths.transpose(2, 0, 1))
ends = paths[:, -1]

fig, ax = plt.subplots(figsize=(6, 6), layout="constrained")
for path, colour in zip(paths[:12], plt.cm.viridis(np.linspace(0, 0.95, 12)), strict=True):
    ax.plot(*path.T, color=colour, linewidth=0.7)
    ax.plot(*path[-1], "o", color=colour, markersize=5)
ax.plot(0, 0, "k+", markersize=14, markeredgewidth=2)
ax.set(aspect="equal", title="Twelve walks")

fig, ax = plt.subplots(figsize=(7.6, 4.2), layout="constrained")
time = np.arange(1, STEPS + 1)
for low, high in ((5, 95), (25, 75)):
    ax.fill_between(time, *np.percentile(distance, (low, high), axis=0), color="#4477aa", alpha=0.2, linewidth=0)
ax.plot(time, distance.mean(axis=0), color="#4477aa", linewidth=2, label=f"mean of {WALKS} walks")
ax.plot(time, np.sqrt(np.pi / 2 * time), "k--", linewidth=1, label="what theory says")
ax.set(xlim=(0, STEPS), ylim=(0, None), xlabel="steps", ylabel="distance", title="How far they get")
ax.legend(frameon=False, loc="upper left")

fig, ax = plt.subplots(figsize=(6.4, 5.4), layout="constrained")
cells = ax.hexbin(*ends.T, gridsize=18, extent=(-90, 90, -90, 90), cmap="magma_r", mincnt=1)
fig.colorbar(cells, label="walks")
ax.set(aspect="equal", xlim=(-90, 90), ylim=(-90, 90), title="Where they end")

plt.show()
