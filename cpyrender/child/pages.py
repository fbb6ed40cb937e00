"""Pages of memory that scripts are known to use, got ready for a child before its script comes.

A fork shares its parent's memory until it writes to it: then each page costs a fault and a copy, some 3,000 of them for
a chart. Nor does it pass on where libraries' code is in memory, which takes 250 faults more. Which pages those are is
much the same from one script to the next, for each child begins with the same memory.
See fork(2), and MADV_POPULATE_WRITE in madvise(2).
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from attrs import frozen

from cpyrender.child import linux

_RANGE = struct.Struct("!QQ")

# Ranges between two looks at whether the work is still wanted: some tenths of a millisecond.
_BETWEEN_LOOKS = 32


@frozen
class Pages:
    """Ranges of addresses: pairs of a start and a length, both in bytes, lowest first."""

    ranges: tuple[tuple[int, int], ...] = ()

    def pack(self) -> bytes:
        """Return them as bytes, for L{parse}."""
        return b"".join(_RANGE.pack(*one) for one in self.ranges)

    @classmethod
    def parse(cls, data: bytes) -> Pages:
        """Return what was packed."""
        return cls(tuple(_RANGE.iter_unpack(data)))

    def populate(self, wanted: Callable[[], bool]) -> None:
        """Make them this process's own, with all that is in them, or get them from the system's cache.

        @param wanted: asked now and then whether to go on.
        """
        for number, (start, length) in enumerate(self.ranges):
            if number % _BETWEEN_LOOKS == 0 and not wanted():
                return
            linux.populate(start, length)
