"""A line chart: two weeks of tides. It ends as most scripts do, with a figure left open."""

import matplotlib.pyplot as plt
import numpy as np

# Height in metres and period in hours of the four strongest tides.
TIDES = {"M2": (1.30, 12.4206), "S2": (0.45, 12.0), "K1": (0.22, 23.9345), "O1": (0.16, 25.8193)}

hours = np.linspace(0, 15 * 24, 3000)
height = sum(metres * np.cos(2 * np.pi * hours / period) for metres, period in TIDES.values())
days = hours / 24

fig, ax = plt.subplots(figsize=(9, 4), layout="constrained")
ax.fill_between(days, height, -2.4, color="#9ecae1", alpha=0.5, linewidth=0)
ax.plot(days, height, color="#08519c", linewidth=1.2)
ax.axhline(0, color="black", linewidth=0.6)

spring = np.argmax(np.where(days > 7, height, 0))
ax.annotate(
    f"spring tide, {height[spring]:.1f} m",
    (days[spring], height[spring]),
    xytext=(10.2, 2.5),
    arrowprops={"arrowstyle": "-|>", "color": "0.3"},
)
ax.annotate("neap tide", (7.4, 0.95), xytext=(7.4, 1.9), ha="center", arrowprops={"arrowstyle": "-|>", "color": "0.3"})

ax.set(xlim=(0, 15), ylim=(-2.4, 3), xlabel="days after the new moon", ylabel="height above the mean, m")
ax.set_title("Two weeks of tides", loc="left", weight="bold")
ax.grid(axis="y", alpha=0.3)
ax.spines[["top", "right"]].set_visible(False)

plt.show()
