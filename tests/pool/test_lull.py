"""Tests of L{cpyrender.pool.lull}."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.lull import Lull


class LullTests(SynchronousTestCase):
    """L{Lull}, of five seconds."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[float] = []
        self.lull = Lull(self.clock, 5, lambda: self.told.append(self.clock.seconds()))

    def test_nothing_yet(self) -> None:
        """Before anything has come, there is nothing to tell."""
        self.clock.advance(100)

        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))

    def test_told(self) -> None:
        """It is told the given time after the last that came, and once."""
        for _ in range(4):
            self.lull.interrupt()
            self.clock.advance(3)
        self.clock.pump([0.5] * 100)

        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([14.0], []))

    def test_told_again(self) -> None:
        """It is told again when something has come since."""
        for _ in range(2):
            self.lull.interrupt()
            self.clock.advance(5)

        self.assertEqual(self.told, [5.0, 10.0])

    def test_ended(self) -> None:
        """When it has been ended it is never told, whatever came before or comes after; no delayed call is left."""
        self.lull.interrupt()
        self.assertFalse(self.lull.ended)
        self.lull.end()
        self.assertTrue(self.lull.ended)
        self.lull.interrupt()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(100)
        self.lull.end()

        self.assertEqual(self.told, [])
