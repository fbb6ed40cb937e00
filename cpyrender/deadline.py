"""L{Deadline}: a moment at which something happens unless it is called off."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Deadline:
    """A moment that may be moved, or called off, at any time; there is one at most.

    Each request has three of them, nearly all of which are called off in time; and each script moves that of a lull. So
    the reactor is not asked anew each time: its call comes at a moment that was set before, and it is asked again then
    for what is left.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._call: IDelayedCall | None = None
        self._due: float | None = None
        # When the reactor calls, as near as matters: to ask its call takes longer.
        self._comes = 0.0
        self._happens: Callable[[], None]

    @property
    def set(self) -> bool:
        """Whether something is to happen."""
        return self._due is not None

    def after(self, seconds: float, happens: Callable[[], None]) -> None:
        """Let this happen then, instead of what was to happen."""
        if seconds < 0:
            seconds = 0.0
        self._due = due = self._reactor.seconds() + seconds
        self._happens = happens
        if self._call is not None and self._comes > due:
            self._forget_call()
        if self._call is None:
            self._ask(seconds, due)

    def call_off(self) -> None:
        """Let nothing happen."""
        self._due = None

    def close(self) -> None:
        """Let nothing happen, and be forgotten by the reactor."""
        self.call_off()
        self._forget_call()

    def _forget_call(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _ask(self, seconds: float, due: float) -> None:
        self._comes = due
        self._call = self._reactor.callLater(seconds, self._is_called)

    def _is_called(self) -> None:
        self._call = None
        if self._due is None:
            return
        left = self._due - self._reactor.seconds()
        if left > 0:
            return self._ask(left, self._due)
        self._due = None
        self._happens()
