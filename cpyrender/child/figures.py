"""Figures to the bytes of a picture, as C{savefig} writes them, at the wanted size."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy
from matplotlib import pyplot
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from cpyrender.child import images, png
from cpyrender.values import Wanted

# Bytes within which an SVG document's first tag ends.
_SVG_HEAD = 4096

# What matplotlib calls itself in a PNG.
_SOFTWARE = f"Matplotlib version{matplotlib.__version__}, https://matplotlib.org/"


def open_figures() -> list[Figure]:
    """Return pyplot's open figures in the order of their numbers."""
    return [pyplot.figure(number) for number in pyplot.get_fignums()]


def encode_figure(figure: Figure, kind: str, wanted: Wanted) -> bytes:
    """Return a figure as C{savefig} would write it, at the wanted size.

    Pixels are dots of a picture that is made of them, CSS pixels of an SVG document, and elsewhere as many parts of an
    inch as the resolution says.
    """
    if wanted.width is None and wanted.height is None:
        return _saved(figure, kind, wanted.dpi)
    dpi = resolution(figure, wanted)
    resize(figure, wanted)
    # So many pixels, even where the script has asked for its figures to be cropped.
    with matplotlib.rc_context({"savefig.bbox": None}):
        data = _saved(figure, kind, dpi)
    return _in_css_pixels(data, pixels(figure, dpi)) if kind == "svg" else data


def resolution(figure: Figure, wanted: Wanted) -> float:
    """Return how many dots per inch C{savefig} takes: what is wanted, else the script's setting, else the figure's."""
    if wanted.dpi is not None:
        return wanted.dpi
    setting = matplotlib.rcParams["savefig.dpi"]
    return float(figure.dpi if setting == "figure" else setting)


def pixels(figure: Figure, dpi: float) -> tuple[int, int]:
    """Return the width and height that a canvas gives the figure, which rounds down."""
    width, height = figure.get_size_inches()
    return int(width * dpi), int(height * dpi)


def resize(figure: Figure, wanted: Wanted) -> None:
    """Give the figure the wanted width and height in pixels; a side that is not given keeps the proportion."""
    dpi = resolution(figure, wanted)
    width, height = figure.get_size_inches()
    # The canvas rounds down to whole pixels: a hair more keeps 333 / 100 * 100 from becoming 332.
    hair = 1e-6
    wide = wanted.width or max(1, round((wanted.height or 1) * width / height))
    high = wanted.height or max(1, round(wide * height / width))
    figure.set_size_inches((wide + hair) / dpi, (high + hair) / dpi)


def _saved(figure: Figure, kind: str, dpi: float | None) -> bytes:
    # Without a word on it, savefig takes the script's own setting.
    settings: Mapping[str, Any] = {} if dpi is None else {"dpi": dpi}
    images.check_size(pixels(figure, figure.dpi if dpi is None else dpi), kind)
    if kind == "png" and _drawn_by_agg(figure):
        return _png(figure, settings)
    file = io.BytesIO()
    if kind in FigureCanvasBase.get_supported_filetypes():
        figure.savefig(file, format=kind, **settings)
        return file.getvalue()
    figure.savefig(file, format="png", **settings)
    return images.encode_image(Image.open(file), kind, Wanted())


def _drawn_by_agg(figure: Figure) -> bool:
    """Whether it is certain how C{savefig} makes a PNG of a figure: the script has put nothing of its own there."""
    return type(figure).savefig is Figure.savefig and type(figure.canvas) in {FigureCanvasBase, FigureCanvasAgg}


def _png(figure: Figure, settings: Mapping[str, Any]) -> bytes:
    """Return the PNG that C{savefig} makes, to the pixel, but written faster."""
    drawn = _Drawn(figure)
    figure.savefig(drawn, format="rgba", **settings)
    return png.encode(drawn.pixels, drawn.dpi, {"Software": _SOFTWARE})


class _Drawn(io.BytesIO):
    """A file that takes what the canvas has drawn, with its shape; a buffer of bare bytes has none."""

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        self._figure = figure

    def write(self, buffer: Any) -> int:
        """Keep the pixels of a canvas, which may have been cropped, and the resolution it has while it is saved."""
        self.pixels = numpy.asarray(buffer)
        self.dpi = float(self._figure.dpi)
        return self.pixels.nbytes


def _in_css_pixels(document: bytes, size: tuple[int, int]) -> bytes:
    """Return an SVG document that says its size in pixels; its drawing, whose own units stay, is scaled to it."""
    head, rest = document[:_SVG_HEAD], document[_SVG_HEAD:]
    for side, length in zip((b"width", b"height"), size, strict=True):
        head = re.sub(rb'(<svg\b[^>]*?\s%s=")[^"]*' % side, rb"\g<1>%dpx" % length, head, count=1)
    return head + rest
