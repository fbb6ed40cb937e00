"""What a script that left no answer in C{response}, or nothing, may have meant to leave there."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import PurePath
from types import ModuleType
from typing import Any

from matplotlib import pyplot
from matplotlib.animation import Animation
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from PIL import Image

from cpyrender import formats

_MOST = 1000

# How PNG, JPEG, GIF, PDF and SVG begin, the last one after what XML may have before its first tag.
_BEGINNING = re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|%PDF-|(<\?xml.{,1000}?)?<svg\b", re.DOTALL)
_LONGEST_BEGINNING = 2048


def of(response: Any, namespace: Mapping[str, Any]) -> str:
    """Return what to write instead, as C{"; instead: response = axes.figure"}, or C{""}."""
    if response is None and not pyplot.get_fignums():
        # As where a method has changed the picture itself, and returned nothing.
        return of_nothing(namespace)
    better = _better(response)
    return f"; instead: {better}" if better else ""


def of_nothing(namespace: Mapping[str, Any]) -> str:
    """Return what to write where there is neither a response nor an open figure, for what there is besides.

    That is a picture that the script saved in its folder, or one below, or else one that it has under a name.
    """
    saved = _saved(namespace.get("files"))
    if saved is not None:
        return f"; instead: filename = {saved!r}; response = open(filename, 'rb').read()"
    pictures = [f"{name}{how}" for name, value in namespace.items() if (how := _picture(value)) is not None]
    return f"; instead: response = {pictures[-1]}" if pictures else ""


def _picture(value: Any) -> str | None:
    """Return what to write behind the name of a picture to answer with it; C{None} if it is none."""
    if issubclass(type(value), Figure | Image.Image | Animation):
        return ""
    if type(value) is bytes:
        return "" if _begins_as_picture(value) else None
    if type(value) is io.BytesIO and not value.closed and _begins_as_picture(value.getbuffer()):
        return ".getvalue()"
    return None


def _begins_as_picture(data: bytes | memoryview) -> bool:
    return _BEGINNING.match(bytes(data[:_LONGEST_BEGINNING])) is not None


def _saved(posted: Any) -> str | None:
    """Return the newest picture in the working folder, or one of its folders, that did not come with the request."""
    known = posted if isinstance(posted, dict) else {}
    try:
        here = list(_entries("."))
        below = (entry for folder in here if folder.is_dir(follow_symlinks=False) for entry in _entries(folder.path))
        found = [*(entry for entry in here if entry.name not in known), *islice(below, _MOST)]
        newest = max(filter(_is_picture, found), key=lambda entry: entry.stat().st_mtime_ns, default=None)
    except OSError:
        return None
    return None if newest is None else newest.path.removeprefix("./")


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    # One that cannot be read has nothing to show, and keeps nothing else from being shown.
    with suppress(OSError), os.scandir(folder) as entries:
        yield from islice(entries, _MOST)


def _is_picture(entry: os.DirEntry[str]) -> bool:
    return formats.picture_format(formats.extension(entry.name)) is not None and entry.is_file(follow_symlinks=False)


def _better(response: Any) -> str | None:
    if response is None:
        return "leave response out, and the open figures are the answer"
    if isinstance(response, Axes | SubFigure | Artist):
        return "response = response.figure, which is the figure it is drawn in"
    if isinstance(response, io.BytesIO | io.StringIO):
        return "response = response.getvalue()"
    if isinstance(response, io.IOBase):
        return "response = response.read()"
    if isinstance(response, PurePath):
        return "response = response.read_bytes()"
    if isinstance(response, ModuleType):
        return "response = matplotlib.pyplot.gcf()"
    return _of_many(response)


def _of_many(response: Any) -> str | None:
    if isinstance(response, tuple) and any(isinstance(one, Artist) for one in response):
        return "response = response[0], if that is the figure"
    if isinstance(response, tuple | set | frozenset | range):
        return "response = list(response), which is an answer as JSON"
    if callable(response) and not isinstance(response, type):
        return "response = what it returns"
    if callable(getattr(type(response), "to_csv", None)):
        return "response = response.to_csv()"
    return "response = list(response), if it is data" if isinstance(response, Iterable) else None
