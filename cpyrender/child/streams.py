"""The standard streams of scripts, line by line: so that a script which is killed has said all it printed.

They are opened in the template, once for all children: a child's own descriptors come in under the same numbers.
"""

from __future__ import annotations

import os
import sys

_PRINTED_TO = {"stdout": 1, "stderr": 2}


def open_streams() -> None:
    """Replace this process's streams by those of a script."""
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # final by typeshed only
    for name, fd in _PRINTED_TO.items():
        stream = open(fd, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def open_ahead() -> None:
    """Replace them in a process whose children will have pipes there, where it has none itself."""
    read, write = os.pipe()
    own = {fd: os.dup(fd) for fd in _PRINTED_TO.values()}
    try:
        # What they are opened on counts: a pipe has no position, and is never asked for one.
        for fd in own:
            os.dup2(write, fd)
        open_streams()
    finally:
        for fd, copy in own.items():
            os.dup2(copy, fd)
        for fd in (read, write, *own.values()):
            os.close(fd)


def flush() -> None:
    """Send what has been printed on its way."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # A script closed it, or put something else in its place.
