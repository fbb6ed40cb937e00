"""Map projections: the night side of the Earth at midsummer, and great circles between cities, on two maps."""

import matplotlib.pyplot as plt
import numpy as np

# Degrees east and north.
CITIES = {
    "Quito": (-78.5, -0.2),
    "Oslo": (10.8, 59.9),
    "Nairobi": (36.8, -1.3),
    "Tokyo": (139.7, 35.7),
    "Sydney": (151.2, -33.9),
    "Vancouver": (-123.1, 49.3),
}
ROUTES = [("Quito", "Oslo"), ("Oslo", "Tokyo"), ("Nairobi", "Sydney"), ("Vancouver", "Sydney"), ("Quito", "Nairobi")]
# Where the sun is overhead: noon at 20 degrees east, on the longest day.
SUN = np.radians((20, 23.44))


def on_sphere(lon, lat):
    """Return the unit vectors of places given in radians."""
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def great_circle(start, end, points=200):
    """Return longitudes and latitudes along the shortest way between two places."""
    a, b = on_sphere(*np.radians(start)), on_sphere(*np.radians(end))
    angle = np.arccos(a @ b)
    share = np.linspace(0, 1, points)[:, None]
    x, y, z = ((np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)).T
    return np.arctan2(y, x), np.arcsin(z)


lon, lat = np.meshgrid(np.linspace(-np.pi, np.pi, 361), np.linspace(-np.pi / 2, np.pi / 2, 181))
height_of_sun = np.degrees(np.arcsin(np.tensordot(on_sphere(*SUN), on_sphere(lon, lat), 1)))

fig = plt.figure(figsize=(8, 8.2), layout="constrained")
for place, (projection, name) in enumerate([("mollweide", "Mollweide"), ("hammer", "Hammer")], 1):
    ax = fig.add_subplot(2, 1, place, projection=projection)
    light = ax.contourf(lon, lat, height_of_sun, np.arange(-90, 91, 15), cmap="cividis")
    for start, end in ROUTES:
        east, north = great_circle(CITIES[start], CITIES[end])
        # A route that leaves the map on one side comes back on the other.
        east[np.append(np.abs(np.diff(east)) > np.pi, False)] = np.nan
        ax.plot(east, north, color="#ff6b5e", linewidth=1.8)
    for city, (east, north) in CITIES.items():
        ax.plot(*np.radians((east, north)), "o", color="white", markeredgecolor="black", markersize=6)
        side = {"xytext": (5, 6)} if east < 90 else {"xytext": (-5, 6), "ha": "right"}
        ax.annotate(city, np.radians((east, north)), textcoords="offset points", color="white", weight="bold", **side)
    ax.grid(color="white", alpha=0.25, linewidth=0.6)
    ax.tick_params(labelsize=7, colors="0.35")
    ax.set_title(name, loc="left", weight="bold")
fig.colorbar(light, ax=fig.axes, label="height of the sun, degrees", shrink=0.6, ticks=range(-90, 91, 30))
