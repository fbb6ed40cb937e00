"""Tests of L{cpyrender.deadline}."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.deadline import Deadline

_SECONDS = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 8.0])
_steps = st.lists(st.tuples(st.sampled_from(["after", "call off", "wait"]), _SECONDS), max_size=30)


class DeadlineTests(SynchronousTestCase):
    """L{Deadline}."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.happened: list[float] = []
        self.deadline = Deadline(self.clock)
        self.addCleanup(lambda: self.assertEqual(self.clock.getDelayedCalls(), []))
        self.addCleanup(self.deadline.close)

    def happens(self) -> None:
        self.happened.append(self.clock.seconds())

    @given(_steps)
    def test_whatever_is_done(self, steps: list[tuple[str, float]]) -> None:
        """It happens when it was last to happen, and never where it was called off; at most one call is waited for."""
        self.happened.clear()
        self.deadline.call_off()
        due, expected = None, []
        for what, seconds in steps:
            now = self.clock.seconds()
            if what == "after":
                self.deadline.after(seconds, self.happens)
                due = now + seconds
            elif what == "call off":
                self.deadline.call_off()
                due = None
            elif due is not None and due <= now + seconds:
                expected.append(due)
                due = None
            if what == "wait":
                # In steps, as the reactor has its rounds.
                self.clock.pump([0.0, *[0.5] * int(2 * seconds)])
            if due is not None and due <= self.clock.seconds():
                self.clock.advance(0)
                expected.append(due)
                due = None
            self.assertEqual(self.deadline.set, due is not None)
            self.assertLessEqual(len(self.clock.getDelayedCalls()), 1)
        self.assertEqual(self.happened, expected)

    def test_one_call_for_many_moments(self) -> None:
        """A moment that is moved further away, again and again, asks for no call of its own."""
        self.deadline.after(10, self.happens)
        (call,) = self.clock.getDelayedCalls()
        for _ in range(20):
            self.clock.advance(0.1)
            self.deadline.call_off()
            self.deadline.after(30, self.happens)
            self.assertEqual(self.clock.getDelayedCalls(), [call])
        self.clock.advance(29.9)
        self.assertEqual(self.happened, [])
        self.clock.advance(0.2)
        self.assertEqual(self.happened, [self.clock.seconds()])

    def test_what_happens_last(self) -> None:
        """What was to happen before does not."""
        self.deadline.after(1, lambda: self.fail("this is not it"))
        self.deadline.after(2, self.happens)
        self.clock.advance(2)
        self.assertEqual(self.happened, [2])

    def test_set_by_what_happens(self) -> None:
        """What happens may set the next moment."""
        self.deadline.after(1, lambda: self.deadline.after(1, self.happens))
        self.clock.pump([1, 1])
        self.assertEqual(self.happened, [2])

    def test_close(self) -> None:
        """A deadline that is closed is forgotten by the reactor, whether something was to happen or not."""
        for call_off in (False, True):
            self.deadline.after(1, self.happens)
            if call_off:
                self.deadline.call_off()
            self.deadline.close()
            self.assertEqual((self.deadline.set, self.clock.getDelayedCalls()), (False, []))
        self.clock.advance(2)
        self.assertEqual(self.happened, [])
