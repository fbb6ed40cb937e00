"""L{Slots}: all slots of a pool, and what is done with them between two scripts."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from twisted.internet.defer import Deferred, DeferredList, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.ending import Ending
from cpyrender.pool.equipment import Equipment, IPoolReactor
from cpyrender.pool.renewal import Renewal
from cpyrender.pool.rest import Rest
from cpyrender.pool.schooling import Schooling
from cpyrender.pool.slot import Slot
from cpyrender.pool.supply import Retired, SpareSupply
from cpyrender.pool.template import TemplateFailed
from cpyrender.pool.turn import Turn
from cpyrender.pool.unhurried import Unhurried
from cpyrender.settings import RenderSettings
from cpyrender.values import Ran, Submission

_HAS_PAGES = attrgetter("has_pages")
_READINESS = attrgetter("readiness")


class Slots:
    """C{settings.slots} slots, each of which is free, or has been taken and runs a script, or is being tidied.

    @ivar lacking: whether there are none, and will be none: there was no room for their threads.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: IPoolReactor,
        settings: RenderSettings,
        on_end: Callable[[Ending], object] | None,
        on_free: Callable[[], object],
        wanted: Callable[[], bool],
    ) -> None:
        """
        @param on_end: is told, in a thread, of each end of a child that had a script.
        @param on_free: is called whenever a slot has become free.
        @param wanted: is asked, in a thread, whether a slot whose script has ended is wanted as it is.
        """
        self._reactor = reactor
        self._equipment = Equipment(reactor, settings)
        self._in_thread = self._equipment.in_thread
        self._on_end = on_end
        self._on_free = on_free
        self._wanted = wanted
        self._unhurried = Unhurried(reactor, self._must_know, lambda: bool(self._tidying))
        self.lacking = False
        self._all: list[Slot] = []
        self._free: list[Slot] = []
        self._tidying: dict[Slot, Deferred[None]] = {}
        self._schooling: Schooling | None = None
        self._renewal: Renewal | None = None
        self._renewing: Deferred[None] = succeed(None)
        self._closed: Deferred[None] = succeed(None)
        self._rest = Rest(reactor, self._free, lambda slot: self._replace(slot, slot.rest))

    # How they are

    @property
    def any_free(self) -> bool:
        """Whether L{take} would return one."""
        return bool(self._free)

    @property
    def unused(self) -> int:
        """How many of them are free, or will be as soon as they have been tidied."""
        return len(self._free) + len(self._tidying)

    @property
    def spares(self) -> int:
        """How many of them have a child that is ready for a script."""
        return sum(slot.has_spare for slot in self._all)

    @property
    def level(self) -> str:
        """The level of isolation."""
        return self._equipment.level

    @property
    def layers(self) -> tuple[str, ...]:
        """What the isolation consists of."""
        return self._equipment.layers

    @property
    def restarts(self) -> int:
        """How often the template had to be replaced because it was lost."""
        return self._equipment.restarts

    # Beginning and end

    def warm(self) -> Deferred[None]:
        """Have a template started in a thread.

        No slot is free yet when that is done: they are to be tidied first, or let in as they are.

        @return: fails with L{TemplateFailed} where it cannot be warmed up, with L{OSError} where there are no threads.
        """
        try:
            supply = self._prepare()
        except OSError:
            self.lacking = True
            return fail()
        return self._in_thread(supply.warm)

    def warm_blocking(self, meanwhile: Callable[[], object] | None = None) -> None:
        """Start a template, as L{warm} does, and return only when it is warm.

        @param meanwhile: is called while it warms up.
        @raise TemplateFailed: it cannot be warmed up; nothing is left of the attempt.
        @raise OSError: there are no threads.
        """
        supply = self._prepare()
        try:
            supply.warm(meanwhile)
        except BaseException:
            self._equipment.give_up()
            raise

    def _prepare(self) -> SpareSupply:
        supply = self._equipment.begin()
        self._all = self._equipment.slots(supply, self._on_end)
        # Spares that wait when a template has been taught are of before.
        self._schooling = Schooling(
            self._reactor,
            self._in_thread,
            supply,
            quiet=lambda: self.unused == len(self._all),
            on_taught=self._rest.begin,
            renew=self.renew,
        )
        return supply

    def close(self, idle: Deferred[None]) -> Deferred[None]:
        """Begin nothing new with the template, and let go of everything when no script runs any more.

        @param idle: fires when that is so.
        @return: fires when nothing is left; one for each who asks.
        """
        supply, self._equipment.supply = self._equipment.supply, None
        if supply is not None:
            self._closed = Deferred.fromCoroutine(self._close(idle, supply))
        asked: Deferred[None] = Deferred()
        self._closed.addCallback(lambda _: asked.callback(None))
        return asked

    async def _close(self, idle: Deferred[None], supply: SpareSupply) -> None:
        await idle
        while self._tidying:
            await DeferredList(list(self._tidying.values()))
        await self._renewing
        if self._schooling is not None:
            await self._schooling.idle()
        await self._equipment.end(self._all, supply)

    # From script to script

    def tell(self, call: Callable[..., object], *args: object) -> None:
        """Have something called in the reactor's thread, soon; called in a thread of a slot.

        All that is told, as that the slot is free, goes this way: it is heard of in the order in which it was told.
        """
        self._unhurried.callFromThread(call, *args)

    def catch_up(self) -> None:
        """Hear of all slots that have become free; they need not have told at once, where nobody waited for one."""
        self._unhurried.hear()

    def take(self) -> Slot:
        """Return a free slot, one whose spare has its pages first, then one that has any; it is not free any more.

        @raise ValueError: none is.
        """
        self._interrupt()
        slot = max(self._free, key=_READINESS)
        self._free.remove(slot)
        return slot

    def run(self, slot: Slot, submission: Submission, cancellation: Cancellation) -> Deferred[Ran]:
        """Run a script in a slot that has been taken; then tidy it, unless it is wanted as it is. Then it is free.

        @return: fires when the script has ended; fails as L{Slot.render} does.
        """
        # To hear of each script that lasts would wake the reactor for nothing.
        on_lasting = None if self._without_pages() is None else self._get_pages
        turn = Turn(self.tell, slot, self._wanted, on_lasting)
        took: Deferred[bool] = self._in_thread(turn.take, submission, cancellation, told=self._unhurried)
        freed = took.addErrback(self._not_tidied).addCallback(self._freed, slot)
        return turn.ran.addBoth(self._ran, slot, freed)

    def _without_pages(self) -> Slot | None:
        """Return a free slot whose spare could have its pages, where none has: after a lull, or light scripts."""
        if any(map(_HAS_PAGES, self._free)):
            return None
        return next((slot for slot in self._free if slot.may_get_pages), None)

    def _get_pages(self) -> None:
        """Have a spare with its pages ready for the next script: the one that runs lasts, and so may that."""
        slot = self._without_pages()
        if slot is not None and not self._wanted():
            self._replace(slot, slot.get_pages)

    def _interrupt(self) -> None:
        """Let all that is done when no script comes wait."""
        self._rest.interrupt()
        if self._schooling is not None:
            self._schooling.interrupt()

    def _must_know(self, told: object = None) -> bool:
        """Whether something matters at once: all but that a slot has been tidied for which nobody waits."""
        return told is not True or self._renewal is not None or self._wanted()

    def _ran(self, ran: Ran | Failure, slot: Slot, freed: Deferred[None]) -> Ran | Failure:
        self._tidying[slot] = freed
        self._unhurried.expect()
        self._interrupt()
        self._let_go(slot)
        return ran

    def _freed(self, tidied: bool | None, slot: Slot) -> None:
        if tidied is not False:
            return self._tidied(slot)
        del self._tidying[slot]
        # A renewal may have come just now, when this one was neither at work nor among the free; and whoever it was
        # wanted for may have gone to another.
        if self._renewal is not None or not self._wanted():
            return self.tidy(slot)
        self.put_back(slot)

    def put_back(self, slot: Slot) -> None:
        """Make a slot free as it is."""
        self._free.append(slot)
        self._on_free()
        # Not only after it has been tidied: where somebody always waits, none ever is.
        if self._schooling is not None:
            self._schooling.go_on()

    def put_all_back(self) -> None:
        """Make all slots free as they are: there is no template, or nobody to have spares ready for."""
        self._free.extend(self._all)
        self._on_free()

    def tidy(self, slot: Slot) -> None:
        """Have a slot that has been taken clear up and get a spare, in a thread; then it is free."""
        self._rest.interrupt()
        self._look_after(slot, slot.tidy)

    def _look_after(self, slot: Slot, how: Callable[[], None]) -> None:
        tidied: Deferred[None] = self._in_thread(how)
        self._tidying[slot] = tidied
        tidied.addErrback(self._not_tidied)
        tidied.addCallback(lambda _: self._tidied(slot))

    def tidy_all(self) -> None:
        """Tidy all slots, none of which has been free yet."""
        for slot in self._all:
            self.tidy(slot)

    def tidy_those_without(self) -> None:
        """Give slots a spare that could not have one before: what was lacking for it may have come."""
        for slot in [slot for slot in self._free if not slot.has_spare]:
            self._free.remove(slot)
            self.tidy(slot)

    def _tidied(self, slot: Slot) -> None:
        del self._tidying[slot]
        if slot.outdated:
            return self.tidy(slot)
        self._let_go(slot)
        self.put_back(slot)
        self._rest.go_on()

    def _not_tidied(self, failure: Failure) -> None:
        # The next script on this slot tries again, and its client is told if that fails as well.
        if failure.check(TemplateFailed, OSError):
            self._log.error("No spare can be had: {why}", why=failure.getErrorMessage())
        else:
            self._log.failure("A slot could not be tidied; this is a bug.", failure)

    def _replace(self, slot: Slot, how: Callable[[], None]) -> None:
        """Have the spare of a free slot replaced, in a thread; then it is free again."""
        self._free.remove(slot)
        self._look_after(slot, how)

    def prepare_no_more(self) -> None:
        """No script will come but those that wait already."""
        self._rest.end()
        if self._schooling is not None:
            self._schooling.end()
        # Whoever waits for all slots does so from now on.
        self._unhurried.end()

    # The template

    def renew(self) -> Deferred[None]:
        """Replace the template with a fresh one; scripts that run meanwhile do not notice.

        @return: fires when the old one is gone; fails with L{TemplateFailed} or L{OSError} where there cannot be a
            fresh one, and the old one stays.
        """
        asked: Deferred[None] = Deferred()
        # One after the other: what has changed since the last one began is to count.
        self._renewing.addCallback(lambda _: Deferred.fromCoroutine(self._renew()))
        self._renewing.addCallbacks(asked.callback, asked.errback)
        return asked

    async def _renew(self) -> None:
        supply = self._equipment.supply
        if supply is None:
            return
        retired: Retired | None = await self._in_thread(supply.renew)
        if retired is None:
            return
        renewal = self._renewal = Renewal(self._all)
        idle = self._free.copy()
        self._free.clear()
        for slot in idle:
            self.tidy(slot)
        await renewal.done
        self._renewal = None
        await self._in_thread(supply.retire, retired)

    def _let_go(self, slot: Slot) -> None:
        if self._renewal is not None:
            self._renewal.let_go(slot)
