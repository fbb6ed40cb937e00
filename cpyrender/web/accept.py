"""Choosing by C{Accept} (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cpyrender.formats import PICTURES

# Commas and semicolons in it part nothing (RFC 9110, 5.6.4).
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_TOKEN = r"[-!#$%&'*+.^_`|~0-9a-z]+"
_RANGE = re.compile(rf"\s*({_TOKEN}/{_TOKEN})\s*(.*)", re.DOTALL)
_WEIGHT = re.compile(r";\s*q\s*=([^;]*)")
_QUALITY = re.compile(r"(0(\.\d*)?|1(\.0*)?)")

# What says a media type by another name. Whoever shows an animated PNG shows the others too.
_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",
    "image/tif": "image/tiff",
    "application/x-pdf": "application/pdf",
}


def _ranges(header: str) -> dict[str, float]:
    """Return the quality that each media range is given; what cannot be read counts for nothing.

    What we have is of no special kind. So a range with parameters (C{image/png;depth=8}) counts like the plain one,
    but only where that is not there.
    """
    plain: dict[str, float] = {}
    special: dict[str, float] = {}
    for member in _QUOTED.sub("", header.lower()).split(","):
        found = _RANGE.fullmatch(member)
        weight = _weight(found[2]) if found else None
        if found is None or weight is None:
            continue
        kept = special if found[2].lstrip("; ").partition("=")[0].strip() not in {"", "q"} else plain
        name = _ALIASES.get(found[1], found[1])
        kept[name] = max(weight, kept.get(name, 0.0))
    return special | plain


def _weight(parameters: str) -> float | None:
    """Return what C{q} says, 1 where there is none, C{None} where it makes no sense."""
    if parameters and not parameters.startswith(";"):
        return None
    found = _WEIGHT.search(parameters)
    if found is None:
        return 1.0
    return float(found[1]) if _QUALITY.fullmatch(found[1].strip()) else None


def quality(media_type: str, header: str | None) -> float:
    """Return how welcome a media type is, from 0 (not at all) to 1; without a header, everything is.

    @param header: all C{Accept} lines of a request, joined by commas.
    """
    if header is None or not header.strip():
        return 1.0
    return _quality(media_type, _ranges(header))


def _quality(media_type: str, ranges: dict[str, float]) -> float:
    for wanted in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if wanted in ranges:
            return ranges[wanted]
    return 0.0


def acceptable_formats(header: str | None) -> tuple[str, ...]:
    """Return the picture formats that are acceptable, the most welcome first.

    Among those that are equally welcome the order is ours. To a browser that goes to a page all are: it names
    C{text/html} first, and what it says of pictures is meant for those within a page.
    """
    if header is None or not header.strip():
        return tuple(PICTURES)
    ranges = _ranges(header)
    rated = {name: _quality(media_type, ranges) for name, media_type in PICTURES.items()}
    if ranges.get("text/html") == 1.0:
        return tuple(name for name in rated if rated[name] > 0)
    return tuple(sorted((name for name in rated if rated[name] > 0), key=lambda name: -rated[name]))


def names(header: str | None, media_types: Iterable[str]) -> bool:
    """Whether one of these is asked for by its own name, not by a wildcard."""
    if not header:
        return False
    ranges = _ranges(header)
    return any(ranges.get(media_type, 0.0) > 0 for media_type in media_types)
