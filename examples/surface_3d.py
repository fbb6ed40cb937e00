"""A 3-D surface with its contours below it. The figure is left open; the camera can be moved by ?azimuth=60."""

import matplotlib.pyplot as plt
import numpy as np

# East, north, height and width of each.
HILLS = [(-1.1, 1.2, 6.5, 0.9), (1.3, 0.9, 4.0, 1.4), (0.9, -1.6, 2.6, 0.8), (-0.8, -1.1, -5.0, 1.2)]

# On the server, params holds the query's fields; with plain `python surface_3d.py` there is no such name.
azimuth = float(globals().get("params", {}).get("azimuth", -58))

x, y = np.meshgrid(np.linspace(-3, 3, 121), np.linspace(-3, 3, 121))
z = sum(height * np.exp(-((x - hx) ** 2 + (y - hy) ** 2) / width) for hx, hy, height, width in HILLS)

fig, ax = plt.subplots(figsize=(7.2, 5.6), subplot_kw={"projection": "3d"}, layout="constrained")
surface = ax.plot_surface(x, y, z, cmap="viridis", rcount=90, ccount=90, linewidth=0, antialiased=True)
ax.contour(x, y, z, 14, zdir="z", offset=-10, cmap="viridis", linewidths=0.9)
ax.set(zlim=(-10, 7), xlabel="east", ylabel="north", zlabel="height")
ax.view_init(elev=26, azim=azimuth)
ax.set_title("Three hills and a hollow")
fig.colorbar(surface, shrink=0.55, pad=0.1)
