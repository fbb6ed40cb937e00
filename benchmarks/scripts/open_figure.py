"""A chart that is left open: the server makes the PNG."""

import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 10, 300)
fig, ax = plt.subplots()
for power in (1, 2, 3):
    ax.plot(x, np.sin(x) ** power, label=f"$\\sin^{power} x$")
ax.set(title="Powers of a sine", xlabel="radians", ylabel="height")
ax.legend()
