"""L{Unhurried}: what threads tell the reactor without waking it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.logger import Logger

from cpyrender.pool.equipment import IPoolReactor
from cpyrender.pool.lull import Lull

#: Seconds within which everything is heard of that has been told.
SECONDS_UNTIL_TOLD = 1.0


class Unhurried:
    """Stands for a reactor to whom something is told that matters only once it has something else to do.

    To be woken costs a reactor whose caches others have used meanwhile a tenth of a millisecond or two, most often to
    hear of a slot for which nobody waits; and to look by itself costs the same, so that it does so once a second.
    """

    _log = Logger()

    def __init__(self, reactor: IPoolReactor, urgent: Callable[..., bool], expected: Callable[[], bool]) -> None:
        """
        @param urgent: is asked, in a thread, whether somebody waits for what is told; has the arguments of the call.
        @param expected: whether something is still to be told.
        """
        self._reactor = reactor
        self._urgent = urgent
        self._expected = expected
        self._told: deque[tuple[Callable[..., object], tuple[object, ...]]] = deque()
        self._lull = Lull(reactor, SECONDS_UNTIL_TOLD, self._look)

    def callFromThread(self, call: Callable[..., object], *args: object) -> None:
        """Have something called in the reactor's thread; called in any thread, by the name of a reactor's method."""
        self._told.append((call, args))
        # Asked last: whoever begins to wait hears of what has been told after that.
        if self._lull.ended or self._urgent(*args):
            self._reactor.callFromThread(self.hear)

    def expect(self) -> None:
        """Something is to be told; called in the reactor's thread, as all that follows."""
        self._lull.interrupt()

    def _look(self) -> None:
        self.hear()
        # It may take long, as where a template has to be started first.
        if self._expected():
            self.expect()

    def hear(self) -> None:
        """Hear of all that has been told."""
        while self._told:
            call, args = self._told.popleft()
            try:
                call(*args)
            except Exception:
                # As the reactor does: whoever happens to ask has nothing to do with it.
                self._log.failure("What a thread has told could not be dealt with; this is a bug.")

    def end(self) -> None:
        """Wake the reactor for everything from now on."""
        self._lull.end()
        self.hear()
