"""Tests of the pure part of L{cpyrender.pool.learning}; for the rest see C{tests/live/test_learning.py}."""

import mmap
import struct

from hypothesis import given
from hypothesis.strategies import integers, sets
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.learning import asked_for, joined


class AskedForTests(SynchronousTestCase):
    """L{asked_for}."""

    FILES = (range(5, 21), range(21, 40), range(50, 52))

    def comes_with(self, asked: set[int], there: set[int]) -> set[int]:
        """Return what comes when pages are asked for, of those that are there, as the kernel has it."""
        come = set(asked)
        for part in self.FILES:
            for page in asked & {*part}:
                come.update({*range(page // 16 * 16, page // 16 * 16 + 16)} & {*part} & there)
        return come

    @given(sets(integers(0, 63)))
    def test_all_come(self, pages: set[int]) -> None:
        """All pages come that were given, and each that is asked for is one of them."""
        asked = asked_for(pages, self.FILES)

        self.assertLessEqual(asked, pages)
        self.assertEqual(self.comes_with(asked, pages), pages)

    def test_few(self) -> None:
        """Of neighbours, the first is asked for; one of which some are not there is asked for page by page."""
        self.assertEqual(asked_for({*range(5, 40), 50}, self.FILES), {5, 16, 21, 32, 50})
        self.assertEqual(asked_for({*range(5, 30)}, self.FILES), {5, 16, *range(21, 30)})


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
