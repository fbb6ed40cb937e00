"""Four subplots with much in them, to a PNG."""

from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng(2005)
x, y = np.meshgrid(np.linspace(-3, 3, 200), np.linspace(-3, 3, 200))
z = np.sin(x * 2) * np.cos(y * 3) + x * y / 4

fig, axes = plt.subplots(2, 2, figsize=(10, 8))
axes[0, 0].contourf(x, y, z, levels=24, cmap="viridis")
axes[0, 1].scatter(rng.normal(size=4000), rng.normal(size=4000), s=6, c=rng.random(4000), alpha=0.6)
axes[1, 0].hist(rng.gamma(2.0, 1.5, size=(5000, 3)), bins=60, stacked=True, label=["one", "two", "three"])
axes[1, 0].legend()
for phase in np.linspace(0, np.pi, 24):
    axes[1, 1].plot(x[0], np.sin(x[0] * 4 + phase))
for number, axis in enumerate(axes.flat, 1):
    axis.set(title=f"Panel {number}", xlabel="metres", ylabel="seconds")
    axis.grid(alpha=0.3)
fig.tight_layout()
picture = BytesIO()
fig.savefig(picture, format="png")

response = picture.getvalue()
filename = "subplots.png"
