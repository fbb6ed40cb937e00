"""L{Rest}: what becomes of the spares that wait, when no script comes."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from cpyrender.pool.lull import Lull
from cpyrender.pool.slot import Slot

#: Seconds without a script after which the spares that wait are exchanged for lean ones.
SECONDS_TO_REST = 10.0


class Rest:
    """Has spares replaced by lean ones: good as they are for speed, they are memory for nothing."""

    def __init__(self, clock: IReactorTime, free: list[Slot], replace: Callable[[Slot], object]) -> None:
        """
        @param free: the slots that are free, kept up to date by whose they are.
        @param replace: takes one of them, and has its spare replaced; calls L{go_on} when that is done.
        """
        self._free = free
        self._replace = replace
        self._lull = Lull(clock, SECONDS_TO_REST, self.begin)
        self._left: list[Slot] = []

    def interrupt(self) -> None:
        """A script has come."""
        self._left.clear()
        self._lull.interrupt()

    def begin(self) -> None:
        """Replace all that wait now, unless a script comes meanwhile."""
        self._left = [slot for slot in self._free if slot.may_rest and not self._lull.ended]
        self.go_on()

    def go_on(self) -> None:
        """Replace the next one: one by one, for a script that comes now finds all others as they were."""
        if self._left:
            self._replace(self._left.pop())

    def end(self) -> None:
        """Replace none any more."""
        self._left.clear()
        self._lull.end()
