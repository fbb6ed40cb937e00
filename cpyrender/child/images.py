"""Pillow's images, and arrays of numbers, to the bytes of a picture."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image

from cpyrender.child.answer import NoAnswer
from cpyrender.formats import PILLOW_NAMES
from cpyrender.values import Wanted

# The modes of an image that a format keeps as they are; all others are converted to RGB or RGBA.
_KEPT = {
    "png": ("1", "L", "LA", "P", "I;16", "RGB", "RGBA"),
    "webp": ("RGB", "RGBA"),
    "tiff": ("1", "L", "LA", "P", "I", "I;16", "F", "CMYK", "YCbCr", "LAB", "RGB", "RGBA"),
    "gif": ("1", "L", "P", "RGB", "RGBA"),
    "jpg": ("L", "CMYK", "RGB"),
    "pdf": ("1", "L", "P", "CMYK", "RGB"),
    "eps": ("L", "CMYK", "RGB"),
    "ps": ("L", "CMYK", "RGB"),
}

# Grey in numbers that are larger than a byte, which nothing but a file of numbers can hold.
_DEEP = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
_OPAQUE = ("jpg", "pdf", "eps", "ps")
_LONGEST_SIDE = {"webp": 16383, "jpg": 65535, "gif": 65535}
_POINTS_PER_INCH = 72

#: What is said of an image that has not been read from its file, and cannot be any more.
CLOSED = "the file of the image is closed, and not all of it has been read; in the with block: response = im.copy()"


def encode_image(image: Image.Image, kind: str, wanted: Wanted) -> bytes:
    """Return an image in the format C{kind}, at the wanted size.

    @raise NoAnswer: it cannot be written in that format.
    """
    try:
        # Where a file is read at once, or has been, nothing of it is left to decode.
        if getattr(image, "tile", None) and is_closed(image):
            raise NoAnswer(CLOSED)
        if 0 in image.size:
            raise ValueError("it has no pixels")
        if kind == "svg":
            return _svg(image, wanted)
        image = in_mode_for(resized(image, wanted), kind)
        check_size(image.size, kind)
        file = io.BytesIO()
        image.save(file, format=PILLOW_NAMES.get(kind, kind.upper()), **_resolution(kind, wanted.dpi))
    except (KeyError, OSError, SyntaxError, ValueError) as error:
        raise NoAnswer(f"an image of mode {image.mode} cannot be written as {kind}: {error}") from None
    return _page(file.getvalue(), wanted.dpi) if kind in {"eps", "ps"} else file.getvalue()


def is_closed(image: Image.Image) -> bool:
    """Whether an image has no open file: it was closed, or never had one."""
    file = getattr(image, "fp", None)
    return file is None or bool(getattr(file, "closed", False))


def check_size(size: tuple[int, int], kind: str) -> None:
    """Check that a format has room for so many pixels.

    @raise NoAnswer: it has not.
    """
    longest = _LONGEST_SIDE.get(kind, max(size))
    if max(size) > longest:
        raise NoAnswer(
            f"a picture of {size[0]} x {size[1]} pixels is too large for {kind}, which has at most {longest}"
        )


def _resolution(kind: str, dpi: float | None) -> dict[str, Any]:
    if dpi is None:
        return {}
    return {"resolution": dpi} if kind == "pdf" else {"dpi": (dpi, dpi)}


def _page(document: bytes, dpi: float | None) -> bytes:
    """Return a PostScript document of Pillow's as a page that can also be printed, at a resolution."""
    head, box, rest = document.partition(b"%%BoundingBox: 0 0 ")
    size, end, rest = rest.partition(b"\n")
    scale = 1.0 if dpi is None else _POINTS_PER_INCH / dpi
    width, height = (int(side) * scale for side in size.split())
    exact = b"\n%%%%HiResBoundingBox: 0 0 %.6f %.6f" % (width, height)
    rest = rest.replace(b"gsave\n", b"gsave\n%.9f %.9f scale\n" % (scale, scale), 1)
    return head + box + b"%d %d" % (-(-width // 1), -(-height // 1)) + exact + end + rest + b"showpage\n%%EOF\n"


def _svg(image: Image.Image, wanted: Wanted) -> bytes:
    """Return an SVG document that shows an image, each pixel as one CSS pixel."""
    png = b64encode(encode_image(image, "png", wanted))
    width, height = resized(image, wanted).size
    return (
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        b'width="%(width)dpx" height="%(height)dpx" viewBox="0 0 %(width)d %(height)d" version="1.1">\n'
        b'<image width="%(width)d" height="%(height)d" xlink:href="data:image/png;base64,%(png)s"/>\n</svg>\n'
    ) % {b"width": width, b"height": height, b"png": png}


def resized(image: Image.Image, wanted: Wanted) -> Image.Image:
    """Return an image of the wanted width and height in pixels; a side that is not given keeps the proportion."""
    if wanted.width is None and wanted.height is None:
        return image
    width, height = image.size
    size = (
        wanted.width or max(1, round(width * (wanted.height or height) / height)),
        wanted.height or max(1, round(height * (wanted.width or width) / width)),
    )
    return image if size == image.size else _smoothly(image).resize(size, Image.Resampling.LANCZOS)


def _smoothly(image: Image.Image) -> Image.Image:
    """Return the image in a mode whose pixels can be mixed: those of a palette, or of black and white, cannot."""
    if image.mode in {"P", "PA"}:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.convert("L") if image.mode == "1" else image


def in_mode_for(image: Image.Image, kind: str) -> Image.Image:
    """Return an image in a mode that a format can hold, on white where the format knows no transparency.

    @raise NoAnswer: it holds numbers that would be cut off.
    """
    if kind in _OPAQUE and image.has_transparency_data:
        return _on_white(image)
    if image.mode in _KEPT[kind]:
        return image
    if image.mode == "I" and kind == "png" and 255 < image.getextrema()[1] < 1 << 16:  # type: ignore[operator]
        return image.convert("I;16")
    if image.mode in _DEEP:
        return _shallow(image, kind)
    if image.mode == "LAB":
        return _of_lab(image)
    return image.convert("RGBA" if image.has_transparency_data and kind not in _OPAQUE else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _shallow(image: Image.Image, kind: str) -> Image.Image:
    """Return grey in bytes for grey in larger numbers, if they are within bytes."""
    least, most = image.getextrema()
    if not (least >= 0 and most <= 255):  # type: ignore[operator]  # of one band it is a pair of numbers
        raise NoAnswer(
            f"an image of mode {image.mode} is written as {kind} only where its numbers are within 0 and 255; "
            f"these go from {least:g} to {most:g}"
        )
    return image.convert("L") if image.mode in {"I", "F"} else image.convert("I").convert("L")


def _of_lab(image: Image.Image) -> Image.Image:
    # Pillow's own conversions know nothing of this mode. Rarely needed, so not imported before.
    from PIL import ImageCms

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None  # only with inPlace=True
    return converted


def image_of(array: NDArray[Any]) -> Image.Image:
    """Return the image of an array of shape (height, width), or (height, width, channels) with 1 to 4 channels.

    One channel is grey, two are grey and alpha, three red, green and blue, four these and alpha.

    @param array: uint8, bool, or floats from 0 to 1.
    @raise NoAnswer: its shape or values are not those of a picture.
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in {2, 3, 4})) or 0 in array.shape:
        raise NoAnswer(
            f"an array of shape {array.shape} is not a picture: (height, width), or with 1 to 4 channels. "
            "As data: response = array.tolist()"
        )
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
