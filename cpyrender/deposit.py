"""L{Deposit}: many bytes that have come out of a pipe, and are not in this process' own memory.

They lie in a file without a name, memfd_create(2), which is memory of the system's and goes with the last who holds it.
Here they are only where they are just being looked at: the process of a server stays small, whatever it hands on.
"""

from __future__ import annotations

import mmap
import os

_AT_ONCE = 1 << 20


class Deposit(mmap.mmap):
    """What has come, to be read as often as anybody likes.

    Looking at it cannot be a SIGBUS (mmap(2)): the file has all of its pages before it is mapped, and nobody else has
    it who could cut it short.
    """

    __slots__ = ()

    def let_go(self) -> None:
        """Have no page of it in this process; those that are looked at again come back (madvise(2))."""
        self.madvise(mmap.MADV_DONTNEED)


class Delivery:
    """Bytes on their way out of a pipe into a L{Deposit}. They pass by this process: the kernel moves them."""

    def __init__(self, size: int) -> None:
        """
        @param size: how many are to come, at least one.
        @raise OSError: there is no such file to be had.
        """
        self._size = size
        self._filled = 0
        self._fd = os.memfd_create("cpyrender", os.MFD_CLOEXEC)
        try:
            # Takes no memory yet, but shows that it may become so large: RLIMIT_FSIZE counts for it too.
            os.ftruncate(self._fd, size)
        except OSError:
            self.close()
            raise

    @property
    def missing(self) -> int:
        """How many bytes are still to come."""
        return self._size - self._filled

    def take(self, pipe: int) -> int:
        """Take what there is in a pipe, and nothing of what follows.

        Memory is had for what is there, never for what was announced; where there is none, that is an error here and
        no SIGBUS, as it would be in a mapping that is written to.

        @return: how many bytes that was; 0: the pipe is closed.
        @raise BlockingIOError: nothing is there yet.
        @raise OSError: there is no memory left.
        """
        count = min(self.missing, _AT_ONCE)
        # The pipe's own O_NONBLOCK does not count here: splice(2).
        moved = os.splice(pipe, self._fd, count, offset_dst=self._filled, flags=os.SPLICE_F_NONBLOCK)
        self._filled += moved
        return moved

    def view(self) -> memoryview:
        """Return all of it, once it has come; the delivery is closed.

        @raise OSError: there is no room for another mapping.
        """
        try:
            return memoryview(Deposit(self._fd, self._size, prot=mmap.PROT_READ))
        finally:
            self.close()

    def close(self) -> None:
        """Let go of what has come, where it has not become a L{Deposit}."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def let_go(data: bytes | memoryview) -> None:
    """Have nothing of a deposit in this process' memory, if that is what the data is a part of."""
    if isinstance(data, memoryview) and isinstance(data.obj, Deposit):
        data.obj.let_go()
