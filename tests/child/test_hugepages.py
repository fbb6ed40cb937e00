"""Tests of L{cpyrender.child.hugepages}."""

import ctypes
import gc
import mmap
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cpyrender.child.hugepages import collapse, end_around, with_objects, within
from tests.child.apart import run_apart

_COLLAPSE = """
import re
from cpyrender.child.hugepages import collapse, with_objects
def huge():
    with open("/proc/self/smaps_rollup") as lines:
        return int(re.search(r"AnonHugePages: *([0-9]+)", lines.read())[1])
kept = [[number] for number in range(200_000)]
before = huge()
count = collapse(with_objects())
print(count, huge() - before, sum(number for number, in kept))
"""


def need_huge_pages() -> None:
    """Skip a test where the kernel has none to give."""
    enabled = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not enabled.exists() or "[never]" in enabled.read_text():
        raise SkipTest("the kernel has no huge pages to give")


class CollapseTests(SynchronousTestCase):
    """L{collapse}."""

    def test_in_huge_pages(self) -> None:
        """As many huge pages are in use afterwards as are said to be, and the objects are what they were."""
        count, kilobytes, kept = map(int, run_apart(_COLLAPSE).split())

        self.assertEqual((kilobytes, kept), (count * 2048, 199_999 * 100_000))
        need_huge_pages()
        self.assertTrue(count)

    def test_neighbours(self) -> None:
        """What lies beside objects belongs to them: the collector knows of no strings."""
        where = id(self) >> 21

        self.assertLessEqual({where - 1, where, where + 1}, with_objects())

    def test_nothing_to_collapse(self) -> None:
        """A part of memory that is not mapped is passed over."""
        self.assertEqual(collapse({0, 1}), 0)

    def test_hardly_used(self) -> None:
        """Where most pages are not there, a huge page would hold more than it is worth: they are left as they are."""
        with mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
            address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
            start, length = within(address, address + len(memory))
            first = start - address
            memory[first : first + (1 << 20)] = b"x" * (1 << 20)

            self.assertGreaterEqual(length, 6 << 20)
            self.assertEqual(collapse({start >> 21}), 0)
            gc.collect()


class WithinTests(SynchronousTestCase):
    """L{within}."""

    def test_whole_pages(self) -> None:
        """Of the parts that begin or end a range, no huge page is made."""
        size = 2 << 20
        for start, end, wanted in (
            (0, size, (0, size)),
            (1, 3 * size, (size, 2 * size)),
            (size, 3 * size - 1, (size, size)),
            (1, size, (size, 0)),
            (size + 1, size + 2, (2 * size, 0)),
        ):
            self.assertEqual(within(start, end), wanted)

    def test_end_around(self) -> None:
        """Where a huge page ends, and anywhere else, it is said where that is."""
        size = 2 << 20
        self.assertEqual([end_around(address) for address in (0, 1, size, size + 1)], [0, size, size, 2 * size])
