"""Huge pages for the memory that all children inherit: a fork then copies a tenth of the page tables.

See transparent_hugepage in the kernel's guide for administrators, and MADV_COLLAPSE in madvise(2).
"""

from __future__ import annotations

import gc

from cpyrender.child import linux

_SIZE = 2 << 20


def collapse() -> int:
    """Put the memory in which Python's objects are into huge pages, as far as the kernel does so.

    To be called before C{gc.freeze}, which hides the objects. Without /proc, where they are is known from themselves.

    @return: how many there are now.
    """
    return sum(linux.collapse(number * _SIZE, _SIZE) for number in {id(one) // _SIZE for one in gc.get_objects()})
