"""Figures, images and arrays to the bytes of a picture."""

from __future__ import annotations

import io
from typing import Any

import matplotlib
import numpy
from matplotlib import pyplot
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from cpyrender.child.answer import NoAnswer
from cpyrender.formats import PICTURES
from cpyrender.values import Output, Wanted

# Formats that hold no alpha channel in Pillow's writers.
_OPAQUE = {"jpg", "eps", "ps", "pdf"}
_OF_PIXELS = {"png", "jpg", "webp", "tiff", "gif"}
_PILLOW_NAMES = {"jpg": "JPEG", "ps": "EPS"}


def is_picture(value: object) -> bool:
    """Whether L{encode} knows what to do with it."""
    return isinstance(value, Figure | Image.Image | numpy.ndarray)


def open_figures() -> list[Figure]:
    """Return pyplot's open figures in the order of their numbers."""
    return [pyplot.figure(number) for number in pyplot.get_fignums()]


def encode(value: Any, kind: str, wanted: Wanted, name: str) -> Output:
    """Return the picture of a figure, an image or an array in the format C{kind}.

    @raise NoAnswer: it cannot be written in that format.
    """
    if isinstance(value, Figure):
        data = encode_figure(value, kind, wanted)
    else:
        image = value if isinstance(value, Image.Image) else image_of(value)
        data = _encode_image(image, kind, wanted)
    width, height = _pixels(data) if kind in _OF_PIXELS else (None, None)
    return Output(data=data, media_type=PICTURES[kind], name=name, width=width, height=height)


def _pixels(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def encode_figure(figure: Figure, kind: str, wanted: Wanted) -> bytes:
    """Return a figure as C{savefig} would write it, at the wanted size."""
    if wanted.width is not None or wanted.height is not None:
        _resize(figure, wanted)
        # So many pixels, even where the script has asked for its figures to be cropped.
        with matplotlib.rc_context({"savefig.bbox": None}):
            return _saved(figure, kind, wanted.dpi)
    return _saved(figure, kind, wanted.dpi)


def _saved(figure: Figure, kind: str, wanted_dpi: float | None) -> bytes:
    dpi = wanted_dpi if wanted_dpi is not None else "figure"
    if kind not in figure.canvas.get_supported_filetypes():
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=dpi)
        return _encode_image(Image.open(png), kind, Wanted())
    file = io.BytesIO()
    figure.savefig(file, format=kind, dpi=dpi)
    return file.getvalue()


def _resize(figure: Figure, wanted: Wanted) -> None:
    """Give the figure the wanted width and height in pixels; a side that is not given keeps the proportion."""
    dpi = wanted.dpi if wanted.dpi is not None else figure.dpi
    width, height = figure.get_size_inches()
    # The canvas rounds down to whole pixels: a hair more keeps 333 / 100 * 100 from becoming 332.
    hair = 1e-6
    wide = None if wanted.width is None else (wanted.width + hair) / dpi
    high = None if wanted.height is None else (wanted.height + hair) / dpi
    least = (1 + hair) / dpi
    figure.set_size_inches(
        wide if wide is not None else max(least, (high or height) * width / height),
        high if high is not None else max(least, (wide or width) * height / width),
    )


def _encode_image(image: Image.Image, kind: str, wanted: Wanted) -> bytes:
    image = _resized(image, wanted)
    if kind in _OPAQUE:
        image = _flattened(image)
    file = io.BytesIO()
    try:
        image.save(file, format=_PILLOW_NAMES.get(kind, kind.upper()))
    except (KeyError, OSError, ValueError) as error:
        raise NoAnswer(f"an image of mode {image.mode} cannot be written as {kind}: {error}") from None
    return file.getvalue()


def _resized(image: Image.Image, wanted: Wanted) -> Image.Image:
    if wanted.width is None and wanted.height is None:
        return image
    width, height = image.size
    size = (
        wanted.width or max(1, round(width * (wanted.height or height) / height)),
        wanted.height or max(1, round(height * (wanted.width or width) / width)),
    )
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _flattened(image: Image.Image) -> Image.Image:
    """Return the image on white, without an alpha channel, in a mode that every writer takes."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def image_of(array: NDArray[Any]) -> Image.Image:
    """Return the image of an array of shape (height, width), (height, width, 1), (…, 3) or (…, 4).

    @param array: uint8, bool, or floats from 0 to 1.
    @raise NoAnswer: its shape or values are not those of a picture.
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in {3, 4})) or 0 in array.shape:
        raise NoAnswer(f"an array of shape {array.shape} is not a picture: (height, width), or with 3 or 4 channels")
    return Image.fromarray(numpy.ascontiguousarray(_as_bytes(array)))


def _as_bytes(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype == numpy.uint8:
        return array
    if array.dtype == numpy.bool_:
        return array.astype(numpy.uint8) * 255
    if not numpy.issubdtype(array.dtype, numpy.floating):
        raise NoAnswer(f"an array of {array.dtype} is not a picture: uint8, bool, or floats from 0 to 1")
    least, most = float(array.min()), float(array.max())
    if not (least >= -1e-6 and most <= 1 + 1e-6):
        raise NoAnswer(
            f"an array of floats is a picture where all are within 0 and 1; these go from {least:g} to {most:g}"
        )
    scaled: NDArray[Any] = numpy.rint(numpy.clip(array, 0, 1) * 255).astype(numpy.uint8)
    return scaled
