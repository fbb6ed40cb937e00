"""Pictures as whoever receives them sees them: opened again by a reader of their format."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pypdf
from PIL import Image

#: Formats of pixels, and what Pillow calls them.
RASTER = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tiff": "TIFF", "gif": "GIF"}

#: Formats of lines, and how a document in each begins.
VECTOR = {"svg": b"<?xml", "pdf": b"%PDF-", "eps": b"%!PS-Adobe-3.0 EPSF", "ps": b"%!PS-Adobe-3.0"}

_POINTS_PER_CSS_PIXEL = 0.75


def reopened(data: bytes) -> Image.Image:
    """Return a picture made of pixels."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def frames(data: bytes) -> list[Image.Image]:
    """Return the frames of a picture that moves, each as RGBA."""
    image = Image.open(io.BytesIO(data))
    found = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        found.append(image.convert("RGBA"))
    return found


def points(kind: str, data: bytes) -> tuple[float, float]:
    """Return the width and height of a document, in points of 1/72 inch."""
    if kind == "svg":
        width, height = css_pixels(data)
        return width * _POINTS_PER_CSS_PIXEL, height * _POINTS_PER_CSS_PIXEL
    if kind == "pdf":
        (page,) = pypdf.PdfReader(io.BytesIO(data)).pages
        return float(page.mediabox.width), float(page.mediabox.height)
    left, bottom, right, top = map(float, _comment(b"HiResBoundingBox", data))
    rough = [int(side) for side in _comment(b"BoundingBox", data)]
    if not (rough[0] <= left and rough[1] <= bottom and right <= rough[2] and top <= rough[3]):
        raise AssertionError(f"{rough} does not hold {(left, bottom, right, top)}")
    return right - left, top - bottom


def _comment(name: bytes, data: bytes) -> list[bytes]:
    (found,) = re.findall(rb"(?m)^%%" + name + rb": ([^\n]*)", data)
    return list(found.split())


def css_pixels(data: bytes) -> tuple[float, float]:
    """Return the width and height at which a browser shows an SVG document; CSS Values 3, 6.2."""
    root = ElementTree.fromstring(data)
    return _css(root.attrib["width"]), _css(root.attrib["height"])


def _css(length: str) -> float:
    return float(length[:-2]) * {"px": 1, "pt": 1 / _POINTS_PER_CSS_PIXEL}[length[-2:]]


def viewed(data: bytes) -> tuple[float, float]:
    """Return the width and height of what an SVG document shows, in its own units."""
    _, _, width, height = map(float, ElementTree.fromstring(data).attrib["viewBox"].split())
    return width, height
