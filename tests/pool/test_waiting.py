"""Tests of L{cpyrender.pool.waiting}."""

from attrs import define
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.waiting import WaitingLine


@define(eq=False)
class Job:
    """Somebody's job, told from all others by being itself."""

    client: str


class Street(RuleBasedStateMachine):
    """A line before some slots, and what a patient observer would write down about it."""

    @initialize(slots=st.integers(1, 4))
    def open(self, slots: int) -> None:
        self.line = WaitingLine[Job](slots, 6)
        self.waiting: list[Job] = []
        self.running: list[Job] = []

    def holds(self, client: str) -> int:
        """Return how many slots a client holds."""
        return sum(job.client == client for job in self.running)

    @rule(client=st.sampled_from("abc"))
    def join(self, client: str) -> None:
        job = Job(client)
        self.line.join(job)
        self.waiting.append(job)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.waiting))
        self.line.leave(job)
        self.waiting.remove(job)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.running))
        self.line.done(job, 1.0)
        self.running.remove(job)

    @precondition(lambda self: len(self.running) < self.line.slots)
    @rule()
    def take(self) -> None:
        job = self.line.take()
        if job is None:
            assert not self.waiting, "somebody waits, and nobody was taken"
            return
        assert job in self.waiting, "this one did not wait, or was taken twice"
        of_this_client = [other for other in self.waiting if other.client == job.client]
        assert job is of_this_client[0], "a client's own jobs overtook each other"
        self.check_share(job)
        self.check_order(job)
        self.waiting.remove(job)
        self.running.append(job)

    def check_share(self, job: Job) -> None:
        """Nobody who holds all slots but the last gets that one too, while somebody else waits for it."""
        last = len(self.running) == self.line.slots - 1
        others = any(other.client != job.client for other in self.waiting)
        if last and others and self.line.slots > 1:
            assert self.holds(job.client) < self.line.slots - 1, "one client was given all slots while another waited"

    def check_order(self, job: Job) -> None:
        """Nobody is overtaken but a client that holds all slots but one."""
        for overtaken in self.waiting[: self.waiting.index(job)]:
            assert self.holds(overtaken.client) >= max(1, self.line.slots - 1), "somebody was overtaken"

    @invariant()
    def counts(self) -> None:
        if hasattr(self, "line"):
            assert len(self.line) == len(self.waiting), "jobs were lost or doubled"


class WaitingLineTests(SynchronousTestCase):
    """L{WaitingLine}."""

    def test_any_course_of_events(self) -> None:
        """However jobs come, go and end, none is lost, doubled or overtaken, and no client takes every slot."""
        run_state_machine_as_test(Street)

    def test_nobody_waits(self) -> None:
        """Where nobody waits there is nobody to take."""
        self.assertIsNone(WaitingLine[Job](2, 2).take())

    def test_last_slot_is_kept_for_others(self) -> None:
        """Of two slots a client gets one while another client waits, however many jobs it brought first."""
        line = WaitingLine[Job](2, 10)
        first, second, stranger = Job("a"), Job("a"), Job("b")
        for job in (first, second, stranger):
            line.join(job)

        self.assertEqual([line.take(), line.take(), line.take()], [first, stranger, second])

    def test_all_slots_for_one_alone(self) -> None:
        """A client that is alone has the use of all slots."""
        line = WaitingLine[Job](2, 10)
        jobs = [Job("a"), Job("a")]
        for job in jobs:
            line.join(job)

        self.assertEqual([line.take(), line.take()], jobs)

    def test_one_too_many(self) -> None:
        """Of the client that has most waiting, the last makes room, but not for one who would have as many then."""
        line = WaitingLine[Job](1, 10)
        jobs = [Job(client) for client in "aababcc"]
        for job in jobs:
            line.join(job)

        self.assertIs(line.too_many_for("d"), jobs[3])
        self.assertIs(line.too_many_for("b"), None)
        self.assertIs(line.too_many_for("a"), None)
        line.join(another := Job("a"))
        self.assertIs(line.too_many_for("b"), another)
        self.assertIsNone(WaitingLine[Job](1, 10).too_many_for("a"))


class RetryAfterTests(SynchronousTestCase):
    """L{WaitingLine.retry_after}."""

    def line(self, slots: int, waiting: int, *seconds: float) -> WaitingLine[Job]:
        """Return a line in which so many wait, after jobs that took so long."""
        line = WaitingLine[Job](slots, 1000)
        for each in seconds:
            line.join(Job(""))
            line.done(line.take(), each)
        for _ in range(waiting):
            line.join(Job(""))
        return line

    def test_rounds(self) -> None:
        """With four waiting for two slots the next is served in the third round of typical length."""
        self.assertEqual(self.line(2, 4, 3.0, 3.0, 60.0).retry_after(), 9)

    def test_nothing_known(self) -> None:
        """Before any job is done one round is taken to last a second."""
        self.assertEqual(self.line(2, 4).retry_after(), 3)

    def test_at_least_a_second(self) -> None:
        """However quick the jobs, nobody is told to come back at once."""
        self.assertEqual(self.line(8, 0, 0.001).retry_after(), 1)

    def test_at_most_an_hour(self) -> None:
        """However slow the jobs, nobody is sent away for longer than an hour."""
        self.assertEqual(self.line(1, 900, 80000.0).retry_after(), 3600)

    def test_only_recent_jobs_count(self) -> None:
        """What jobs took long ago is forgotten."""
        self.assertEqual(self.line(1, 0, *[1000.0] * 40, *[2.0] * 32).retry_after(), 2)
