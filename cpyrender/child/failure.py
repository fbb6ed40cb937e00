"""Describing why a script failed, in terms of the script: its line, its frames, its exception."""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from types import TracebackType

from cpyrender.child.confine import OutOfCPU
from cpyrender.child.hints import hint
from cpyrender.child.origins import origin

_MOST = 128 << 10
_FARTHEST = 1 << 31
_OUTGREW = "the script outgrew its memory limit"


def describe(error: BaseException, script: str) -> dict[str, object]:
    """Return an answer's header for an exception that ended a script.

    @param script: the file name under which the script was compiled; frames of other files are left out, but
        for modules in the working folder, which came with it.
    """
    try:
        return _described(error, script)
    except OutOfCPU:
        return {"kind": "out-of-cpu"}
    except MemoryError:
        return {"kind": "failed", "cause": "memory", "message": _OUTGREW}
    except BaseException:
        # The exception is the script's, and may do as it likes where it is looked at.
        return {"kind": "failed", "cause": "raised", "message": "the script failed with what cannot be described"}


def _described(error: BaseException, script: str) -> dict[str, object]:
    line, column, source = _where(error, script)
    if isinstance(error, OutOfCPU):
        return {"kind": "out-of-cpu"} if line is None else {"kind": "out-of-cpu", "line": line}
    more = hint(error) or origin(error, script)
    return {
        "kind": "failed",
        "cause": _cause(error),
        "exception": type(error).__name__[:200],
        "message": clipped(_said(error) + more),
        "line": line,
        "column": column,
        "source": source,
        "traceback": _traceback(error, script, more),
    }


def tell_of_others(script: str) -> None:
    """Let Python say on stderr what ended a thread, and what nobody could catch, with the script's frames only.

    @param script: as of L{describe}.
    """

    def of_a_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            name = args.thread.name if args.thread is not None else ""
            _say(f"Exception in thread {name}:\n{_traceback(args.exc_value, script)}")

    def of_nobody(args: sys.UnraisableHookArgs) -> None:
        where = args.err_msg or "Exception ignored in"
        # From Python 3.14 on, it is in what came before.
        whose = "" if args.object is None else f": {_shown(args.object, repr)}"
        said = "" if args.exc_value is None else _traceback(args.exc_value, script)
        _say(f"{where}{whose}\n{said}")

    threading.excepthook = of_a_thread
    sys.unraisablehook = of_nobody


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)


def shortened(path: str) -> str:
    """Return a module's file as it is called below the folder that it was imported from: C{numpy/linalg/_linalg.py}."""
    folders = [folder for folder in sys.path if folder and isinstance(folder, str)]
    for folder in sorted(folders, key=len, reverse=True):
        if path.startswith(folder + os.sep):
            return path[len(folder) + 1 :]
    return path


def clipped(text: str) -> str:
    """Return so much of a text that it takes no more than its share of a header, however it is escaped there."""
    while len(json.dumps(text)) > _MOST:
        text = text[: min(len(text) // 2, _MOST)]
    return text


def _cause(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    return "exited" if isinstance(error, SystemExit) else "raised"


def _said(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return f"{_OUTGREW} ({_text(error)})".replace(" ()", "")
    if isinstance(error, SystemExit):
        return f"the script called sys.exit({'' if error.code is None else _shown(error.code, repr)[:200]})"
    return _text(error)


def _text(error: BaseException) -> str:
    return _shown(error, str)


def _shown(value: object, how: Callable[[object], str]) -> str:
    """Return what C{str} or C{repr} makes of something of the script's, which may do as it likes."""
    try:
        # A plain str, whatever subclass of it came out.
        return str.__str__(how(value))
    except BaseException as worse:
        return f"<its {how.__name__}() raised {type(worse).__name__}>"


def _where(error: BaseException, script: str) -> tuple[int | None, int | None, str | None]:
    """Return the number of the script's line at which it failed, the column if it is no Python, and the line."""
    if isinstance(error, SyntaxError) and error.filename == script:
        source = (error.text.strip()[:1000] or None) if isinstance(error.text, str) else None
        return _counted(error.lineno), _counted(error.offset), source
    line = None
    step: TracebackType | None = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == script:
            line = step.tb_lineno
        step = step.tb_next
    if line is None:
        return None, None, None
    return line, None, traceback.linecache.getline(script, line).strip()[:1000] or None  # type: ignore[attr-defined]


def _counted(value: object) -> int | None:
    """Return a number of a SyntaxError, which a script may raise itself, with anything in it."""
    return value if isinstance(value, int) and 0 < value < _FARTHEST else None


def _traceback(error: BaseException, script: str, more: str = "") -> str:
    try:
        if _is_too_long(error):
            return ""
        told = traceback.TracebackException.from_exception(error)
        folder = _folder()
        _keep_own_frames(told, script, folder)
        with warnings.catch_warnings():
            # Python 3.13 parses each line anew, to see what of it failed, and warns once more of what is in it.
            warnings.simplefilter("ignore")
            lines = [line.replace(f'  File "{folder}', '  File "') for line in told.format()]
        last = -1 - _notes(told)
        if more and not lines[last].rstrip().endswith(more):
            # Until Python 3.12, only Python's own printing says it.
            lines[last] = lines[last].rstrip() + more + "\n"
        return clipped("".join(lines))
    except Exception:
        # A script may break what the traceback module builds on; the exception's name and message remain.
        return ""


def _is_too_long(error: BaseException) -> bool:
    """Whether a chain has more exceptions than Python recurses into; to put all of it together may take a second."""
    most = sys.getrecursionlimit()
    seen = set[int]()
    link: BaseException | None = error
    while link is not None and id(link) not in seen and len(seen) <= most:
        seen.add(id(link))
        before = link.__cause__
        # One may be false: it is the script's.
        link = link.__context__ if before is None and not link.__suppress_context__ else before
    return len(seen) > most


def _notes(told: traceback.TracebackException) -> int:
    """Return how many parts of what is told come behind the exception's own text."""
    everything = len(list(told.format_exception_only()))
    # It is made only to be told here, and has been.
    told.__notes__ = None
    return everything - len(list(told.format_exception_only()))


def _folder() -> str:
    """Return how the paths of modules begin that came with the script, in its working folder: they are its own."""
    try:
        return os.getcwd().rstrip("/") + "/"
    except OSError:
        return "/dev/null/"  # The script has removed it.


def _keep_own_frames(told: traceback.TracebackException | None, script: str, folder: str) -> None:
    if told is None:
        return
    own = [frame for frame in told.stack if frame.filename == script or frame.filename.startswith(folder)]
    told.stack = traceback.StackSummary.from_list(own)
    _keep_own_frames(told.__cause__, script, folder)
    _keep_own_frames(told.__context__, script, folder)
    for member in told.exceptions or ():
        _keep_own_frames(member, script, folder)
