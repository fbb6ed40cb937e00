"""L{Cancellation}: how a thread that talks to a child hears that nobody wants the answer any more."""

from __future__ import annotations

import os


class Cancelled(Exception):
    """The client has left."""


class Cancellation:
    """Lets one thread tell another, which is waiting in poll(2), that nobody wants its answer any more.

    @ivar fd: readable once L{cancel} has been called.
    @ivar cancelled: whether it has been.
    """

    def __init__(self) -> None:
        """@raise OSError: there is no room for another descriptor."""
        self.fd = os.eventfd(0, os.EFD_CLOEXEC)
        self.cancelled = False

    def cancel(self) -> None:
        """Say so."""
        self.cancelled = True
        os.eventfd_write(self.fd, 1)

    def close(self) -> None:
        """Let go of the descriptor."""
        os.close(self.fd)
