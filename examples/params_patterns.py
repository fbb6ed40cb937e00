"""Parameters and progress: spots and stripes that two reacting substances make (the model of Gray and Scott).

On the server, ?feed=0.03&kill=0.06&steps=4000 are the script's params, all of them str.
"""

import matplotlib.pyplot as plt
import numpy as np

from cpyrender import progress

params = globals().get("params", {})
feed = float(params.get("feed", 0.037))
kill = float(params.get("kill", 0.060))
steps = int(params.get("steps", 3000))

SIDE = 112


def neighbours(field: np.ndarray) -> np.ndarray:
    """Return how much more of it there is around each cell than in it."""
    rows = np.roll(field, 1, 0) + np.roll(field, -1, 0)
    return rows + np.roll(field, 1, 1) + np.roll(field, -1, 1) - 4 * field


rng = np.random.default_rng(11)
u = np.ones((SIDE, SIDE), np.float32)
v = np.zeros_like(u)
for row, column in rng.integers(8, SIDE - 8, (14, 2)):
    v[row - 3 : row + 3, column - 3 : column + 3] = 0.5
    u[row - 3 : row + 3, column - 3 : column + 3] = 0.5
for step in range(steps):
    if step % 500 == 0:
        progress(step / steps, f"step {step} of {steps}")
    eaten = u * v * v
    u += 0.2 * neighbours(u) - eaten + np.float32(feed) * (1 - u)
    v += 0.1 * neighbours(v) + eaten - np.float32(feed + kill) * v
progress(1, "drawing")

fig, ax = plt.subplots(figsize=(6, 6.3), layout="constrained")
ax.imshow(v, cmap="magma", interpolation="bicubic")
ax.set_axis_off()
ax.set_title(f"feed {feed:g}, kill {kill:g}, {steps} steps")
