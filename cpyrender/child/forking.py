"""Forking a process of one thread, without what Python and its library do for those that have more.

After a fork Python makes its locks anew, for a thread that is not there any more may have held them, and modules do the
same in hooks (C{os.register_at_fork}). A template has one thread, so there is nothing to mend; yet the mending wrote to
some 400 pages of memory in each child, all of which had to be copied: a millisecond and a half for each script.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Whose hooks need not be called. These make locks anew, and forget threads:
_LOCKS = ("threading", "logging", "concurrent.futures.thread")
# This forgets the loop that is running, which none is here:
_LOOP = ("asyncio.events",)
# This is seeded before each fork:
_RANDOM = ("random",)
# And this closes fonts, which read from memory here: see cpyrender.child.held.
_FONTS = ("matplotlib.font_manager",)
_KNOWN = frozenset((*_LOCKS, *_LOOP, *_RANDOM, *_FONTS))

# Unlike CDLL, it holds on to the interpreter's lock.
_python = ctypes.PyDLL(None, use_errno=True)
_plain_fork = _python.fork
_plain_fork.argtypes = ()


class Hooks:
    """What modules want to be done when this process forks.

    @ivar strangers: the modules whose wishes are not known to be without use here.
    """

    def __init__(self) -> None:
        self.strangers: set[str] = set()

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Take note of the hooks of all modules that are imported meanwhile."""
        register = os.register_at_fork

        def register_and_note(**calls: Callable[[], Any]) -> None:
            register(**calls)
            # Not the module that a call is from: that of a lock or a dict is always the library's.
            self.strangers |= {str(sys._getframe(1).f_globals.get("__name__"))} - _KNOWN

        os.register_at_fork = register_and_note  # type: ignore[assignment]  # it is called by names alone
        try:
            yield
        finally:
            os.register_at_fork = register

    def forker(self) -> Callable[[], int]:
        """Return what forks this process from now on: L{os.fork}, where somebody would miss what it does."""
        return os.fork if self.strangers or len(sys._current_frames()) > 1 else fork


def fork() -> int:
    """Fork as L{os.fork} does, for a process of one thread; fork(2).

    @raise OSError: there can be no more processes.
    """
    pid: int = _plain_fork()
    if pid < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return pid
