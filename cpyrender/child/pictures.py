"""What is a picture, and its bytes in a format: figures, animations, images and arrays."""

from __future__ import annotations

import io
from typing import Any

import numpy
from matplotlib.animation import Animation
from matplotlib.figure import Figure
from PIL import Image

from cpyrender.child.figures import encode_figure
from cpyrender.child.images import encode_image, image_of
from cpyrender.child.moving import FORMATS, encode_animation, encode_frames, keeps_frames
from cpyrender.formats import PICTURES
from cpyrender.values import Output, Wanted

_OF_PIXELS = {"png", "jpg", "webp", "tiff", "gif"}


def is_picture(value: object) -> bool:
    """Whether L{encode} knows what to do with it."""
    return isinstance(value, Figure | Animation | Image.Image | numpy.ndarray)


def usual_formats(value: object) -> tuple[str, ...]:
    """Return the formats that a picture can be had in, best first."""
    return FORMATS if isinstance(value, Animation) else tuple(PICTURES)


def encode(value: Any, kind: str, wanted: Wanted, name: str) -> Output:
    """Return the picture of a figure, an animation, an image or an array in the format C{kind}.

    @raise NoAnswer: it cannot be written in that format.
    """
    data = _encoded(value, kind, wanted)
    width, height = _pixels(data) if kind in _OF_PIXELS else (None, None)
    return Output(data=data, media_type=PICTURES[kind], name=name, width=width, height=height)


def _encoded(value: Any, kind: str, wanted: Wanted) -> bytes:
    if isinstance(value, Figure):
        return encode_figure(value, kind, wanted)
    if isinstance(value, Animation):
        return encode_animation(value, kind, wanted)
    if isinstance(value, Image.Image) and keeps_frames(value, kind):
        return encode_frames(value, kind, wanted)
    return encode_image(value if isinstance(value, Image.Image) else image_of(value), kind, wanted)


def _pixels(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size
