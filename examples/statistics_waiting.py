"""Statistics in two figures: boxes and violins in the first, cumulated shares in the second, which is ?figure=2."""

import matplotlib.pyplot as plt
import numpy as np

LINES = {"tram 1": (4.0, 1.6), "tram 9": (2.0, 4.5), "bus 12": (3.0, 2.8), "night bus": (1.4, 9.5)}

rng = np.random.default_rng(2005)
waits = {name: rng.gamma(shape, scale, 160) for name, (shape, scale) in LINES.items()}
colours = ["#4477aa", "#ee6677", "#228833", "#ccbb44"]
places = np.arange(1, len(waits) + 1)

fig, ax = plt.subplots(figsize=(7.6, 4.6), layout="constrained")
violins = ax.violinplot(list(waits.values()), places, widths=0.85, showextrema=False)
for body, colour in zip(violins["bodies"], colours, strict=True):
    body.set(facecolor=colour, alpha=0.25)
boxes = ax.boxplot(list(waits.values()), positions=places, widths=0.16, patch_artist=True, showfliers=False)
for box, median, colour in zip(boxes["boxes"], boxes["medians"], colours, strict=True):
    box.set(facecolor=colour, alpha=0.9)
    median.set(color="white", linewidth=2)
for place, (values, colour) in enumerate(zip(waits.values(), colours, strict=True), 1):
    ax.scatter(place + rng.uniform(0.12, 0.34, values.size), values, s=7, color=colour, alpha=0.55, linewidths=0)
ax.set_xticks(places, list(waits))
ax.set(ylabel="minutes", ylim=(0, 45))
ax.set_title("Waiting for a ride, 160 times each", loc="left", weight="bold")
ax.grid(axis="y", alpha=0.3)
ax.spines[["top", "right"]].set_visible(False)

fig, ax = plt.subplots(figsize=(7.6, 4.6), layout="constrained")
for (name, values), colour in zip(waits.items(), colours, strict=True):
    ax.ecdf(values, color=colour, linewidth=2, label=name)
ax.set(xlim=(0, 45), xlabel="minutes", ylabel="share of rides that had come")
ax.legend(frameon=False, loc="lower right")
ax.grid(alpha=0.3)
ax.spines[["top", "right"]].set_visible(False)

plt.show()
