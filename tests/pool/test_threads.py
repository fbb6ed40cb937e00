"""Tests of L{cpyrender.pool.threads}."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.threads import Threads
from tests.live.running import until
from tests.pool.staged import PoolReactor

_COUNT = 3
_PATIENCE = 20.0


class ThreadsTests(SynchronousTestCase):
    """L{Threads}."""

    def setUp(self) -> None:
        self.threads = Threads(_COUNT, "testing")
        self.told: SimpleQueue[tuple[bool, object]] = SimpleQueue()
        self.go_on = threading.Event()
        self.threads.start()
        self.addCleanup(self.threads.stop)
        self.addCleanup(self.go_on.set)

    def hand_over(self, call: Callable[..., object], *args: object) -> None:
        """Have something done."""
        self.threads.callInThreadWithCallback(lambda *told: self.told.put(told), call, *args)

    def hear(self) -> tuple[bool, object]:
        """Return what is told next."""
        return self.told.get(timeout=_PATIENCE)

    def wait_until_idle(self) -> None:
        """Wait until there is nothing left to be done."""
        until(lambda: self.threads.idle == _COUNT, "all of them to be idle")

    def test_result(self) -> None:
        """Who asked is told what came of it, in the thread that did it."""
        self.hand_over(lambda *args: (args, threading.current_thread().name.rpartition("-")[0]), 1, 2)

        self.assertEqual(self.hear(), (True, ((1, 2), "testing")))

    def test_deferred(self) -> None:
        """They are what L{deferToThreadPool} asks for."""
        reactor = PoolReactor()
        deferred = deferToThreadPool(reactor, self.threads, len, "abc")  # type: ignore[arg-type]  # its docs ask for less
        until(lambda: deferred.called, "a result")

        self.assertEqual(self.successResultOf(deferred), 3)

    def test_failure(self) -> None:
        """What is raised is told, also what is meant to end a process, and the thread does more after that."""
        outcomes = []
        for error in (ValueError, SystemExit):
            self.hand_over(_raise, error)
            succeeded, failure = self.hear()
            assert isinstance(failure, Failure)
            outcomes.append((succeeded, failure.type))
        self.wait_until_idle()

        self.assertEqual(outcomes, [(False, ValueError), (False, SystemExit)])

    def test_cannot_be_told(self) -> None:
        """Where telling fails, the log says so, and the thread does more after that."""
        self.threads.callInThreadWithCallback(lambda *told: _raise(ValueError), len, "")
        until(lambda: bool(self.flushLoggedErrors(ValueError)), "a word in the log")
        self.wait_until_idle()

    def test_all_at_once(self) -> None:
        """As many things are done at once as there are threads; what is more waits."""
        together = threading.Barrier(_COUNT + 1)
        for _ in range(_COUNT):
            self.hand_over(lambda: (together.wait(_PATIENCE), self.go_on.wait(_PATIENCE)) and "first")
        self.hand_over(str, "second")
        together.wait(_PATIENCE)
        early = self.told.qsize()
        self.go_on.set()
        told = [self.hear() for _ in range(_COUNT + 1)]

        self.assertEqual((early, sorted(str(word) for _, word in told)), (0, ["first"] * _COUNT + ["second"]))

    def test_in_order(self) -> None:
        """What waits is done in its order."""
        alone = Threads(1, "testing")
        alone.start()
        self.addCleanup(alone.stop)
        self.addCleanup(self.go_on.set)
        alone.callInThreadWithCallback(lambda *told: None, self.go_on.wait, _PATIENCE)
        for number in range(20):
            alone.callInThreadWithCallback(lambda *told: self.told.put(told), int, number)
        self.go_on.set()

        self.assertEqual([self.hear()[1] for _ in range(20)], list(range(20)))

    def test_busy_last(self) -> None:
        """It is the thread that was busy last which does what comes next."""
        names = set()
        for _ in range(10):
            self.wait_until_idle()
            self.hand_over(lambda: threading.current_thread().name)
            names.add(self.hear()[1])

        self.assertEqual(len(names), 1)

    def test_lets_go(self) -> None:
        """What has been done is not held by a thread that waits."""
        thing = _Thing()
        gone = weakref.ref(thing)
        self.hand_over(id, thing)
        self.hear()
        del thing
        self.wait_until_idle()

        until(lambda: gone() is None, "the end of what was done")

    def test_stop(self) -> None:
        """What has been handed over is done before the end; what comes later is dropped; they can begin anew."""
        for number in range(_COUNT * 2):
            self.hand_over(int, number)
        self.threads.stop()
        done = {self.told.get_nowait()[1] for _ in range(_COUNT * 2)}
        self.hand_over(int, -1)
        self.threads.start()
        self.hand_over(int, -2)

        self.assertEqual((done, self.hear()), (set(range(_COUNT * 2)), (True, -2)))

    def test_stopped_twice(self) -> None:
        """Nothing is left to be stopped then."""
        self.threads.stop()
        self.threads.stop()

        self.assertEqual([one for one in threading.enumerate() if one.name.startswith("testing")], [])

    def test_no_room(self) -> None:
        """Where the system has no room for one more, that is said, and none of those that began before it is left."""
        others = Threads(_COUNT, "others")
        start = threading.Thread.start

        def start_or_not(thread: threading.Thread) -> None:
            if thread.name == "others-2":
                raise RuntimeError("can't start new thread")
            start(thread)

        self.patch(threading.Thread, "start", start_or_not)
        error = self.assertRaises(OSError, others.start)

        self.assertEqual(str(error), "can't start new thread")
        self.assertEqual([one for one in threading.enumerate() if one.name.startswith("others")], [])


class _Thing:
    """Something that can be seen to be gone."""


def _raise(error: type[BaseException]) -> None:
    raise error("as it was told to")
