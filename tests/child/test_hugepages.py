"""Tests of L{cpyrender.child.hugepages}."""

from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cpyrender.child.hugepages import collapse
from tests.child.apart import run_apart

_COLLAPSE = """
import re
from cpyrender.child.hugepages import collapse
def huge():
    with open("/proc/self/smaps_rollup") as lines:
        return int(re.search(r"AnonHugePages: *([0-9]+)", lines.read())[1])
kept = [[number] for number in range(200_000)]
before = huge()
count = collapse()
print(count, huge() - before, sum(number for number, in kept))
"""


class CollapseTests(SynchronousTestCase):
    """L{collapse}."""

    def test_in_huge_pages(self) -> None:
        """As many huge pages are in use afterwards as are said to be, and the objects are what they were."""
        count, kilobytes, kept = map(int, run_apart(_COLLAPSE).split())

        self.assertEqual((kilobytes, kept), (count * 2048, 199_999 * 100_000))
        enabled = Path("/sys/kernel/mm/transparent_hugepage/enabled")
        if not enabled.exists() or "[never]" in enabled.read_text():
            raise SkipTest("the kernel has no huge pages to give")
        self.assertTrue(count)

    def test_nothing_to_collapse(self) -> None:
        """A part of memory that is not mapped is passed over."""
        self.patch(collapse.__globals__["gc"], "get_objects", list)

        self.assertEqual(collapse(), 0)
