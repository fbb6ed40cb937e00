"""multiprocessing's locks for a place without other processes: among threads, and without shared memory.

C{multiprocessing.pool.ThreadPool}, and so C{multiprocessing.dummy.Pool}, makes one although it starts no process. The
interpreter's own lies in /dev/shm, where a script may not write.
"""

from __future__ import annotations

import threading
from typing import Any, Literal

_RECURSIVE_MUTEX = 0


def install() -> None:
    """Let multiprocessing take these from here on, in this process and those forked from it."""
    import _multiprocessing  # type: ignore[import-not-found]  # typeshed leaves it out

    _multiprocessing.SemLock = SemLock


class SemLock:
    """What C{_multiprocessing.SemLock} is to C{multiprocessing.synchronize}: a counting or recursive lock.

    @ivar kind: 0 for a lock that its holder may take again, 1 for a semaphore.
    @ivar maxvalue: how often it can be released beyond being taken.
    @ivar handle: of no use among threads.
    @ivar name: C{None}: there is nothing to unlink.
    """

    SEM_VALUE_MAX = 2**31 - 1

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        self.kind = kind
        self.maxvalue = maxvalue
        self.handle = 0
        self.name = None
        self._value = value
        # How often it is held: by the thread that took it last, for a recursive one.
        self._held = 0
        self._holder: int | None = None
        self._changed = threading.Condition(threading.Lock())

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take it, and return whether that was possible in C{timeout} seconds; C{None}: however long it takes."""
        me = threading.get_ident()
        with self._changed:
            if not (self.kind == _RECURSIVE_MUTEX and self._is_mine()):
                patience = (None if timeout is None else max(0.0, timeout)) if block else 0.0
                if not self._changed.wait_for(lambda: self._value > 0, patience):
                    return False
                self._value -= 1
            self._held += 1
            self._holder = me
        return True

    def release(self) -> None:
        """Give it back.

        @raise AssertionError: it is recursive, and another thread holds it.
        @raise ValueError: it is a semaphore, and was released too often.
        """
        with self._changed:
            if self.kind == _RECURSIVE_MUTEX:
                if not self._is_mine():
                    raise AssertionError("attempt to release recursive lock not owned by thread")
                if self._held > 1:
                    self._held -= 1
                    return
            elif self._value >= self.maxvalue:
                raise ValueError("semaphore or lock released too many times")
            self._held -= 1
            self._value += 1
            self._changed.notify()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *why: object) -> Literal[False]:
        self.release()
        return False

    def _count(self) -> int:
        return self._held

    def _is_mine(self) -> bool:
        return self._held > 0 and self._holder == threading.get_ident()

    def _get_value(self) -> int:
        return self._value

    def _is_zero(self) -> bool:
        return self._value == 0

    def _after_fork(self) -> None:
        self._held = 0

    @classmethod
    def _rebuild(cls, *state: Any) -> SemLock:
        raise PermissionError("cpyrender does not let scripts start processes")
