"""What Python adds when it prints an exception: the name that may have been meant, the import that may be missing."""

from __future__ import annotations

import io
import sys
import traceback
from types import TracebackType

# Taken before any script could put something else in its place.
_print = sys.__excepthook__

# A text that no hint begins with.
_TEXT = "-"


def hint(error: BaseException) -> str:
    """Return what Python prints behind an exception's own text, as C{". Did you mean: 'plot'?"}, or C{""}.

    Python 3.11 looks for the name only while it prints by itself; from 3.12 on, L{traceback} knows it. The import that
    may be missing is 3.12's; here 3.11 has it too.
    """
    try:
        if type(error) not in {NameError, AttributeError, ImportError}:
            return ""
        if sys.version_info >= (3, 12):
            return _of_traceback(error)
        meant = _of_printing(error)
        return meant + _of_imports(error, " Or did" if meant else ". Did")
    except BaseException:
        # Looking for names may run what the script has written.
        return ""


def _of_traceback(error: BaseException) -> str:
    told = traceback.TracebackException(type(error), error, _last_step(error))
    said = "".join(told.format_exception_only())
    _, found, rest = said.partition(f"{type(error).__name__}: {error}")
    return rest.partition("\n")[0] if found else ""


def _of_printing(error: BaseException) -> str:
    same: BaseException
    if isinstance(error, NameError):
        same = NameError(_TEXT, name=error.name)
    elif isinstance(error, AttributeError):
        same = AttributeError(_TEXT, name=error.name, obj=error.obj)
    else:
        return ""
    return _printed(same.with_traceback(_last_step(error))).rpartition(f"{type(error).__name__}: {_TEXT}")[2].strip()


def _last_step(error: BaseException) -> TracebackType | None:
    """Return the frame that raised it, where names are looked for, without the long way to it."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step


def _printed(error: BaseException) -> str:
    stderr, sys.stderr = sys.stderr, io.StringIO()
    try:
        _print(type(error), error, error.__traceback__)
        return sys.stderr.getvalue()
    finally:
        sys.stderr = stderr


def _of_imports(error: BaseException, begin: str) -> str:
    if not isinstance(error, NameError) or error.name not in sys.stdlib_module_names:
        return ""
    return f"{begin} you forget to import '{error.name}'?"
