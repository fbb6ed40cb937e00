"""L{Lull}: a time in which nothing comes, told of once."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from cpyrender.deadline import Deadline


class Lull:
    """Calls back when nothing has come for some time; and then not again before something has come.

    @ivar ended: whether it never calls again.
    """

    def __init__(self, clock: IReactorTime, seconds: float, call: Callable[[], None]) -> None:
        """
        @param seconds: how long nothing has to come.
        @param call: what to call then.
        """
        self._deadline = Deadline(clock)
        self._seconds = seconds
        self._call = call
        self.ended = False

    def interrupt(self) -> None:
        """Something has come: the time begins anew."""
        if not self.ended:
            self._deadline.after(self._seconds, self._call)

    def end(self) -> None:
        """Never call again."""
        self.ended = True
        self._deadline.close()
