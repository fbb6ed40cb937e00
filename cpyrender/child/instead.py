"""What a script that left something in C{response} which is no answer may have meant to leave there."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import PurePath
from types import ModuleType
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure


def of(response: Any) -> str:
    """Return what to write instead, as C{"; instead: response = axes.figure"}, or C{""}."""
    better = _better(response)
    return f"; instead: {better}" if better else ""


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
    return "response = list(response), if it is data" if isinstance(response, Iterable) else None
