"""Data that a script leaves, as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy

from cpyrender.child.answer import NO_RESPONSE, NoAnswer


def is_number(value: object) -> bool:
    """Whether a value is a number or a truth value of numpy's."""
    return isinstance(value, numpy.number | numpy.bool_)


def as_json(value: Any) -> bytes:
    """Return data as JSON; numpy's numbers and arrays within it are what C{tolist} makes of them.

    @raise NoAnswer: JSON has no words for it.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NoAnswer(f"{NO_RESPONSE}: {type(value).__name__} cannot be written as JSON: {_why(error)}") from None


def _plain(value: object) -> object:
    if isinstance(value, numpy.floating):
        return float(value)
    if isinstance(value, numpy.generic | numpy.ndarray):
        return value.tolist()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _why(error: Exception) -> str:
    if str(error).startswith("Out of range float values"):
        return f"{error}: it has no words for nan and inf, only null (None)"
    return str(error)
