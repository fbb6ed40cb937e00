"""Tests of L{cpyrender.pool.cancellation}; that scripts are stopped by one is tested with conversations and pools."""

from __future__ import annotations

import os
import select

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.cancellation import Cancellations


class CancellationsTests(SynchronousTestCase):
    """L{Cancellations}."""

    def setUp(self) -> None:
        self.cancellations = Cancellations()
        self.addCleanup(self.cancellations.close)

    def test_used_again(self) -> None:
        """One whose script has ended is for the next, and two scripts never have the same."""
        first, second = self.cancellations.take(), self.cancellations.take()
        self.cancellations.put_back(first)
        again = self.cancellations.take()
        for one in (again, second):
            self.cancellations.put_back(one)

        self.assertIs(again, first)
        self.assertIsNot(first, second)

    def test_used_up(self) -> None:
        """One that has cancelled a script is not for another, and lets go of its descriptor."""
        first = self.cancellations.take()
        first.cancel()
        self.cancellations.put_back(first)
        second = self.cancellations.take()
        self.cancellations.put_back(second)

        self.assertIsNot(first, second)
        self.assertEqual(select.select([second.fd], [], [], 0)[0], [])

    def test_closed(self) -> None:
        """None is kept after the end, neither one that waits then nor one that is put back later."""
        late, unused = self.cancellations.take(), self.cancellations.take()
        self.cancellations.put_back(unused)
        self.cancellations.close()
        self.assertRaises(OSError, os.fstat, unused.fd)
        self.cancellations.put_back(late)

        self.assertRaises(OSError, os.fstat, late.fd)
