"""L{Printed}: what is kept of one stream that a script prints to."""

from __future__ import annotations

import os

_PIECE = 1 << 16
# A pipe holds no more than this, so that is all a killed child can still have to say.
_PIPE_CAPACITY = 1 << 20


class Printed:
    """Reads a pipe, and keeps the beginning of what comes.

    @ivar lost: bytes that came beyond what is kept.
    """

    def __init__(self, fd: int, limit: int) -> None:
        """
        @param fd: the pipe's end, of which reading does not wait.
        @param limit: bytes that are kept.
        """
        self.lost = 0
        self._fd = fd
        self._limit = limit
        self._kept = bytearray()

    def read(self) -> bool:
        """Read some of what there is; return whether more can come.

        @raise BlockingIOError: nothing is there.
        """
        data = os.read(self._fd, _PIECE)
        room = self._limit - len(self._kept)
        self._kept += data[:room]
        self.lost += max(0, len(data) - room)
        return bool(data)

    def read_rest(self) -> None:
        """Read what a child that is dead, or as good as, has left in the pipe."""
        try:
            for _ in range(_PIPE_CAPACITY // _PIECE):
                if not self.read():
                    return
        except BlockingIOError:
            pass  # That was all.

    @property
    def kept(self) -> int:
        """How many bytes have been kept."""
        return len(self._kept)

    @property
    def full(self) -> bool:
        """Whether nothing more will be kept."""
        return self.kept >= self._limit

    def text(self, start: int = 0) -> str:
        """Return what has been kept, from this byte on."""
        return self._kept[start:].decode(errors="replace")
