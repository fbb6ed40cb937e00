"""Two waves that run towards each other, and what they add up to: a picture that moves."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation

FRAMES = 40

x = np.linspace(0, 4 * np.pi, 400)
figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(6.4, 4.2), layout="constrained")
(right,) = above.plot(x, np.sin(x), label="to the right")
(left,) = above.plot(x, np.sin(x), label="to the left")
(total,) = below.plot(x, 2 * np.sin(x), color="black")
above.legend(loc="upper right")
below.set(ylim=(-2.2, 2.2), xlim=(x[0], x[-1]), xlabel="place", ylabel="sum")


def advance(frame: int) -> None:
    """Move both by one step: the last one leads back to the first."""
    time = 2 * np.pi * frame / FRAMES
    right.set_ydata(np.sin(x - time))
    left.set_ydata(np.sin(x + time))
    total.set_ydata(right.get_ydata() + left.get_ydata())


filename = "wave.gif"
response = FuncAnimation(figure, advance, frames=FRAMES, interval=50)
