"""L{Unhurried}: what threads tell the reactor without waking it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cpyrender.deadline import Deadline
from cpyrender.pool.equipment import IPoolReactor

#: Seconds after which everything has been told at the latest.
SECONDS_UNTIL_TOLD = 0.25


class Unhurried:
    """Stands for a reactor to whom something is told that matters only once it has something else to do.

    To be woken costs a reactor whose caches others have used meanwhile a tenth of a millisecond, most often to hear of
    a slot for which nobody waits.
    """

    def __init__(self, reactor: IPoolReactor, urgent: Callable[..., bool]) -> None:
        """
        @param urgent: is asked, in a thread, whether somebody waits for what is told; has the arguments of the call.
        """
        self._reactor = reactor
        self._urgent = urgent
        self._told: deque[tuple[Callable[..., object], tuple[object, ...]]] = deque()
        self._deadline = Deadline(reactor)
        self._ended = False

    def callFromThread(self, call: Callable[..., object], *args: object) -> None:
        """Have something called in the reactor's thread, as L{IReactorFromThreads.callFromThread
        <twisted.internet.interfaces.IReactorFromThreads.callFromThread>} does; called in any thread."""
        self._told.append((call, args))
        # Asked last: whoever begins to wait hears of what has been told after that.
        if self._ended or self._urgent(*args):
            self._reactor.callFromThread(self.hear)

    def expect(self) -> None:
        """Something will be told soon; called in the reactor's thread, as all that follows."""
        if not self._ended:
            self._deadline.after(SECONDS_UNTIL_TOLD, self.hear)

    def hear(self) -> None:
        """Hear of all that has been told."""
        while self._told:
            call, args = self._told.popleft()
            call(*args)

    def end(self) -> None:
        """Wake the reactor for everything from now on."""
        self._ended = True
        self._deadline.close()
        self.hear()
