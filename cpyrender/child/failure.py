"""Describing why a script failed, in terms of the script: its line, its frames, its exception."""

from __future__ import annotations

import traceback
from types import TracebackType

from cpyrender.child.confine import OutOfCPU

_MOST = 64 << 10


def describe(error: BaseException, script: str) -> dict[str, object]:
    """Return an answer's header for an exception that ended a script.

    @param script: the file name under which the script was compiled; frames of other files are left out.
    """
    if isinstance(error, OutOfCPU):
        return {"kind": "out-of-cpu"}
    line, source = _where(error, script)
    said = _said(error)
    return {
        "kind": "failed",
        "cause": _cause(error),
        "exception": type(error).__name__[:200],
        "message": said[:_MOST],
        "line": line,
        "source": source,
        "traceback": _traceback(error, script),
    }


def _cause(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    return "exited" if isinstance(error, SystemExit) else "raised"


def _said(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return f"the script outgrew its memory limit ({_text(error)})".replace(" ()", "")
    if isinstance(error, SystemExit):
        return f"the script called sys.exit({'' if error.code is None else repr(error.code)[:200]})"
    return _text(error)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as worse:
        return f"<its str() raised {type(worse).__name__}>"


def _where(error: BaseException, script: str) -> tuple[int | None, str | None]:
    """Return the number and the text of the script's line at which it failed."""
    if isinstance(error, SyntaxError) and error.filename == script:
        return error.lineno, (error.text or "").strip()[:1000] or None
    line = None
    step: TracebackType | None = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == script:
            line = step.tb_lineno
        step = step.tb_next
    if line is None:
        return None, None
    return line, traceback.linecache.getline(script, line).strip()[:1000] or None  # type: ignore[attr-defined]


def _traceback(error: BaseException, script: str) -> str:
    try:
        told = traceback.TracebackException.from_exception(error)
        _keep_own_frames(told, script)
        return "".join(told.format())[-_MOST:]
    except Exception:
        # A script may break what the traceback module builds on; the exception's name and message remain.
        return ""


def _keep_own_frames(told: traceback.TracebackException | None, script: str) -> None:
    if told is None:
        return
    told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if frame.filename == script])
    _keep_own_frames(told.__cause__, script)
    _keep_own_frames(told.__context__, script)
    for member in told.exceptions or ():
        _keep_own_frames(member, script)
