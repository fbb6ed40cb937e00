"""The record of a request: what it is called by, and the one line that the log has of it."""

from __future__ import annotations

import os
import re
from typing import Any

from twisted.logger import Logger, LogLevel
from twisted.web.http import Request

from cpyrender.values import Failed, Outcome, TimedOut, kind
from cpyrender.web.guard import Head
from cpyrender.web.reading import client_of

#: The header by which a client, or a proxy, calls a request, and by which it is called in the log.
REQUEST_ID = b"X-Request-Id"

# What can neither break a line of a log nor fill it.
_SOUND = re.compile(rb"[A-Za-z0-9._~+/=:@-]{1,80}")
_RANDOM_BYTES = 9
_LONGEST = 200
_NAME = re.compile(r"[^\W\d]\w{0,79}(\.[^\W\d]\w{0,79}){0,9}", re.ASCII)
# Filled in here: L{twisted.logger} takes ten times as long to do it, and would with each of its observers.
_TEXT = "%(method)s %(path)s %(status)d %(door)s %(outcome)s %(seconds).3f s %(bytes)d bytes to %(client)s [%(id)s]"
_FAILED_TEXT = _TEXT + " %(exception)s on line %(line)s"


def id_of(head: Head) -> bytes:
    """Return what a request is called by: what it says itself, where that is one short word; else a name of our own."""
    lines = head.lines(REQUEST_ID)
    if len(lines) == 1 and _SOUND.fullmatch(lines[0]) is not None:
        return lines[0]
    return os.urandom(_RANDOM_BYTES).hex().encode()


def note(request: Request, outcome: Outcome) -> None:
    """Let the record say what became of the script that came with a request."""
    noted: Any = request
    # Not the outcome itself: a request lives on until Python next looks for cycles, and would keep the answer with it.
    noted.outcome = kind(outcome)
    noted.blame = _blame(outcome) if isinstance(outcome, Failed | TimedOut) else None


def write(log: Logger, request: Request, seconds: float) -> None:
    """Write a request's line, in which there is nothing of its query, its headers but one, or its script's text.

    @param seconds: since its head was here.
    """
    noted: Any = request
    blame: dict[str, object] | None = getattr(noted, "blame", None)
    fields: dict[str, object] = {
        "method": _readable(request.method),
        "path": _readable(request.path),
        "status": request.code,
        "door": getattr(noted, "door", "none"),
        "outcome": getattr(noted, "outcome", None) or "-",
        "seconds": round(seconds, 6),
        "bytes": request.sentLength,
        "client": client_of(request),
        "id": getattr(noted, "called", b"").decode("ascii"),
    }
    text, level = _TEXT, LogLevel.info
    if blame is not None:
        fields |= blame
        text, level = _FAILED_TEXT, LogLevel.warn
    log.emit(level, (text % fields).replace("{", "{{").replace("}", "}}"), **fields)


def _readable(word: bytes) -> str:
    """Return what a client has sent as one word that a terminal can show."""
    text = word[:_LONGEST].decode("ascii", "backslashreplace")
    return text if text.isprintable() else ascii(text)[1:-1]


def _blame(outcome: Failed | TimedOut) -> dict[str, object]:
    # The script chooses its exceptions' names.
    name = (outcome.exception or "-") if isinstance(outcome, Failed) else "-"
    return {
        "exception": name if name == "-" or _NAME.fullmatch(name) else "?",
        "line": "-" if outcome.line is None else outcome.line,
    }
