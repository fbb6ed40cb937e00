"""A heat map with a number in each cell: hours of daylight by latitude and month. It asks for WebP by its file name."""

import matplotlib.pyplot as plt
import numpy as np

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

middle_of_month = np.arange(12) * 30.44 + 15
declination = np.radians(-23.44) * np.cos(2 * np.pi * (middle_of_month + 10) / 365.25)
latitudes = np.arange(70, -1, -10)
cosine = -np.tan(np.radians(latitudes))[:, None] * np.tan(declination)
hours = 24 / np.pi * np.arccos(np.clip(cosine, -1, 1))

fig, ax = plt.subplots(figsize=(8.6, 4.8), layout="constrained")
image = ax.imshow(hours, cmap="plasma", vmin=0, vmax=24, aspect="auto")
for (row, column), value in np.ndenumerate(hours):
    ax.text(column, row, f"{value:.1f}", ha="center", va="center", color="black" if value > 14 else "white", size=9)

ax.set_xticks(range(12), MONTHS)
ax.set_yticks(range(len(latitudes)), [f"{latitude}° N" if latitude else "0°" for latitude in latitudes])
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
# White lines between the cells.
ax.set_xticks(np.arange(11) + 0.5, minor=True)
ax.set_yticks(np.arange(len(latitudes) - 1) + 0.5, minor=True)
ax.grid(which="minor", color="white", linewidth=1.5)
ax.tick_params(which="minor", length=0)
ax.set_title("Hours of daylight in the middle of each month", loc="left", weight="bold")
fig.colorbar(image, label="hours", ticks=range(0, 25, 4), pad=0.01)

response = fig
filename = "daylight.webp"
