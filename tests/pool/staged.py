"""A stage for the tests of a pool: slots, threads and a supply of templates that do as a test has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool import equipment
from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.local import LocalPool
from cpyrender.values import Drawn, Output, Ran, Submission, Timing

#: How a script ends for which nothing else has been written down.
DRAWN = Drawn(outputs=(Output(data=b"1", media_type="application/json"),), timing=Timing(run=0.5, encode=0.25))


def submission(name: str, client: str = "") -> Submission:
    """Return a script that is told from others by its name."""
    return Submission(script=name.encode(), client=client)


class PoolReactor(Clock):
    """Time that a test turns, and calls from threads, which are made at once.

    @ivar woken: how many there were.
    @ivar busy: the calls from threads that are still to be made, by who tests; C{None}: they are made at once.
    """

    woken = 0
    busy: list[Callable[[], object]] | None = None

    def callFromThread(self, call: Callable[..., object], *args: object, **named: object) -> None:
        self.woken += 1
        if self.busy is not None:
            self.busy.append(partial(call, *args, **named))
        else:
            call(*args, **named)


@define
class HeldThreads:
    """A thread pool that keeps its calls until the test has them carried out, oldest first."""

    count: int
    name: str
    calls: list[tuple[Callable[[bool, object], None], Callable[..., object], tuple[object, ...]]] = field(factory=list)
    started: bool = False
    stopped: bool = False

    def start(self) -> None:
        self.started, self.stopped = True, False

    def stop(self) -> None:
        self.started, self.stopped = False, True

    def callInThreadWithCallback(
        self, told: Callable[[bool, object], None], call: Callable[..., object], *args: object
    ) -> None:
        # As twisted's does: what comes after the end is dropped.
        if not self.stopped:
            self.calls.append((told, call, args))

    def carry_out(self, number: int = 0) -> None:
        """Carry one call out."""
        told, call, args = self.calls.pop(number)
        try:
            result = call(*args)
        except Exception:
            told(False, Failure())
        else:
            told(True, result)

    def carry_out_all(self) -> None:
        """Carry out all calls, and those that come of them."""
        while self.calls:
            self.carry_out()


@define(eq=False)
class StagedSlot:
    """A slot in which scripts end as the stage has it."""

    stage: Stage
    has_spare: bool = False
    outdated: bool = False
    closed: bool = False
    lean: bool = False

    @property
    def may_rest(self) -> bool:
        return self.has_spare and not self.lean

    @property
    def readiness(self) -> int:
        """As a slot says it."""
        return self.has_spare + self.has_pages

    @property
    def has_pages(self) -> bool:
        return self.has_spare and not self.lean

    @property
    def may_get_pages(self) -> bool:
        return self.has_spare and self.lean and self.stage.gives_pages

    def render(
        self, submission: Submission, cancellation: Cancellation, on_lasting: Callable[[], object] | None
    ) -> Ran:
        self.stage.ran.append((submission.script.decode(), self))
        for report in self.stage.reports:
            submission.on_progress(report)
        if self.stage.lasting and on_lasting is not None:
            on_lasting()
        self.has_spare = False
        outcome = self.stage.outcomes.get(submission.script.decode(), DRAWN)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def tidy(self) -> None:
        if self.stage.untidy is not None:
            raise self.stage.untidy
        self.stage.meanwhile()
        self.lean = self.lean and self.has_spare
        self.has_spare, self.outdated = True, False

    def rest(self) -> None:
        self.stage.rested.append(self)
        self.has_spare = False
        if self.stage.restless is not None:
            raise self.stage.restless
        self.has_spare, self.lean = True, True

    def get_pages(self) -> None:
        self.stage.paged.append(self)
        if self.stage.pageless is not None:
            self.has_spare = False
            raise self.stage.pageless
        self.lean = False

    def close(self) -> None:
        self.has_spare = False
        self.closed = True


@define
class StagedGroups:
    """Two control groups, one for each slot."""

    groups: tuple[str, ...] = ("first", "second")
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@define
class Stage:
    """What stands in for the supply and the slots of a pool.

    @ivar level: of isolation, which is known when the template is warm.
    @ivar cold: why the template cannot be warmed up.
    @ivar untidy: why no slot can be tidied.
    @ivar restless: why no slot gets a lean spare.
    @ivar meanwhile: is called when a slot is being tidied.
    @ivar stuck: why not all can be closed.
    @ivar outcomes: what becomes of a script, by its name; others are drawn.
    @ivar stale: why there cannot be a fresh template.
    @ivar retired: the templates that have been ended after they were replaced.
    @ivar ran: the scripts that ran and their slots, in order.
    @ivar rested: the slots that were to get a lean spare, in order.
    @ivar gives_pages: whether spares can have their pages.
    @ivar lasting: whether scripts last.
    @ivar pageless: why no slot gets a spare with its pages.
    @ivar reports: what scripts report while they run.
    @ivar paged: the slots that were to get one, in order.
    @ivar untaught: whether there is something that the template can be taught.
    @ivar unplaced: whether it can be tried to find out how the next template is to be.
    @ivar better: whether the next template would be a better one.
    @ivar places: how often it was tried to find that out.
    """

    cold: Exception | None = None
    untidy: Exception | None = None
    stuck: Exception | None = None
    outcomes: dict[str, Ran | Exception] = field(factory=dict)
    ran: list[tuple[str, StagedSlot]] = field(factory=list)
    slots: list[StagedSlot] = field(factory=list)
    restarts: int = 0
    renewed: int = 0
    stale: Exception | None = None
    retired: list[object] = field(factory=list)
    closed: bool = False
    level: str | None = None
    groups: StagedGroups | None = None
    given: list[object] = field(factory=list)
    untaught: bool = False
    lessons: int = 0
    unplaced: bool = False
    better: bool | Exception = True
    places: int = 0
    restless: Exception | None = None
    meanwhile: Callable[[], object] = int
    rested: list[StagedSlot] = field(factory=list)
    gives_pages: bool = True
    lasting: bool = True
    pageless: Exception | None = None
    reports: list[str] = field(factory=list)
    paged: list[StagedSlot] = field(factory=list)

    def teach(self) -> None:
        self.untaught = False
        self.lessons += 1

    def place(self) -> bool:
        self.unplaced = False
        self.places += 1
        if isinstance(self.better, Exception):
            raise self.better
        return self.better

    def teach_no_more(self) -> None:
        self.untaught = False

    def warm(self, meanwhile: Callable[[], object] | None = None) -> None:
        if meanwhile is not None:
            meanwhile()
        if self.cold is not None:
            raise self.cold
        self.level = "jail"

    def renew(self) -> object:
        if self.stale is not None:
            raise self.stale
        self.renewed += 1
        for slot in self.slots:
            slot.outdated = slot.has_spare
        return f"template {self.renewed}"

    def retire(self, retired: object) -> None:
        self.retired.append(retired)

    def close(self) -> None:
        self.closed = True
        if self.stuck is not None:
            raise self.stuck

    def where_possible(self, slots: int, memory: int) -> StagedGroups | None:
        """Make the groups of slots."""
        return self.groups

    def slot(self, supply: object, settings: object, group: object, on_end: object) -> StagedSlot:
        """Make one more slot."""
        self.slots.append(StagedSlot(self))
        self.given.append(group)
        return self.slots[-1]

    def names(self) -> list[str]:
        """Return the names of the scripts that ran, in order."""
        return [name for name, _ in self.ran]


class PoolCase(SynchronousTestCase):
    """Has a pool with held threads and a stage in the place of processes."""

    def setUp(self) -> None:
        self.reactor = PoolReactor()
        self.stage = Stage()
        self.patch(equipment, "Threads", self.make_threads)
        self.patch(equipment, "SpareSupply", lambda settings: self.stage)
        self.patch(equipment, "Slot", self.stage.slot)
        self.patch(equipment, "SlotGroups", self.stage)

    def make_threads(self, count: int, name: str) -> HeldThreads:
        """Make the pool's threads, and keep hold of them."""
        self.threads = HeldThreads(count, name)
        return self.threads

    def cold_pool(self, slots: int = 2, queue: int = 4, rate: str | None = None) -> LocalPool:
        """Return a pool that has not been started."""
        self.pool = LocalPool(self.reactor, slots=slots, queue=queue, rate=rate)
        self.answers: list[Deferred[object]] = []
        self.addCleanup(self.stop)
        return self.pool

    def warm_pool(self, slots: int = 2, queue: int = 4, rate: str | None = None) -> LocalPool:
        """Return a pool that is ready."""
        pool = self.cold_pool(slots, queue, rate)
        started = pool.start()
        self.threads.carry_out_all()
        self.successResultOf(started)
        return pool

    def stop(self) -> None:
        """Stop the pool, so that it lets go of what its jobs hold."""
        for answer in self.answers:
            answer.addErrback(lambda failure: None)
        self.pool.stop()
        self.threads.carry_out_all()

    def render(self, name: str, client: str = "") -> Deferred[object]:
        """Hand a script to the pool."""
        self.answers.append(self.pool.render(submission(name, client)))
        return self.answers[-1]

    def running(self) -> list[str]:
        """Return the names of the scripts that a thread has before it, in order."""
        return [args[0].script.decode() for _, _, args in self.threads.calls if args]

    def finish(self, name: str, outcome: Ran | Exception = DRAWN) -> None:
        """Let a script that runs end like this, and its slot be tidied if it comes to that."""
        self.stage.outcomes[name] = outcome
        called = [args[0].script.decode() if args else "" for _, _, args in self.threads.calls]
        self.threads.carry_out(called.index(name))
        while (tidying := [number for number, (_, _, args) in enumerate(self.threads.calls) if not args]) != []:
            self.threads.carry_out(tidying[0])
