"""Making an L{Ran} of the frame that a child sent. Every field of it may be a lie; none is taken unchecked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cpyrender import formats, wire
from cpyrender.values import Cause, Drawn, Failed, Output, Ran, Report, TimedOut, Timing

_LONGEST_NAME = 1024
_LONGEST_WARNING = 500
_MOST_WARNINGS = 100
_LONGEST_REPORT = 100
_MOST_REPORTS = 100
_LONGEST_TEXT = 1 << 17
_LONGEST_RUN = 86400.0


def outcome(frame: wire.FrameReader, cpu: float) -> Ran:
    """Return what the frame says, or that it makes no sense.

    @param frame: a complete one.
    @param cpu: the limit of CPU seconds that the child was given.
    """
    header = frame.header or {}
    timing = Timing(run=_seconds(header.get("run")), encode=_seconds(header.get("encode")))
    try:
        if header.get("kind") == "out-of-cpu":
            return TimedOut(seconds=cpu, of_cpu=True, line=_count_or_none(header.get("line")), timing=timing)
        if header.get("kind") == "drawn":
            return _drawn(header, frame.body, timing)
        return _failed(header, timing)
    except (KeyError, TypeError, ValueError):
        return Failed(cause=Cause.CRASHED, message="the script forged an answer that makes no sense", timing=timing)


def report(frame: wire.FrameReader) -> Report | None:
    """Return what a script reports while it runs; C{None}: the frame is its answer.

    @raise cpyrender.wire.BadFrame: it is a report that makes no sense.
    """
    header = frame.header or {}
    if header.get("kind") != "progress":
        return None
    try:
        fraction, text = header["report"]
        if len(frame.body):
            raise ValueError("more than a report")
        return _report(fraction, text)
    except (KeyError, TypeError, ValueError):
        raise wire.BadFrame("a report that makes no sense") from None


def goes_on(frame: wire.FrameReader, outcome: Ran) -> bool:
    """Whether a child that sent this frame can be given another script, as it says itself.

    @param outcome: what the frame came to. A child in which something is broken is not believed.
    """
    sound = isinstance(outcome, Drawn) or (isinstance(outcome, Failed) and outcome.cause is not Cause.CRASHED)
    return sound and frame.header is not None and frame.header.get("again") is True


def _drawn(header: Mapping[str, Any], body: memoryview, timing: Timing) -> Drawn:
    outputs, start = [], 0
    for said in header["outputs"]:
        size = _count(said["size"])
        if start + size > len(body):
            raise ValueError("more than there is")
        media_type = said["media_type"] if said["media_type"] in formats.ALLOWED else formats.OCTETS
        outputs.append(
            Output(
                data=body[start : start + size].toreadonly(),
                media_type=media_type,
                name=_text(said["name"], _LONGEST_NAME),
                width=_count_or_none(said.get("width")),
                height=_count_or_none(said.get("height")),
            )
        )
        start += size
    if not outputs:
        raise ValueError("no output")
    return Drawn(
        outputs=tuple(outputs),
        figure_count=_count_or_none(header.get("figure_count")),
        warnings=_warnings(header),
        progress=_progress(header),
        timing=timing,
    )


def _failed(header: Mapping[str, Any], timing: Timing) -> Failed:
    return Failed(
        cause=Cause(header["cause"]),
        message=_text(header["message"]),
        exception=_text_or_none(header.get("exception")),
        line=_count_or_none(header.get("line")),
        column=_count_or_none(header.get("column")),
        source=_text_or_none(header.get("source")),
        traceback=_text_or_none(header.get("traceback")),
        progress=_progress(header),
        timing=timing,
        warnings=_warnings(header),
    )


def _warnings(header: Mapping[str, Any]) -> tuple[str, ...]:
    warnings = header.get("warnings", [])
    if not isinstance(warnings, list):
        raise TypeError("not a list")
    return tuple(_text(text, _LONGEST_WARNING) for text in warnings[:_MOST_WARNINGS])


def _progress(header: Mapping[str, Any]) -> tuple[Report, ...]:
    reports = header.get("progress", [])
    if not isinstance(reports, list):
        raise TypeError("not a list")
    return tuple(_report(fraction, text) for fraction, text in reports[-_MOST_REPORTS:])


def _report(fraction: object, text: object) -> Report:
    if not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        raise ValueError("not a part of one")
    return Report(fraction=float(fraction), text=_text(text, _LONGEST_REPORT))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError("not a count")
    return value


def _count_or_none(value: object) -> int | None:
    return None if value is None else _count(value)


def _text(value: object, longest: int = _LONGEST_TEXT) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    # A lone surrogate cannot go out as UTF-8.
    return value[:longest].encode(errors="replace").decode()


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0
    # Not a number is not within anything; and an int may be too large for a float.
    return float(value) if 0 <= value < _LONGEST_RUN else 0.0
