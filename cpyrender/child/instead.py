"""What a script that left no answer in C{response}, or nothing, may have meant to leave there."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
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


def of(response: Any, namespace: Mapping[str, Any]) -> str:
    """Return what to write instead, as C{"; instead: response = axes.figure"}, or C{""}."""
    if response is None and not pyplot.get_fignums():
        # As where a method has changed the picture itself, and returned nothing.
        return of_nothing(namespace)
    better = _better(response)
    return f"; instead: {better}" if better else ""


def of_nothing(namespace: Mapping[str, Any]) -> str:
    """Return what to write where there is neither a response nor an open figure, for what there is besides.

    That is a picture that the script saved in its folder, or else one that it has under a name.
    """
    saved = _saved(namespace.get("files"))
    if saved is not None:
        return f"; instead: filename = {saved!r}; response = open(filename, 'rb').read()"
    pictures = [name for name, value in namespace.items() if issubclass(type(value), Figure | Image.Image | Animation)]
    return f"; instead: response = {pictures[-1]}" if pictures else ""


def _saved(posted: Any) -> str | None:
    """Return the name of the newest picture in the working folder that did not come with the request."""
    known = posted if isinstance(posted, dict) else {}
    try:
        with os.scandir() as folder:
            found = [entry for entry in islice(folder, _MOST) if entry.name not in known and _is_picture(entry)]
        newest = max(found, key=lambda entry: entry.stat().st_mtime_ns, default=None)
    except OSError:
        return None
    return None if newest is None else newest.name


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
