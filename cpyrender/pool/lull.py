"""L{Lull}: a time in which nothing comes, told of once."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Lull:
    """Calls back when nothing has come for some time; and then not again before something has come.

    @ivar ended: whether it never calls again.
    """

    def __init__(self, clock: IReactorTime, seconds: float, call: Callable[[], object]) -> None:
        """
        @param seconds: how long nothing has to come.
        @param call: what to call then.
        """
        self._clock = clock
        self._seconds = seconds
        self._call = call
        self._last = 0.0
        self._look: IDelayedCall | None = None
        self.ended = False

    def interrupt(self) -> None:
        """Something has come: the time begins anew."""
        # The delayed call is left where it is, and looks at this: much comes in its time.
        self._last = self._clock.seconds()
        if self._look is None and not self.ended:
            self._look = self._clock.callLater(self._seconds, self._is_it_time)

    def _is_it_time(self) -> None:
        self._look = None
        left = self._last + self._seconds - self._clock.seconds()
        if left > 0:
            self._look = self._clock.callLater(left, self._is_it_time)
        else:
            self._call()

    def end(self) -> None:
        """Never call again."""
        self.ended = True
        if self._look is not None:
            self._look.cancel()
            self._look = None
