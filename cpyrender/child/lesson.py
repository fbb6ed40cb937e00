"""Lessons: typical scripts of our own, run in a child while the server watches which pages of memory they write to.

See L{cpyrender.child.pupil}.
"""

from __future__ import annotations

# A figure without pyplot, its pixels, and Pillow, as in 2005.
_THROUGH_PILLOW = b"""
import io
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
figure = Figure()
canvas = FigureCanvasAgg(figure)
axes = figure.add_subplot(111)
axes.plot([1, 2, 4, 7, 9], [23, 45, 67, 99, 112], label="line")
axes.set_title("a title")
axes.set_xlabel("one axis")
axes.set_ylabel("another axis")
axes.grid(True)
canvas.draw()
image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
picture = io.BytesIO()
image.save(picture, format="JPEG")
response = picture.getvalue()
filename = "picture.jpg"
"""

_OPEN_FIGURE = b"""
from matplotlib import pyplot as plt
plt.plot([1, 2, 4, 7, 9], [23, 45, 67, 99, 112])
plt.title("a title")
plt.xlabel("one axis")
"""

_FOUR_KINDS = b"""
import numpy as np
from matplotlib import pyplot as plt
figure, axes = plt.subplots(2, 2, figsize=(8, 6))
numbers = np.linspace(0, 10, 40)
axes[0, 0].bar(["a", "b", "c"], [3, 1, 2], color="tab:orange", label="bars")
axes[0, 0].legend()
axes[0, 1].scatter(numbers, np.sin(numbers), c=numbers, s=20, cmap="viridis")
axes[0, 1].annotate("here", (5, 0), (7, 0.5), arrowprops={"arrowstyle": "->"})
axes[1, 0].hist(numbers % 3, bins=10, alpha=0.5)
axes[1, 0].set_ylabel("count")
axes[1, 0].fill_between([0, 1, 2], [1, 2, 1])
figure.colorbar(axes[1, 1].imshow(np.outer(numbers, numbers)), ax=axes[1, 1])
figure.suptitle("four kinds")
figure.tight_layout()
"""

#: The scripts. Pages that all of them write to, most others write to.
LESSONS = (_THROUGH_PILLOW, _OPEN_FIGURE)

#: What it writes to, each script writes to.
EMPTY = b"response = b''"

#: Those that a new template gives, by their numbers: what the last uses, a lean spare has ready.
GIVEN = (*LESSONS, EMPTY)

#: What else is drawn often.
MORE_LESSONS = (_FOUR_KINDS,)
