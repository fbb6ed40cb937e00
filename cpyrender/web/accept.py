"""Choosing by C{Accept} (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Iterable

from cpyrender.formats import PICTURES


def _ranges(header: str) -> dict[str, float]:
    """Return the quality that each media range is given; what cannot be read counts for nothing."""
    found: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        weights = [word[2:] for word in parameters if word.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            continue
        if 0.0 <= weight <= 1.0:
            found[name] = weight
    return found


def quality(media_type: str, header: str | None) -> float:
    """Return how welcome a media type is, from 0 (not at all) to 1; without a header, everything is.

    @param header: all C{Accept} lines of a request, joined by commas.
    """
    if header is None or not header.strip():
        return 1.0
    ranges = _ranges(header)
    for wanted in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if wanted in ranges:
            return ranges[wanted]
    return 0.0


def acceptable_formats(header: str | None) -> tuple[str, ...]:
    """Return the picture formats that are acceptable, the most welcome first."""
    rated = {name: quality(media_type, header) for name, media_type in PICTURES.items()}
    return tuple(sorted((name for name in rated if rated[name] > 0), key=lambda name: -rated[name]))


def names(header: str | None, media_types: Iterable[str]) -> bool:
    """Whether one of these is asked for by its own name, not by a wildcard."""
    ranges = _ranges(header or "")
    return any(ranges.get(media_type, 0.0) > 0 for media_type in media_types)
