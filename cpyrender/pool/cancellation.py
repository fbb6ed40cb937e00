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


class Cancellations:
    """Those of a pool: each is used for one script after the other, until one that it is for is cancelled.

    To make a descriptor and to close it takes longer than all else that is done with it. None of these is called but in
    the reactor's thread, nor is L{Cancellation.cancel}: a script that has ended is not cancelled any more.
    """

    def __init__(self) -> None:
        self._unused: list[Cancellation] = []
        self._closed = False

    def take(self) -> Cancellation:
        """Return one for a script.

        @raise OSError: there is no room for another descriptor.
        """
        return self._unused.pop() if self._unused else Cancellation()

    def put_back(self, cancellation: Cancellation) -> None:
        """Its script has ended."""
        if cancellation.cancelled or self._closed:
            cancellation.close()
        else:
            self._unused.append(cancellation)

    def close(self) -> None:
        """Keep none any more."""
        self._closed = True
        while self._unused:
            self._unused.pop().close()
