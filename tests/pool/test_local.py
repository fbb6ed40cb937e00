"""Tests of L{cpyrender.pool.local}."""

from __future__ import annotations

import os

from attrs import evolve
from twisted.internet.defer import CancelledError
from twisted.logger import globalLogPublisher

from cpyrender.pool import local
from cpyrender.pool.cancellation import Cancellation, Cancelled
from cpyrender.pool.local import LocalPool
from cpyrender.pool.template import TemplateFailed
from cpyrender.values import Cause, Drawn, Failed, Refused, Timing
from tests.pool.staged import DRAWN, HeldThreads, PoolCase


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

    def test_start_blocking(self) -> None:
        """A pool that is started without a reactor is warm when the call returns."""
        pool = self.cold_pool()
        ready: list[bool] = []
        pool.start_blocking(meanwhile=lambda: ready.append(pool.health().ready))

        self.assertEqual((ready, pool.health().ready), ([False], True))

    def test_cold(self) -> None:
        """A pool whose template cannot be warmed up says why, to who started it and to who asks."""
        self.stage.cold = TemplateFailed("no numpy")
        started = self.cold_pool().start()
        self.threads.carry_out_all()

        self.assertEqual(str(self.failureResultOf(started, TemplateFailed).value), "no numpy")
        self.assertEqual((self.pool.health().ready, self.pool.health().why_not), (False, "no numpy"))

    def test_no_threads(self) -> None:
        """A pool for which there are no threads says why, and lets no script wait for what will not come."""
        self.patch(HeldThreads, "start", _no_room)
        started = self.cold_pool().start()

        self.assertEqual(str(self.failureResultOf(started, OSError).value), "can't start new thread")
        self.assertEqual(self.pool.health().why_not, "can't start new thread")
        self.assertIsInstance(self.successResultOf(self.render("a")), Refused)
        self.successResultOf(self.pool.stop())

    def test_no_threads_to_wait_for(self) -> None:
        """So does one that is started without a reactor."""
        self.patch(HeldThreads, "start", _no_room)

        self.assertRaises(OSError, self.cold_pool().start_blocking)

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

        self.assertEqual(self.successResultOf(answer), evolve(DRAWN, timing=Timing(queue=1.5, run=0.5, encode=0.25)))

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

    def test_while_slots_are_tidied(self) -> None:
        """Slots that are being tidied count as free: as many scripts are taken as run and wait at once."""
        pool = self.cold_pool(slots=2, queue=1)
        pool.start()
        self.threads.carry_out()
        taken = [self.render(name) for name in "abc"]
        refused = self.successResultOf(self.render("d"))

        self.assertEqual(refused.reason, "the queue is full (scripts waiting: 1)")
        self.threads.carry_out_all()
        self.assertEqual([self.successResultOf(one).outputs for one in taken], [DRAWN.outputs] * 3)

    def test_full(self) -> None:
        """A script that finds the queue full is refused, and told when to come again."""
        self.warm_pool(slots=1, queue=2)
        for name in "abc":
            self.render(name)
        refused = self.successResultOf(self.render("d"))

        self.assertEqual(refused, Refused(reason="the queue is full (scripts waiting: 2)", retry_after=3))

    def test_room_for_others(self) -> None:
        """One client cannot have the whole queue: its last script makes room for another's, until both have as many."""
        self.warm_pool(slots=1, queue=4)
        of_a = [self.render(f"a{number}", "a") for number in range(5)]
        of_b = [self.render(f"b{number}", "b") for number in range(3)]

        refused = Refused(reason="the queue is full (scripts waiting: 4)", retry_after=5)
        self.assertEqual([self.successResultOf(one) for one in (of_a[4], of_a[3], of_b[2])], [refused] * 3)
        for one in (*of_a[:3], *of_b[:2]):
            self.assertNoResult(one)

    def test_room_for_nobody_over_the_rate(self) -> None:
        """Who is over the rate takes no place from anybody."""
        self.warm_pool(slots=1, queue=2, rate="2/60")
        for name in ("b0", "b1"):
            self.render(name, "b")
            self.finish(name)
        self.render("c0", "c")
        waiting = [self.render(name, "a") for name in ("a0", "a1")]
        refused = self.successResultOf(self.render("b2", "b"))

        self.assertTrue(refused.over_rate)
        for one in waiting:
            self.assertNoResult(one)

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


def _no_room(threads: HeldThreads) -> None:
    raise OSError("can't start new thread")


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


class StopTests(PoolCase):
    """How a pool ends."""

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
