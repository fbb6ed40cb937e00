"""Huge pages for memory that is used again and again: the server's own, and what all children inherit.

A processor remembers where some hundred pages are, of either size; and a fork copies a tenth of the page tables. See
transparent_hugepage in the kernel's guide for administrators, and MADV_COLLAPSE in madvise(2).
"""

from __future__ import annotations

import gc
import mmap
from collections.abc import Iterable

from cpyrender.child import linux

_SIZE = 2 << 20
# Of its small pages. Each of them costs each fork, and each child's end, some 200 ns in all; what is not used of a huge
# page is held once.
_ENOUGH = 0.5


def with_objects() -> set[int]:
    """Return the numbers of the huge pages in which Python's objects are, and of their neighbours.

    Those may be full of strings and tables, of which the collector does not know. To be called before C{gc.freeze},
    which hides the objects. Without /proc, where they are is known from themselves.
    """
    found = {id(one) // _SIZE for one in gc.get_objects()}
    return {number + step for number in found for step in (-1, 0, 1)}


def collapse(numbers: Iterable[int]) -> int:
    """Put memory into huge pages, as far as the kernel does so, and return how many there are now."""
    return sum(linux.collapse(number * _SIZE, _SIZE) for number in numbers if _is_used(number))


def _is_used(number: int) -> bool:
    """Whether so much of it is in use that the rest is no loss."""
    return sum(linux.resident(number * _SIZE, _SIZE)) > _ENOUGH * _SIZE // mmap.PAGESIZE


def within(start: int, end: int) -> tuple[int, int]:
    """Return where the first huge page between two addresses begins, and the length of all of them in bytes."""
    first = end_around(start)
    return first, max(0, end // _SIZE * _SIZE - first)


def end_around(address: int) -> int:
    """Return the address, or where the huge page around it ends."""
    return -(-address // _SIZE) * _SIZE
