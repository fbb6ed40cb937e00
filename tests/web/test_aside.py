"""Tests of L{cpyrender.web.aside}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.aside import Aside


class Threads(MemoryReactorClock):
    """A reactor, and its threads, which work when they are told to.

    @ivar work: what they have been given and have not begun.
    """

    def __init__(self) -> None:
        super().__init__()
        self.work: list[Callable[[], None]] = []

    def getThreadPool(self) -> Threads:
        return self

    def callInThreadWithCallback(self, told: Callable[[bool, Any], None], call: Any, *args: Any, **named: Any) -> None:
        def work() -> None:
            try:
                result = call(*args, **named)
            except Exception:
                told(False, Failure())
            else:
                told(True, result)

        self.work.append(work)

    def callFromThread(self, call: Any, *args: Any, **named: Any) -> None:
        call(*args, **named)


class AsideTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.threads = Threads()
        self.aside = Aside(self.threads)

    def do(self, work: Callable[[], object]) -> Deferred[object]:
        return Deferred.fromCoroutine(self.aside.do(work))

    def test_result(self) -> None:
        """What the work returns is returned, once a thread has done it."""
        done = self.do(lambda: 7)
        self.assertNoResult(done)
        self.threads.work.pop()()
        self.assertEqual(self.successResultOf(done), 7)

    def test_error(self) -> None:
        """What the work raises is raised, and the next is done as if nothing had been."""
        failed, done = self.do(lambda: int("x")), self.do(lambda: 7)
        self.threads.work.pop()()
        self.failureResultOf(failed, ValueError)
        self.threads.work.pop()()
        self.assertEqual(self.successResultOf(done), 7)

    def test_one_at_a_time(self) -> None:
        """Only one thread works at a time, and those who came first come first."""
        order: list[int] = []
        for number in range(3):
            self.do(lambda number=number: order.append(number))  # type: ignore[misc]
        while self.threads.work:
            (work,) = self.threads.work
            self.threads.work.clear()
            work()
        self.assertEqual(order, [0, 1, 2])

    def test_cancelled(self) -> None:
        """Who leaves while a thread works for him is told at once; the next work waits for the thread all the same."""
        gone, done = self.do(lambda: 1), self.do(lambda: 2)
        gone.cancel()
        self.failureResultOf(gone, CancelledError)
        self.assertEqual(len(self.threads.work), 1)
        self.threads.work.pop(0)()
        self.threads.work.pop(0)()
        self.assertEqual(self.successResultOf(done), 2)

    def test_cancelled_before(self) -> None:
        """Who leaves before his turn costs no thread anything."""
        done, gone = self.do(lambda: 1), self.do(lambda: 2)
        gone.cancel()
        self.failureResultOf(gone, CancelledError)
        self.threads.work.pop()()
        self.assertEqual((self.successResultOf(done), self.threads.work), (1, []))
