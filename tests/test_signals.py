"""Tests of L{cpyrender.signals}."""

import os
import signal
import threading
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.signals import Signals

USUAL = signal.SIGUSR2


class Later:
    """A reactor that keeps what it is to call."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[[], object]) -> None:
        self.calls.append(call)


class SignalsTests(SynchronousTestCase):
    """L{Signals}."""

    def setUp(self) -> None:
        self.before = signal.signal(USUAL, signal.SIG_IGN)
        self.addCleanup(signal.signal, USUAL, self.before)
        self.reactor = Later()
        self.signals = Signals(self.reactor)
        self.heard: list[str] = []

    def test_heard(self) -> None:
        """A signal is heard in the reactor's own time, as often as it comes."""
        self.signals.hear(USUAL, lambda: self.heard.append("a"))
        os.kill(os.getpid(), USUAL)
        os.kill(os.getpid(), USUAL)
        self.assertEqual(self.heard, [])
        for call in self.reactor.calls:
            call()
        self.assertEqual(self.heard, ["a", "a"])

    def test_given_back(self) -> None:
        """After it has been given back, there happens what happened before, however often it was asked for."""
        self.signals.hear(USUAL, lambda: self.heard.append("a"))
        self.signals.hear(USUAL, lambda: self.heard.append("b"))
        self.signals.give_back()
        self.assertEqual(signal.getsignal(USUAL), signal.SIG_IGN)

    def test_another_thread(self) -> None:
        """In a thread that may not ask for signals, none is heard, and nothing is broken."""
        thread = threading.Thread(target=self.signals.hear, args=(USUAL, print))
        thread.start()
        thread.join()
        self.assertEqual(signal.getsignal(USUAL), signal.SIG_IGN)
