"""A contour chart: the potential and the field of four charges. The response is the figure itself."""

import matplotlib.pyplot as plt
import numpy as np

CHARGES = [(-1.1, -0.7, +1.0), (1.1, -0.7, -1.0), (-0.6, 0.9, -0.6), (0.9, 0.8, +0.8)]

x, y = np.meshgrid(np.linspace(-2.4, 2.4, 240), np.linspace(-1.8, 1.8, 180))
potential = sum(charge / np.hypot(x - cx, y - cy) for cx, cy, charge in CHARGES)
field_y, field_x = np.gradient(-potential)

fig, ax = plt.subplots(figsize=(7, 5.2), layout="constrained")
levels = np.linspace(-3, 3, 25)
filled = ax.contourf(x, y, potential, levels, cmap="RdBu_r", extend="both")
ax.contour(x, y, potential, levels, colors="white", linewidths=0.4)
ax.streamplot(x, y, field_x, field_y, color="0.15", linewidth=0.6, density=1.1, arrowsize=0.8)
for cx, cy, charge in CHARGES:
    ax.plot(cx, cy, "o", color="#b2182b" if charge > 0 else "#2166ac", markersize=13, markeredgecolor="white")
    ax.text(
        cx, cy, "+" if charge > 0 else "\N{MINUS SIGN}", color="white", ha="center", va="center_baseline", weight="bold"
    )

fig.colorbar(filled, label="potential", ticks=np.arange(-3, 4))
ax.set(aspect="equal", xlim=(-2.4, 2.4), ylim=(-1.8, 1.8), xticks=[], yticks=[])
ax.set_title("Potential and field of four charges")

response = fig
filename = "field.png"
