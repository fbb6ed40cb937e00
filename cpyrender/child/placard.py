"""A notice in plain words, as a figure: what a page shows where a picture could not be made."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 100
_POINTS = 10.0
_MARGIN = 16
# Of DejaVu Sans Mono, in pixels at this size.
_CHAR = 0.602 * _POINTS * _DPI / 72
_LINE = 17

#: Pixels of either side: less has no room for a word, and more is no notice.
WIDTHS = (160, 4096)
HEIGHTS = (64, 4096)
_WIDTH = 640
_TALLEST = 1024


def placard(heading: str, text: str, width: int | None = None, height: int | None = None) -> Figure:
    """Return a figure with these words in it, each character as it is.

    @param width: in pixels; C{None}: 640. It is brought within L{WIDTHS}.
    @param height: in pixels; C{None}: as the words need, up to 1024. It is brought within L{HEIGHTS}.
    """
    # Heavy, and long since imported by the template.
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcdefaults()
    wide = _WIDTH if width is None else _within(width, WIDTHS)
    lines = wrapped(text, int((wide - 2 * _MARGIN) / _CHAR))
    head = wrapped(heading, int((wide - 2 * _MARGIN) / _CHAR))
    fitting = min(_TALLEST, 2 * _MARGIN + _LINE * (len(head) + 1 + len(lines)))
    high = _within(fitting if height is None else height, HEIGHTS)
    # A hair more keeps the canvas, which rounds down, from losing a pixel.
    figure = Figure(figsize=((wide + 1e-6) / _DPI, (high + 1e-6) / _DPI), dpi=_DPI, facecolor="#fff8f8")
    _write(figure, cut([*head, "", *lines], (high - 2 * _MARGIN) // _LINE), len(head))
    return figure


def _within(value: int, bounds: tuple[int, int]) -> int:
    return min(max(value, bounds[0]), bounds[1])


def _write(figure: Figure, lines: list[str], heads: int) -> None:
    width, height = figure.get_size_inches() * _DPI
    for number, line in enumerate(lines):
        figure.text(
            _MARGIN / width,
            1 - (_MARGIN + number * _LINE) / height,
            line,
            verticalalignment="top",
            family="DejaVu Sans Mono",
            fontsize=_POINTS,
            fontweight="bold" if number < heads else "normal",
            color="#a00020" if number < heads else "#202020",
            # A dollar sign is no formula.
            parse_math=False,
        )


def wrapped(text: str, columns: int) -> list[str]:
    """Return a text's lines, none longer than so many characters, and none with a character that cannot be seen."""
    lines: list[str] = []
    for line in text.rstrip().split("\n"):
        lines += textwrap.wrap(
            _visible(line.expandtabs(4)), columns, drop_whitespace=False, replace_whitespace=False
        ) or [""]
    return lines


def _visible(line: str) -> str:
    """Return a line with its control characters, and those that turn the direction of writing round, as escapes."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char)[0] == "C" else char for char in line
    )


def cut(lines: list[str], most: int) -> list[str]:
    """Return so many of these lines; an ellipsis stands for the others."""
    return lines if len(lines) <= most else [*lines[: max(0, most - 1)], "\N{HORIZONTAL ELLIPSIS}"]
