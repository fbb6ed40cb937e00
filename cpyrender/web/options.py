"""Telling a request's options from its parameters, and checking them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NoReturn

from attrs import frozen

from cpyrender import formats
from cpyrender.values import Wanted
from cpyrender.web.problem import Problem

NAMES = frozenset({"format", "dpi", "width", "height", "figure", "timeout", "errors"})

ERRORS = ("text", "json", "image")
_DPI = (1.0, 2400.0)
_PIXELS = (1.0, 20000.0)
_FIGURE = (1.0, 100_000.0)
_TIMEOUT = (0.001, 86400.0)

#: The least and the most that each option may be which is a number.
BOUNDS = {"dpi": _DPI, "width": _PIXELS, "height": _PIXELS, "figure": _FIGURE, "timeout": _TIMEOUT}


@frozen(kw_only=True)
class Options:
    """What a request asks for beside its script.

    @ivar timeout: seconds; C{None}: as long as the server allows.
    @ivar errors: how errors are to be written; C{None}: by C{Accept}.
    """

    wanted: Wanted
    timeout: float | None
    errors: str | None


def read(given: Mapping[str, Sequence[str]], acceptable: tuple[str, ...]) -> Options:
    """Read the options.

    @param given: name to all values that were given for it; names that are no options are passed over.
    @param acceptable: the formats that C{Accept} lets through.
    @raise Problem: 400, a value is not what it should be.
    """
    one = {name: _only(name, values) for name, values in given.items() if name in NAMES}
    return Options(
        wanted=Wanted(
            format=_format(one.get("format")),
            acceptable=acceptable,
            dpi=_number("dpi", one, _DPI),
            width=_whole("width", one, _PIXELS),
            height=_whole("height", one, _PIXELS),
            figure=_whole("figure", one, _FIGURE) or 1,
        ),
        timeout=_number("timeout", one, _TIMEOUT),
        errors=_errors(one.get("errors")),
    )


def _refuse(detail: str) -> NoReturn:
    raise Problem(status=HTTPStatus.BAD_REQUEST, detail=detail)


def _only(name: str, values: Sequence[str]) -> str:
    if len(values) != 1:
        _refuse(f"{name} was given {len(values)} times")
    return values[0]


def _format(value: str | None) -> str | None:
    if value is None:
        return None
    found = formats.EVERYTHING if value.lower() == formats.EVERYTHING else formats.picture_format(value)
    if found is None:
        _refuse(f"format={value[:40]!r} is none of {', '.join((*formats.PICTURES, formats.EVERYTHING))}")
    return found


def _errors(value: str | None) -> str | None:
    if value is not None and value not in ERRORS:
        _refuse(f"errors={value[:40]!r} is none of {', '.join(ERRORS)}")
    return value


def _number(name: str, given: Mapping[str, str], bounds: tuple[float, float]) -> float | None:
    if name not in given:
        return None
    try:
        value = float(given[name])
    except ValueError:
        value = math.nan
    # Not a number is within no bounds.
    if not bounds[0] <= value <= bounds[1]:
        _refuse(f"{name}={given[name][:40]!r} is not a number from {bounds[0]:g} to {bounds[1]:g}")
    return value


def _whole(name: str, given: Mapping[str, str], bounds: tuple[float, float]) -> int | None:
    value = _number(name, given, bounds)
    if value is not None and value != int(value):
        _refuse(f"{name}={given[name][:40]!r} is not a whole number")
    return None if value is None else int(value)
