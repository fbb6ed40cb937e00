"""L{Renewal}: the time in which two templates live, the old one until the last slot has let go of its children."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.internet.defer import Deferred

from cpyrender.pool.slot import Slot


class Renewal:
    """Knows which slots may still hold a child of the old template.

    @ivar done: fires when there is none.
    """

    def __init__(self, slots: Iterable[Slot]) -> None:
        self._holding = set(slots)
        self.done: Deferred[None] = Deferred()

    def let_go(self, slot: Slot) -> None:
        """A slot has done with what it held when the new template came."""
        self._holding.discard(slot)
        if not self._holding and not self.done.called:
            self.done.callback(None)
