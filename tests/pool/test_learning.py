"""Tests of the pure part of L{cpyrender.pool.learning}; for the rest see C{tests/live/test_learning.py}."""

import mmap
import struct

from hypothesis import given
from hypothesis.strategies import integers, sets
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.learning import joined


class JoinedTests(SynchronousTestCase):
    """L{joined}."""

    @given(sets(integers(0, 200)))
    def test_same_pages(self, pages: set[int]) -> None:
        """The ranges hold the pages that were given, each once, and no two of them touch."""
        ranges = list(struct.iter_unpack("=QQ", joined(pages).packed))
        held = [page for start, length in ranges for page in range(start, start + length, mmap.PAGESIZE)]
        ends = {start + length for start, length in ranges}

        self.assertEqual([address // mmap.PAGESIZE for address in held], sorted(pages))
        self.assertFalse(ends & {start for start, _ in ranges})
