"""Tests of L{cpyrender.child.progress}."""

import os
import threading

from twisted.trial.unittest import SynchronousTestCase

from cpyrender import wire
from cpyrender.child.progress import Progress


class ProgressTests(SynchronousTestCase):
    """L{Progress}."""

    def setUp(self) -> None:
        self.read, write = os.pipe()
        self.addCleanup(os.close, self.read)
        self.addCleanup(os.close, write)
        os.set_blocking(self.read, False)
        self.progress = Progress(write)

    def sent(self) -> list[dict[str, object]]:
        """Return the frames that have been sent."""
        found = []
        while True:
            reader = wire.FrameReader(0)
            try:
                while reader.read(self.read):
                    pass
            except BlockingIOError:
                return found
            found.append(reader.header)

    def test_sent(self) -> None:
        """A report is sent at once, cut to a length that fits on a line."""
        self.progress(0.25, "x" * 1000)

        self.assertEqual(self.sent(), [{"kind": "progress", "report": [0.25, "x" * 100]}])

    def test_not_too_many(self) -> None:
        """Of reports that come faster than anybody reads, few are sent; the last hundred are kept."""
        for number in range(1000):
            self.progress(number / 1000, "")

        self.assertLess(len(self.sent()), 200)
        self.assertEqual([fraction for fraction, _ in self.progress.reports], [n / 1000 for n in range(900, 1000)])

    def test_ended(self) -> None:
        """After the end nothing is sent."""
        self.progress.end()
        self.progress(1.0, "late")

        self.assertEqual(self.sent(), [])

    def test_nobody_listens(self) -> None:
        """Without a descriptor, reports are only kept."""
        progress = Progress(None)
        progress(0.5, "half")

        self.assertEqual(progress.reports, [(0.5, "half")])

    def test_threads(self) -> None:
        """What several threads report arrives in whole frames."""
        self.progress._next = float("-inf")
        threads = [threading.Thread(target=self.progress, args=(0.5, "y" * 100)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertTrue(all(frame["report"] == [0.5, "y" * 100] for frame in self.sent()))
