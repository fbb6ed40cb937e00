"""L{State}: what scripts that share a process would inherit from each other, as it was before the first of them.

It is put back from within the interpreter that the scripts have run in. So it is good against forgetfulness and no
barrier: a script that changes what is in a library, or in C{builtins}, has changed it for the next.
"""

from __future__ import annotations

import builtins
import faulthandler
import gc
import importlib
import linecache
import locale
import logging
import mmap
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

import matplotlib
import numpy
from attrs import frozen
from matplotlib import _pylab_helpers, pyplot

from cpyrender.child import whereabouts
from cpyrender.child.folder import empty_folder
from cpyrender.child.seeds import reseed

# Of what a script may take, so much has to be left of a process for the next.
_ENOUGH = 0.75
# Descriptors that scripts may leave open: fonts that matplotlib has opened, and keeps, are among them.
_MOST_FILES = 64


class NotAsBefore(Exception):
    """Something cannot be put back."""


@contextmanager
def settings_kept() -> Iterator[None]:
    """Put back, afterwards, what libraries themselves can put back: their settings, and what Python warns of."""
    with ExitStack() as kept:
        for context in (matplotlib.rc_context, warnings.catch_warnings, numpy.errstate, numpy.printoptions):
            kept.enter_context(context())
        yield


@frozen(kw_only=True)
class State:
    """What is put back after each script.

    @ivar folder: the job folder.
    @ivar memory: bytes that a script may take.
    """

    folder: str
    memory: int
    environment: Mapping[str, str]
    path: tuple[str, ...]
    modules: frozenset[str]
    main: ModuleType
    import_: Callable[..., Any]
    colormaps: frozenset[str]
    locale: str
    umask: int
    recursion: int
    threshold: tuple[int, int, int]
    signals: Mapping[int, Any]
    blocked: frozenset[int]
    user: tuple[int, ...]

    @classmethod
    def now(cls, memory: int) -> State:
        """Return it as it is."""
        return cls(
            folder=os.getcwd(),
            memory=memory,
            environment=dict(os.environ),
            path=tuple(sys.path),
            modules=frozenset(sys.modules),
            main=sys.modules["__main__"],
            import_=builtins.__import__,
            colormaps=frozenset(matplotlib.colormaps),
            locale=locale.setlocale(locale.LC_ALL),
            umask=_umask(),
            recursion=sys.getrecursionlimit(),
            threshold=gc.get_threshold(),
            signals={number: signal.getsignal(number) for number in signal.valid_signals()},
            blocked=frozenset(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
            user=_user(),
        )

    def restore(self, folder: int) -> None:
        """Put all of it back.

        @param folder: a descriptor of the job folder, which is emptied.
        @raise NotAsBefore: something cannot be put back.
        @raise OSError: something in the folder cannot be removed.
        """
        if _user() != self.user:
            raise NotAsBefore("this is somebody else's process, or another one")
        self._restore_process()
        self._restore_interpreter()
        self._restore_libraries()
        self._forget_modules()
        # Files that are still open print what they hold only now.
        gc.collect()
        os.fchdir(folder)
        os.fchmod(folder, 0o700)
        empty_folder(folder)
        reseed()
        self._check()

    def _restore_process(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self.blocked)
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        for number, handler in self.signals.items():
            # None: not from Python.
            if handler is not None and signal.getsignal(number) != handler:
                signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        os.umask(self.umask)
        if os.environ != self.environment:
            os.environ.clear()
            os.environ.update(self.environment)
            time.tzset()
        if locale.setlocale(locale.LC_ALL) != self.locale:
            locale.setlocale(locale.LC_ALL, self.locale)

    def _restore_interpreter(self) -> None:
        builtins.__import__ = self.import_
        sys.path[:] = self.path
        sys.modules["__main__"] = self.main
        sys.settrace(None)
        sys.setprofile(None)
        sys.setrecursionlimit(self.recursion)
        sys.excepthook, sys.displayhook = sys.__excepthook__, sys.__displayhook__
        gc.enable()
        gc.set_threshold(*self.threshold)
        faulthandler.cancel_dump_traceback_later()
        whereabouts.tell()
        linecache.clearcache()

    def _restore_libraries(self) -> None:
        _pylab_helpers.Gcf.destroy_all()
        if matplotlib.get_backend().lower() != "agg":
            pyplot.switch_backend("agg")
        for name in set(matplotlib.colormaps) - self.colormaps:
            matplotlib.colormaps.unregister(name)
        root = logging.getLogger()
        for handler in tuple(root.handlers):
            root.removeHandler(handler)
        root.setLevel(logging.WARNING)
        logging.disable(logging.NOTSET)

    def _forget_modules(self) -> None:
        """Forget what was imported from the job folder: the next script may bring another module of the same name."""
        for name in sys.modules.keys() - self.modules:
            if any(_is_below(place, self.folder) for place in _places(sys.modules[name])):
                del sys.modules[name]
        for place in tuple(sys.path_importer_cache):
            if _is_below(place, self.folder):
                del sys.path_importer_cache[place]
        importlib.invalidate_caches()

    def _check(self) -> None:
        if os.getcwd() != self.folder:
            raise NotAsBefore("the folder is not where it was")
        # There is no /proc to ask: the lowest number that is free tells how many are taken below it.
        lowest = os.dup(0)
        os.close(lowest)
        if lowest > _MOST_FILES:
            raise NotAsBefore("too many files have been left open")
        try:
            mmap.mmap(-1, int(self.memory * _ENOUGH), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        except (MemoryError, OSError):
            raise NotAsBefore("too much memory is still held") from None


def _umask() -> int:
    before = os.umask(0o77)
    os.umask(before)
    return before


def _user() -> tuple[int, ...]:
    return (os.getpid(), *os.getresuid(), *os.getresgid())


def _places(module: object) -> Iterator[object]:
    """Yield where a module comes from: a package without a file of its own has folders instead."""
    yield getattr(module, "__file__", None)
    try:
        yield from getattr(module, "__path__", ())
    except TypeError:
        pass  # A script's own object can be there, with anything in it.


def _is_below(place: object, folder: str) -> bool:
    if not isinstance(place, str):
        return False
    return os.path.join(folder, place) == folder or os.path.join(folder, place).startswith(folder + os.sep)
