"""Tests of L{cpyrender.pool.unhurried}."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.unhurried import SECONDS_UNTIL_TOLD, Unhurried
from tests.pool.staged import PoolReactor


class UnhurriedTests(SynchronousTestCase):
    """L{Unhurried}."""

    def setUp(self) -> None:
        self.reactor = PoolReactor()
        self.expected = False
        self.unhurried = Unhurried(self.reactor, lambda word="": word == "urgent", lambda: self.expected)
        self.told: list[str] = []

    def tell(self, *words: str) -> int:
        """Tell these from a thread; return how often the reactor has been woken so far."""
        for word in words:
            self.unhurried.callFromThread(self.told.append, word)
        return self.reactor.woken

    def test_heard(self) -> None:
        """What does not matter at once is heard of by who asks, in the order in which it was told."""
        woken = self.tell("a", "b")
        before = self.told.copy()
        self.unhurried.hear()

        self.assertEqual((woken, before, self.told), (0, [], ["a", "b"]))

    def test_urgent(self) -> None:
        """What matters wakes the reactor, which hears of all that came before as well, and of nothing twice."""
        woken = self.tell("a", "urgent")
        self.unhurried.hear()

        self.assertEqual((woken, self.told), (1, ["a", "urgent"]))

    def test_expected(self) -> None:
        """What is expected is heard of soon, if nobody asks."""
        self.unhurried.expect()
        self.tell("a")
        self.reactor.advance(SECONDS_UNTIL_TOLD - 0.01)
        before = self.told.copy()
        self.reactor.advance(0.01)

        self.assertEqual((before, self.told, self.reactor.woken), ([], ["a"], 0))

    def test_late(self) -> None:
        """What is told later than that is heard of as soon, however long it takes, and nothing is waited for then."""
        self.expected = True
        self.unhurried.expect()
        self.reactor.pump([SECONDS_UNTIL_TOLD] * 10)
        self.tell("a")
        self.expected = False
        self.reactor.advance(SECONDS_UNTIL_TOLD)

        self.assertEqual((self.told, self.reactor.woken, self.reactor.getDelayedCalls()), (["a"], 0, []))

    def test_while_hearing(self) -> None:
        """What is told, or asked, while something is heard of is heard of once, and in its turn."""

        def both(word: str) -> None:
            self.tell("c")
            self.told.append(word)
            self.unhurried.hear()

        self.unhurried.callFromThread(both, "a")
        self.tell("b")
        self.unhurried.hear()

        self.assertEqual(self.told, ["a", "b", "c"])

    def test_failure(self) -> None:
        """What cannot be dealt with is logged; neither who asks nor what has been told after it suffers for that."""
        self.unhurried.callFromThread(lambda: 1 / 0)
        self.tell("b")
        self.unhurried.hear()

        self.assertEqual((self.told, len(self.flushLoggedErrors(ZeroDivisionError))), (["b"], 1))

    def test_end(self) -> None:
        """From its end on the reactor is woken for everything, and nothing is left to be heard of, or expected."""
        self.unhurried.expect()
        self.tell("a")
        self.unhurried.end()
        at_the_end = self.told.copy()
        self.unhurried.expect()

        self.assertEqual((at_the_end, self.tell("b"), self.told), (["a"], 1, ["a", "b"]))
        self.assertEqual(self.reactor.getDelayedCalls(), [])
