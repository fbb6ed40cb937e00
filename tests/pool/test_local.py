"""Tests of L{cpyrender.pool.local}."""

from __future__ import annotations

import os
from collections.abc import Callable

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool import local
from cpyrender.pool.conversation import Cancellation, Cancelled
from cpyrender.pool.local import LocalPool
from cpyrender.pool.template import TemplateFailed
from cpyrender.values import Cause, Drawn, Failed, Output, Ran, Refused, Submission, Timing

_DRAWN = Drawn(outputs=(Output(data=b"1", media_type="application/json"),), timing=Timing(run=0.5, encode=0.25))


def submission(name: str, client: str = "") -> Submission:
    """Return a script that is told from others by its name."""
    return Submission(script=name.encode(), client=client)


class PoolReactor(Clock):
    """Time that a test turns, and calls from threads that are made at once."""

    def callFromThread(self, call: Callable[..., object], *args: object, **named: object) -> None:
        call(*args, **named)


@define
class HeldThreads:
    """A thread pool that keeps its calls until the test has them carried out, oldest first."""

    least: int
    most: int
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

    def render(self, submission: Submission, cancellation: Cancellation) -> Ran:
        self.stage.ran.append((submission.script.decode(), self))
        self.has_spare = False
        outcome = self.stage.outcomes.get(submission.script.decode(), _DRAWN)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def tidy(self) -> None:
        if self.stage.untidy is not None:
            raise self.stage.untidy
        self.has_spare, self.outdated = True, False

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
    @ivar stuck: why not all can be closed.
    @ivar outcomes: what becomes of a script, by its name; others are drawn.
    @ivar stale: why there cannot be a fresh template.
    @ivar retired: the templates that have been ended after they were replaced.
    @ivar ran: the scripts that ran and their slots, in order.
    @ivar untaught: whether there is something that the template can be taught.
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

    def teach(self) -> None:
        self.untaught = False
        self.lessons += 1

    def warm(self) -> None:
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
        self.patch(local, "ThreadPool", self.make_threads)
        self.patch(local, "SpareSupply", lambda settings: self.stage)
        self.patch(local, "Slot", self.stage.slot)
        self.patch(local, "SlotGroups", self.stage)

    def make_threads(self, least: int, most: int, name: str) -> HeldThreads:
        """Make the pool's threads, and keep hold of them."""
        self.threads = HeldThreads(least, most, name)
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

    def finish(self, name: str, outcome: Ran | Exception = _DRAWN) -> None:
        """Let a script that runs end like this, and its slot be tidied if it comes to that."""
        self.stage.outcomes[name] = outcome
        called = [args[0].script.decode() if args else "" for _, _, args in self.threads.calls]
        self.threads.carry_out(called.index(name))
        while (tidying := [number for number, (_, _, args) in enumerate(self.threads.calls) if not args]) != []:
            self.threads.carry_out(tidying[0])


class StartTests(PoolCase):
    """How a pool gets ready."""

    def test_not_started(self) -> None:
        """A pool that has not been started is not ready, says so, and has no threads."""
        health = self.cold_pool().health()

        self.assertEqual((health.ready, health.why_not), (False, "it has not been started"))
        self.assertFalse(self.threads.started)

    def test_warming_up(self) -> None:
        """A pool is not ready before its template is warm."""
        started = self.cold_pool().start()

        self.assertNoResult(started)
        self.assertEqual(self.pool.health().why_not, "it is warming up")

    def test_warm(self) -> None:
        """A pool whose template is warm is ready, with a spare in each slot."""
        health = self.warm_pool(slots=3).health()

        self.assertEqual((health.ready, health.why_not, health.slots), (True, "", 3))
        self.assertEqual([slot.has_spare for slot in self.stage.slots], [True, True, True])

    def test_isolation(self) -> None:
        """The level of isolation, and what it consists of, are told once they are known."""
        pool = self.cold_pool()
        before = pool.health()
        pool.start()
        self.threads.carry_out_all()
        after = pool.health()

        self.assertEqual((before.isolation, before.layers), ("not yet known", ()))
        self.assertEqual((after.isolation, after.layers[0]), ("jail", "bubblewrap"))

    def test_groups(self) -> None:
        """Where there are control groups each slot has one; they are told as a layer, and go with the pool."""
        groups = self.stage.groups = StagedGroups()
        pool = self.warm_pool(slots=2)
        layers = pool.health().layers
        pool.stop()
        open_still = groups.closed
        self.threads.carry_out_all()

        self.assertEqual((self.stage.given, layers[-1]), (["first", "second"], "cgroup"))
        self.assertEqual((open_still, groups.closed), (False, True))

    def test_no_groups(self) -> None:
        """Where there are none the layer is not told of."""
        pool = self.warm_pool(slots=2)

        self.assertEqual((self.stage.given, "cgroup" in pool.health().layers), ([None, None], False))

    def test_groups_of_a_pool_that_cannot_start(self) -> None:
        """A pool that cannot be started leaves no groups."""
        groups = self.stage.groups = StagedGroups()
        self.stage.cold = TemplateFailed("so it is written")
        self.assertRaises(TemplateFailed, self.cold_pool().start_blocking)

        self.assertTrue(groups.closed)

    def test_start_blocking(self) -> None:
        """A pool that is started without a reactor is warm when the call returns."""
        pool = self.cold_pool()
        pool.start_blocking()

        self.assertTrue(pool.health().ready)

    def test_cold(self) -> None:
        """A pool whose template cannot be warmed up says why, to who started it and to who asks."""
        self.stage.cold = TemplateFailed("no numpy")
        started = self.cold_pool().start()
        self.threads.carry_out_all()

        self.assertEqual(str(self.failureResultOf(started, TemplateFailed).value), "no numpy")
        self.assertEqual((self.pool.health().ready, self.pool.health().why_not), (False, "no numpy"))

    def test_script_that_finds_it_cold(self) -> None:
        """A pool that could not be warmed up tries again with each script."""
        self.stage.cold = TemplateFailed("no numpy")
        self.cold_pool().start().addErrback(lambda failure: None)
        self.threads.carry_out_all()
        answer = self.render("a")
        self.threads.carry_out_all()

        self.assertIsInstance(self.successResultOf(answer), Drawn)

    def test_ready_in_the_end(self) -> None:
        """A pool that could not be warmed up is ready once a script has run in it."""
        self.stage.cold = TemplateFailed("no numpy")
        self.cold_pool().start().addErrback(lambda failure: None)
        self.threads.carry_out_all()
        self.render("a")
        self.threads.carry_out_all()

        self.assertEqual((self.pool.health().ready, self.pool.health().why_not), (True, ""))

    def test_start_blocking_cold(self) -> None:
        """A pool that cannot be started without a reactor says why, and leaves no threads."""
        self.stage.cold = TemplateFailed("no numpy")

        self.assertRaises(TemplateFailed, self.cold_pool().start_blocking)
        self.assertFalse(self.threads.started)

    def test_script_before_the_start(self) -> None:
        """A script that comes while the pool warms up waits, and is run when it is warm."""
        self.cold_pool().start()
        answer = self.render("a")
        self.assertEqual((self.running(), self.pool.health().waiting), ([], 1))
        self.threads.carry_out_all()

        self.assertIsInstance(self.successResultOf(answer), Drawn)


class QueueTests(PoolCase):
    """Who runs when."""

    def test_outcome(self) -> None:
        """Who hands in a script is told what became of it."""
        self.warm_pool()
        failed = Failed(cause=Cause.RAISED, message="no")
        answer = self.render("a")
        self.finish("a", failed)

        self.assertEqual(self.successResultOf(answer), failed)

    def test_timing(self) -> None:
        """To the child's own times the seconds in the queue are added."""
        self.warm_pool(slots=1)
        self.render("a")
        answer = self.render("b")
        self.reactor.advance(1.5)
        self.finish("a")
        self.reactor.advance(2)
        self.finish("b")

        self.assertEqual(self.successResultOf(answer), evolve(_DRAWN, timing=Timing(queue=1.5, run=0.5, encode=0.25)))

    def test_as_many_as_slots(self) -> None:
        """As many scripts run at once as there are slots, and the others wait."""
        self.warm_pool(slots=2)
        for name in "abc":
            self.render(name)
        health = self.pool.health()

        self.assertEqual((self.running(), health.busy, health.waiting), (["a", "b"], 2, 1))

    def test_first_come_first_served(self) -> None:
        """A slot that becomes free is given to who has waited longest."""
        self.warm_pool(slots=1)
        for name in "abc":
            self.render(name)
        for name in "abc":
            self.finish(name)

        self.assertEqual(self.stage.names(), ["a", "b", "c"])

    def test_no_client_takes_all(self) -> None:
        """A client that holds all slots but one does not get the last while somebody else waits."""
        self.warm_pool(slots=2)
        for name, client in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b")):
            self.render(name, client)
        self.finish("a1")

        self.assertEqual(self.running(), ["a2", "b1"])

    def test_full(self) -> None:
        """A script that finds the queue full is refused, and told when to come again."""
        self.warm_pool(slots=1, queue=2)
        for name in "abc":
            self.render(name)
        refused = self.successResultOf(self.render("d"))

        self.assertEqual(refused, Refused(reason="the queue is full (scripts waiting: 2)", retry_after=3))

    def test_no_queue(self) -> None:
        """Where nobody may wait, a script is run if a slot is free, and else refused."""
        self.warm_pool(slots=1, queue=0)
        self.render("a")

        self.assertEqual(self.running(), ["a"])
        self.assertIsInstance(self.successResultOf(self.render("b")), Refused)

    def test_advice_follows_the_clock(self) -> None:
        """How long the last scripts held their slots is what a refused one is told to wait."""
        self.warm_pool(slots=1, queue=0)
        self.render("a")
        self.reactor.advance(7)
        self.finish("a")
        self.render("b")

        self.assertEqual(self.successResultOf(self.render("c")).retry_after, 7)

    def test_slot_with_a_spare_first(self) -> None:
        """Of two free slots that one is taken whose child is ready."""
        self.warm_pool(slots=2)
        self.stage.slots[0].has_spare = False
        self.render("a")
        self.finish("a")

        self.assertEqual(self.stage.ran, [("a", self.stage.slots[1])])

    def test_tidied_when_nobody_waits(self) -> None:
        """A slot that has nothing to do makes a spare, and is not given out before it is done."""
        self.warm_pool(slots=1)
        self.render("a")
        self.threads.carry_out()
        self.render("b")
        self.assertEqual(self.running(), [])
        self.threads.carry_out()

        self.assertEqual((self.running(), self.stage.slots[0].has_spare), (["b"], True))

    def test_not_tidied_when_somebody_waits(self) -> None:
        """A slot for which somebody waits is given on at once."""
        self.warm_pool(slots=1)
        self.render("a")
        self.render("b")
        self.threads.carry_out()

        self.assertEqual(self.running(), ["b"])

    def test_no_spare_to_be_had(self) -> None:
        """A slot that could not be tidied takes the next script all the same."""
        self.warm_pool(slots=1)
        self.stage.untidy = OSError("no more processes")
        self.render("a")
        self.finish("a")
        answer = self.render("b")
        self.finish("b")

        self.assertIsInstance(self.successResultOf(answer), Drawn)

    def test_bug_in_tidying(self) -> None:
        """A slot whose tidying fails in a way that nobody foresaw is not lost; the failure is logged."""
        self.warm_pool(slots=1)
        self.stage.untidy = ZeroDivisionError()
        self.render("a")
        self.finish("a")
        answer = self.render("b")

        self.assertEqual(self.running(), ["b"])
        self.finish("b")
        self.assertIsInstance(self.successResultOf(answer), Drawn)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)


class CancelTests(PoolCase):
    """Who does not want an answer any more."""

    def test_waiting(self) -> None:
        """A script that is cancelled while it waits leaves the line and never runs."""
        self.warm_pool(slots=1)
        self.render("a")
        answer = self.render("b")
        answer.cancel()
        self.finish("a")

        self.failureResultOf(answer, CancelledError)
        self.assertEqual((self.stage.names(), self.pool.health().waiting), (["a"], 0))

    def test_running(self) -> None:
        """A script that is cancelled while it runs is told to stop, and its slot is free when it has."""
        self.warm_pool(slots=1)
        answer = self.render("a")
        cancellation = self.threads.calls[0][2][1]
        answer.cancel()
        told = os.eventfd_read(cancellation.fd)
        waiting = self.render("b")
        self.assertEqual(self.running(), ["a"])
        self.finish("a", Cancelled())
        self.finish("b")

        self.failureResultOf(answer, CancelledError)
        self.assertEqual(told, 1)
        self.assertIsInstance(self.successResultOf(waiting), Drawn)

    def test_too_late(self) -> None:
        """A script that is cancelled after its answer is left in peace."""
        self.warm_pool(slots=1)
        answer = self.render("a")
        self.finish("a")
        answer.cancel()

        self.assertIsInstance(self.successResultOf(answer), Drawn)

    def test_done_all_the_same(self) -> None:
        """A script that was done before it heard that it was cancelled does no harm."""
        self.warm_pool(slots=1)
        answer = self.render("a")
        answer.cancel()
        self.finish("a")

        self.failureResultOf(answer, CancelledError)
        self.assertEqual(self.pool.health().busy, 0)

    def test_nothing_is_left_open(self) -> None:
        """A script that has ended holds no descriptor, whether it was cancelled or not."""
        self.warm_pool(slots=2)
        before = os.listdir("/proc/self/fd")
        self.render("a")
        self.render("b").cancel()
        self.finish("a")
        self.finish("b")

        self.assertEqual(os.listdir("/proc/self/fd"), before)


class FailureTests(PoolCase):
    """What goes wrong on this side of the wall."""

    def setUp(self) -> None:
        super().setUp()
        self.logged: list[str] = []
        globalLogPublisher.addObserver(self.keep)
        self.addCleanup(globalLogPublisher.removeObserver, self.keep)

    def keep(self, event: dict[str, object]) -> None:
        """Keep what a pool logs."""
        if isinstance(event.get("log_source"), LocalPool):
            self.logged.append(str(event["log_level"].name))

    def test_no_interpreter(self) -> None:
        """A script for which no interpreter can be had is refused, and an error is logged."""
        self.warm_pool(slots=1)
        for failure in (TemplateFailed("no numpy"), OSError("no more processes")):
            answer = self.render("a")
            self.finish("a", failure)
            self.assertIsInstance(self.successResultOf(answer), Refused)

        self.assertEqual(self.logged, ["error", "error"])

    def test_bug(self) -> None:
        """A failure that nobody foresaw reaches who handed the script in, as it is, and costs no slot."""
        self.warm_pool(slots=1)
        answer = self.render("a")
        self.finish("a", ZeroDivisionError())
        self.failureResultOf(answer, ZeroDivisionError)
        self.render("b")

        self.assertEqual(self.running(), ["b"])

    def test_no_descriptor(self) -> None:
        """A script that cannot be given what cancels it is refused, and costs no slot."""
        self.warm_pool(slots=1)
        self.patch(local, "Cancellation", OutOfDescriptors)
        answer = self.render("a")
        self.threads.carry_out_all()

        self.assertIsInstance(self.successResultOf(answer), Refused)
        self.patch(local, "Cancellation", Cancellation)
        self.render("b")
        self.assertEqual(self.running(), ["b"])

    def test_no_descriptor_for_many(self) -> None:
        """Where the descriptors run out, each of a thousand that wait is refused."""
        self.warm_pool(slots=1, queue=1000)
        self.render("a")
        answers = [self.render("b") for _ in range(1000)]
        self.patch(local, "Cancellation", OutOfDescriptors)
        self.finish("a")

        self.assertEqual({type(self.successResultOf(answer)) for answer in answers}, {Refused})


class OutOfDescriptors:
    """What there is no room for."""

    def __init__(self) -> None:
        raise OSError("Too many open files")


class DrainTests(PoolCase):
    """How a pool comes to rest."""

    def test_idle(self) -> None:
        """A pool that has nothing to do has drained at once."""
        self.successResultOf(self.warm_pool().drain())

    def test_not_ready(self) -> None:
        """A pool that drains is not ready, and says why."""
        self.warm_pool().drain()

        self.assertEqual(self.pool.health().why_not, "it is draining")

    def test_refuses(self) -> None:
        """A pool that drains refuses further scripts."""
        self.warm_pool().drain()

        self.assertIsInstance(self.successResultOf(self.render("a")), Refused)
        self.assertEqual(self.running(), [])

    def test_those_taken_are_done(self) -> None:
        """A pool has drained when the last of those that ran or waited is done."""
        self.warm_pool(slots=1)
        answers = [self.render("a"), self.render("b")]
        drained = self.pool.drain()
        self.finish("a")
        self.assertNoResult(drained)
        self.finish("b")

        self.successResultOf(drained)
        self.assertEqual([type(self.successResultOf(answer)) for answer in answers], [Drawn, Drawn])

    def test_while_warming_up(self) -> None:
        """A script that came before the template was warm is done, though the pool was to drain in the meantime."""
        self.cold_pool().start()
        answer = self.render("a")
        drained = self.pool.drain()
        self.threads.carry_out_all()

        self.assertIsInstance(self.successResultOf(answer), Drawn)
        self.successResultOf(drained)

    def test_last_is_cancelled(self) -> None:
        """A pool has drained when the last that waited is cancelled."""
        self.cold_pool()
        answer = self.render("a")
        drained = self.pool.drain()
        answer.cancel()

        self.successResultOf(drained)
        self.failureResultOf(answer, CancelledError)

    def test_drained_twice(self) -> None:
        """Who asks a second time is told as well."""
        self.warm_pool(slots=1)
        self.render("a")
        drained = [self.pool.drain(), self.pool.drain()]
        self.finish("a")

        for one in drained:
            self.successResultOf(one)


class TeachingTests(PoolCase):
    """How a pool lets its template learn."""

    def test_once(self) -> None:
        """A new template is taught once, when the slots have their spares."""
        self.cold_pool(slots=2)
        self.stage.untaught = True
        self.pool.start()
        self.threads.carry_out_all()

        self.assertEqual((self.stage.lessons, self.stage.untaught), (1, False))
        self.render("a")
        self.threads.carry_out_all()
        self.assertEqual(self.stage.lessons, 1)

    def test_successor(self) -> None:
        """A template that came in another's place is taught as well."""
        self.warm_pool(slots=1)
        self.stage.untaught = True
        self.render("a")
        self.threads.carry_out_all()

        self.assertEqual(self.stage.lessons, 1)

    def test_stop_waits(self) -> None:
        """The pool is not stopped while its template learns."""
        self.warm_pool(slots=1)
        self.stage.untaught = True
        self.render("a")
        while self.stage.untaught and len(self.threads.calls) and self.threads.calls[0][1] != self.stage.teach:
            self.threads.carry_out()
        stopped = self.pool.stop()
        self.assertNoResult(stopped)
        self.assertFalse(self.stage.closed)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertTrue(self.stage.closed)


class StopTests(PoolCase):
    """How a pool ends."""

    def test_lets_go(self) -> None:
        """A pool that is stopped closes its slots and its supply, and ends its threads."""
        pool = self.warm_pool(slots=2)
        stopped = pool.stop()
        self.assertNoResult(stopped)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertEqual([slot.closed for slot in self.stage.slots], [True, True])
        self.assertEqual((self.stage.closed, self.threads.started), (True, False))

    def test_running_and_waiting(self) -> None:
        """A pool that is stopped stops what runs and refuses what waits, and tells both that it is shutting down."""
        self.warm_pool(slots=1)
        answers = [self.render("a"), self.render("b")]
        cancellation = self.threads.calls[0][2][1]
        self.pool.stop()
        told = os.eventfd_read(cancellation.fd)
        self.finish("a", Cancelled())

        self.assertEqual(told, 1)
        for answer in answers:
            self.assertEqual(self.successResultOf(answer), Refused(reason="the server is shutting down"))

    def test_waits_for_what_runs(self) -> None:
        """A slot is not closed before what runs in it has ended."""
        self.warm_pool(slots=1)
        self.render("a")
        stopped = self.pool.stop()
        self.assertEqual((self.running(), len(self.threads.calls)), (["a"], 1))
        self.finish("a", Cancelled())
        self.threads.carry_out_all()

        self.successResultOf(stopped)

    def test_waits_for_tidying(self) -> None:
        """A slot is not closed while it is being tidied."""
        self.warm_pool(slots=1)
        self.render("a")
        self.threads.carry_out()
        self.pool.stop()
        self.assertEqual(len(self.threads.calls), 1)
        self.threads.carry_out_all()

        self.assertEqual([(slot.closed, slot.has_spare) for slot in self.stage.slots], [(True, False)])

    def test_never_started(self) -> None:
        """A pool that was never started is stopped at once, and what waited is refused."""
        self.cold_pool()
        answer = self.render("a")
        self.successResultOf(self.pool.stop())

        self.assertIsInstance(self.successResultOf(answer), Refused)

    def test_stopped_twice(self) -> None:
        """Who stops a pool that is being stopped is told when it has been, and not before."""
        self.warm_pool()
        self.pool.stop()
        again = self.pool.stop()
        self.assertNoResult(again)
        self.threads.carry_out_all()

        self.successResultOf(again)

    def test_stopped_after_it_stopped(self) -> None:
        """Stopping a pool that has been stopped changes nothing."""
        pool = self.warm_pool()
        pool.stop()
        self.threads.carry_out_all()

        self.successResultOf(pool.stop())

    def test_while_warming_up(self) -> None:
        """A pool that is stopped while it warms up holds no spare in the end."""
        started = self.cold_pool(slots=1).start()
        self.pool.stop()
        self.threads.carry_out_all()
        started.addErrback(lambda failure: None)

        self.assertEqual([(slot.closed, slot.has_spare) for slot in self.stage.slots], [(True, False)])

    def test_something_cannot_be_removed(self) -> None:
        """A pool that cannot remove all that its template left ends its threads and is stopped all the same."""
        pool = self.warm_pool()
        self.stage.stuck = OSError("a folder cannot be removed")
        stopped = pool.stop()
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertFalse(self.threads.started)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_after_it_could_not_start(self) -> None:
        """A pool that could not be started without a reactor can be stopped."""
        self.stage.cold = TemplateFailed("no numpy")
        self.assertRaises(TemplateFailed, self.cold_pool().start_blocking)
        stopped = self.pool.stop()
        self.threads.carry_out_all()

        self.successResultOf(stopped)


class RateTests(PoolCase):
    """How many scripts one client may post."""

    def test_over_rate(self) -> None:
        """A client that posts more than its rate is told when to come again, and its script is not run."""
        self.warm_pool(slots=4, rate="2/60")
        for name in "abc":
            answer = self.render(name, "192.0.2.1")
        refused = self.successResultOf(answer)

        self.assertEqual((refused.over_rate, refused.retry_after), (True, 30))
        self.assertIn("--rate 2/60", refused.reason)
        self.assertEqual(self.running(), ["a", "b"])

    def test_each_alone(self) -> None:
        """One client's scripts are not counted for another; one network of IPv6 is one client."""
        self.warm_pool(slots=8, rate="1/60")
        for name, client in (("a", "192.0.2.1"), ("b", "192.0.2.2"), ("c", "2001:db8::1"), ("d", "2001:db8:0:1::1")):
            self.assertNoResult(self.render(name, client))
        self.assertTrue(self.successResultOf(self.render("e", "2001:db8::2")).over_rate)

    def test_later(self) -> None:
        """When the time has come that it was told, it may post again."""
        self.warm_pool(slots=4, rate="2/60")
        for name in "abc":
            self.render(name, "192.0.2.1")
        self.reactor.advance(30)

        self.assertNoResult(self.render("d", "192.0.2.1"))

    def test_full(self) -> None:
        """What is refused because the queue is full is not counted."""
        self.warm_pool(slots=1, queue=0, rate="2/60")
        for name in "abcd":
            answer = self.render(name, "192.0.2.1")

        self.assertFalse(self.successResultOf(answer).over_rate)
        self.finish("a")
        self.assertNoResult(self.render("e", "192.0.2.1"))

    def test_one_network_of_six(self) -> None:
        """All addresses of one network of IPv6 are one client, who cannot hold the last slot while others wait."""
        self.warm_pool(slots=2)
        for number, name in enumerate("abc"):
            self.render(name, f"2001:db8::{number}")
        self.render("other", "192.0.2.1")
        self.finish("a")
        self.assertEqual(self.running(), ["b", "other"])


class RecoveryTests(PoolCase):
    """What was lacking has come."""

    def test_spares(self) -> None:
        """Slots that could not have a spare get one after the next script that was run, whichever slot it ran in."""
        self.stage.untidy = OSError("no room")
        self.warm_pool(slots=3)
        self.assertEqual([slot.has_spare for slot in self.stage.slots], [False] * 3)
        self.stage.untidy = None
        self.render("a")
        self.finish("a")
        self.threads.carry_out_all()

        self.assertEqual([slot.has_spare for slot in self.stage.slots], [True] * 3)


class RenewalTests(PoolCase):
    """Replacing the template."""

    def test_idle(self) -> None:
        """Where nothing runs, each slot gets a spare of the fresh template, and then the old one is ended."""
        pool = self.warm_pool()
        renewed = pool.renew()
        self.threads.carry_out()
        self.assertEqual([slot.outdated for slot in self.stage.slots], [True, True])
        self.assertEqual(self.stage.retired, [])
        self.threads.carry_out_all()

        self.successResultOf(renewed)
        self.assertEqual([slot.outdated for slot in self.stage.slots], [False, False])
        self.assertEqual(self.stage.retired, ["template 1"])

    def test_running(self) -> None:
        """A script that runs is waited for before the old template is ended; others run meanwhile."""
        pool = self.warm_pool()
        running = self.render("a")
        renewed = pool.renew()
        self.threads.carry_out(1)
        self.threads.carry_out(1)
        self.render("b")
        self.finish("b")
        self.assertEqual((self.stage.retired, self.running()), ([], ["a"]))
        self.finish("a")
        self.threads.carry_out_all()

        self.assertEqual(self.successResultOf(running).outputs, _DRAWN.outputs)
        self.successResultOf(renewed)
        self.assertEqual(self.stage.retired, ["template 1"])

    def test_just_tidied(self) -> None:
        """A slot that got its spare from the old template while the new one came is tidied once more."""
        pool = self.warm_pool(slots=1)
        self.render("a")
        self.threads.carry_out()
        renewed = pool.renew()
        # It has its spare already, and the pool is yet to hear of it.
        told, call, args = self.threads.calls.pop(0)
        call(*args)
        self.threads.carry_out()
        told(True, None)
        self.assertEqual((self.stage.slots[0].outdated, self.stage.retired), (True, []))
        self.threads.carry_out_all()

        self.successResultOf(renewed)
        self.assertEqual((self.stage.slots[0].outdated, self.stage.retired), (False, ["template 1"]))

    def test_one_after_the_other(self) -> None:
        """Who asks while a template is being replaced gets another one, started after he asked."""
        pool = self.warm_pool()
        first, second = pool.renew(), pool.renew()
        self.threads.carry_out()
        self.assertEqual(self.stage.renewed, 1)
        self.threads.carry_out_all()

        self.successResultOf(first)
        self.successResultOf(second)
        self.assertEqual(self.stage.retired, ["template 1", "template 2"])

    def test_failed(self) -> None:
        """Where there cannot be a fresh template, who asked is told, all stays as it is, and one may ask again."""
        pool = self.warm_pool()
        self.stage.stale = TemplateFailed("no room")
        renewed = pool.renew()
        self.threads.carry_out_all()
        self.failureResultOf(renewed, TemplateFailed)
        self.assertTrue(pool.health().ready)
        self.stage.stale = None
        renewed = pool.renew()
        self.threads.carry_out_all()

        self.successResultOf(renewed)

    def test_stopped_meanwhile(self) -> None:
        """A pool that is stopped while a template is being replaced waits for that, and then ends."""
        pool = self.warm_pool()
        pool.renew()
        stopped = pool.stop()
        self.assertNoResult(stopped)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertTrue(self.stage.closed)

    def test_not_started(self) -> None:
        """A pool without a template has none to replace."""
        self.successResultOf(self.cold_pool().renew())
        self.assertEqual(self.stage.renewed, 0)
