"""A few words of the server's own, as a picture that it draws itself: where no interpreter can be had for that.

Never a script's words: those are drawn where scripts run (C{placard.py}).
"""

from __future__ import annotations

import io
from functools import lru_cache
from xml.sax.saxutils import escape

from cpyrender.child.placard import HEIGHTS, WIDTHS, wrapped
from cpyrender.formats import PICTURES, PILLOW_NAMES
from cpyrender.values import Output

_WIDTH = 640
_MARGIN = 16
_LINE = 20
_SIZE = 14
# Pixels that a letter takes on average, and hardly a word takes more.
_LETTER = 8
_COLOURS = {"paper": "#fff8f8", "heading": "#a00020", "text": "#202020"}


@lru_cache(maxsize=64)
def notice(heading: str, text: str, kind: str, width: int | None = None, height: int | None = None) -> Output:
    """Return a picture with these words in it.

    @param heading: the first line.
    @param text: further lines.
    @param kind: a key of L{PICTURES}.
    @param width: in pixels; C{None}: 640. It is brought within L{WIDTHS}.
    @param height: in pixels; C{None}: as the words need. It is brought within L{HEIGHTS}.
    """
    wide = min(max(width or _WIDTH, WIDTHS[0]), WIDTHS[1])
    columns = (wide - 2 * _MARGIN) // _LETTER
    heads, lines = wrapped(heading, columns), wrapped(text, columns)
    fitting = 2 * _MARGIN + _LINE * (len(heads) + len(lines))
    high = min(max(height or fitting, HEIGHTS[0]), HEIGHTS[1])
    draw = _as_svg if kind == "svg" else _as_pixels
    data = draw(heads, lines, (wide, high), kind)
    size = (None, None) if kind in {"svg", "pdf", "eps", "ps"} else (wide, high)
    return Output(data=data, media_type=PICTURES[kind], width=size[0], height=size[1])


def _placed(heads: list[str], lines: list[str]) -> list[tuple[int, str, str]]:
    """Return each line with its place from above and its colour."""
    coloured = [(line, _COLOURS["heading"]) for line in heads] + [(line, _COLOURS["text"]) for line in lines]
    return [(_MARGIN + number * _LINE, colour, line) for number, (line, colour) in enumerate(coloured)]


def _as_svg(heads: list[str], lines: list[str], size: tuple[int, int], kind: str) -> bytes:
    words = "".join(
        f'<text x="{_MARGIN}" y="{top + _SIZE}" fill="{colour}">{escape(line)}</text>'
        for top, colour, line in _placed(heads, lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" font-size="{_SIZE}" '
        f'font-family="sans-serif"><rect width="100%" height="100%" fill="{_COLOURS["paper"]}"/>{words}</svg>'
    ).encode()


def _as_pixels(heads: list[str], lines: list[str], size: tuple[int, int], kind: str) -> bytes:
    # Of no use to a server that is never asked for this.
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", size, _COLOURS["paper"])
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_SIZE)
    for top, colour, line in _placed(heads, lines):
        draw.text((_MARGIN, top), line, colour, font)
    file = io.BytesIO()
    image.save(file, format=PILLOW_NAMES.get(kind, kind.upper()))
    return file.getvalue()
