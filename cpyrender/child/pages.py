"""Pages of memory that scripts are known to use, got ready for a child before its script comes.

A fork shares its parent's memory until it writes to it: then each page costs a fault and a copy, some 3,000 of them for
a chart. Nor does it pass on where libraries' code is in memory, which takes 250 faults more. Which pages those are is
much the same from one script to the next, for each child begins with the same memory.
See fork(2), and MADV_POPULATE_WRITE in madvise(2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Self

from attrs import field, frozen

from cpyrender.child import linux

try:
    from cpyrender.child._populate import populate as _populate
except ImportError:  # there was no compiler

    def _populate(ranges: bytes, /) -> None:
        for start, length in _RANGE.iter_unpack(ranges):
            linux.populate(start, length)


_RANGE = struct.Struct("=QQ")


@frozen
class Pages:
    """Ranges of addresses.

    @ivar packed: pairs of a start and a length, both in bytes and numbers of 64 bits as this machine has them.
    """

    packed: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> Self:
        """
        @param ranges: pairs of a start and a length.
        """
        return cls(b"".join(_RANGE.pack(*one) for one in ranges))

    def populate(self) -> None:
        """Make them this process's own, with all that is in them, or get them from the system's cache."""
        _populate(self.packed)


@frozen(kw_only=True)
class Stock:
    """What children have ready.

    @ivar few: those of a lean one: what each script uses.
    @ivar many: those of any other.
    """

    few: Pages
    many: Pages
