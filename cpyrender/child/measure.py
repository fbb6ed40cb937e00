"""How much this process has, as the kernel counts it for its limits, without asking /proc: a jail has none."""

from __future__ import annotations

import mmap
import os
import resource
from collections.abc import Callable

_MOST_PAGES = 1 << 36
# No kernel gives out more process ids.
_MOST_PROCESSES = 1 << 22


def counted(which: int) -> int:
    """Return the bytes that a limit counts for this process now, by trying which one just lets it take a page more.

    @param which: L{resource.RLIMIT_DATA} or L{resource.RLIMIT_AS}.
    """
    return max(0, _least(which, _MOST_PAGES, mmap.PAGESIZE, _can_take_a_page) - 1) * mmap.PAGESIZE


def processes() -> int:
    """Return how many processes and threads RLIMIT_NPROC counts now: all of this user's, or of its user namespace."""
    return max(0, _least(resource.RLIMIT_NPROC, _MOST_PROCESSES, 1, _can_make_a_process) - 1)


def _least(which: int, most: int, unit: int, suffices: Callable[[], bool]) -> int:
    """Return the least number of units that suffices as a limit."""
    before = resource.getrlimit(which)
    _, hard = before

    def would_do(number: int) -> bool:
        soft = number * unit
        resource.setrlimit(which, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
        return suffices()

    low, high = 0, 1
    try:
        # From below: what does not suffice is found out soonest.
        while high < most and not would_do(high):
            low, high = high + 1, high * 2
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if would_do(middle) else (middle + 1, high)
    finally:
        resource.setrlimit(which, before)
    return low


def _can_take_a_page() -> bool:
    try:
        mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (MemoryError, OSError):
        return False
    return True


def _can_make_a_process() -> bool:
    try:
        # A program of no name: the process is made, finds nothing to run, and ends before this returns.
        os.posix_spawn("", ["nothing"], {})
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True
