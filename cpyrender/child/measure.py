"""How much memory this process has, as the kernel counts it for its limits, without asking /proc: a jail has none."""

from __future__ import annotations

import mmap
import resource

_MOST_PAGES = 1 << 36


def counted(which: int) -> int:
    """Return the bytes that a limit counts for this process now, by trying which one just lets it take a page more.

    @param which: L{resource.RLIMIT_DATA} or L{resource.RLIMIT_AS}.
    """
    before = resource.getrlimit(which)
    low, high = 0, _MOST_PAGES
    try:
        while low < high:
            pages = (low + high) // 2
            _, hard = before
            soft = pages * mmap.PAGESIZE
            resource.setrlimit(which, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
            if _can_take_a_page():
                high = pages
            else:
                low = pages + 1
    finally:
        resource.setrlimit(which, before)
    return max(0, low - 1) * mmap.PAGESIZE


def _can_take_a_page() -> bool:
    try:
        mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (MemoryError, OSError):
        return False
    return True
