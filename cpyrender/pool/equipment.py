"""L{Equipment}: what the slots of a pool work with, which begins and ends as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from cpyrender.pool import cgroup
from cpyrender.pool.cgroup import SlotGroups
from cpyrender.pool.ending import Ending
from cpyrender.pool.isolation import LAYERS
from cpyrender.pool.slot import Slot
from cpyrender.pool.supply import SpareSupply
from cpyrender.pool.threads import Threads
from cpyrender.settings import RenderSettings

T = TypeVar("T")


class IPoolReactor(IReactorFromThreads, IReactorTime):
    """What a pool needs of a reactor."""


class Equipment:
    """The threads in which slots work, the supply that they have their spares from, and their control groups.

    @ivar supply: C{None} before the beginning, and from the end on.
    """

    _log = Logger()

    def __init__(self, reactor: IPoolReactor, settings: RenderSettings) -> None:
        self._reactor = reactor
        self._settings = settings
        # One for each slot, one for what is learned beside the scripts, and one in which a template is replaced. All of
        # them from the start: one more that is begun by chance, under load, looks as if something grew.
        count = settings.slots + 2
        self._threads = Threads(count, "cpyrender")
        self._groups: SlotGroups | None = None
        self.supply: SpareSupply | None = None

    @property
    def level(self) -> str:
        """The level of isolation."""
        return (self.supply.level if self.supply is not None else None) or "not yet known"

    @property
    def layers(self) -> tuple[str, ...]:
        """What the isolation consists of."""
        return LAYERS.get(self.level, ()) + (() if self._groups is None else (cgroup.LAYER,))

    @property
    def restarts(self) -> int:
        """How often the template had to be replaced because it was lost."""
        return self.supply.restarts if self.supply is not None else 0

    def begin(self) -> SpareSupply:
        """Start the threads, and return the supply, which has no template yet.

        @raise OSError: there is no room for as many threads.
        """
        self._threads.start()
        self.supply = SpareSupply(self._settings)
        # Before there is a process that would have to be in one of them.
        self._groups = SlotGroups.where_possible(self._settings.slots, self._settings.memory)
        return self.supply

    def slots(self, supply: SpareSupply, on_end: Callable[[Ending], object] | None) -> list[Slot]:
        """Make the slots that work with it.

        @param on_end: as of L{Slot}.
        """
        groups = self._groups.groups if self._groups is not None else [None] * self._settings.slots
        return [Slot(supply, self._settings, group, on_end) for group in groups]

    def in_thread(self, call: object, *args: object, told: object = None) -> Deferred[T]:
        """Have something done in one of the threads.

        @param told: who is told when it is done, instead of the reactor; has its C{callFromThread}.
        """
        return deferToThreadPool(told or self._reactor, self._threads, call, *args)  # type: ignore[arg-type]

    async def end(self, slots: Iterable[Slot], supply: SpareSupply) -> None:
        """Let go of everything; no slot may be at work any more."""
        await DeferredList([self.in_thread(slot.close) for slot in slots], consumeErrors=True)
        try:
            await self.in_thread(supply.close)
        except OSError:
            self._log.failure("Something that scripts have left could not be removed.")
        await self.in_thread(self._close_groups)
        self._threads.stop()

    def give_up(self) -> None:
        """Let go of everything, at once and blocking: there is no template."""
        self._threads.stop()
        self.supply = None
        self._close_groups()

    def _close_groups(self) -> None:
        if self._groups is not None:
            self._groups.close()
            self._groups = None
