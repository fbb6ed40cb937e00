"""Tests of L{cpyrender.child.ground}, each in a process whose heap it is."""

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_HEAP = """
import ctypes, json, re
from cpyrender.child import ground
from cpyrender.child.ground import Heap

def resident():
    with open("/proc/self/status") as lines:
        return int(re.search(r"VmRSS: *\\t* *([0-9]+)", lines.read())[1])

def say(**what):
    print(json.dumps(what), flush=True)
"""

_CLEARED = (
    _HEAP
    + """
heap = Heap.lay_out()
# Much that stays, with holes in it.
kept = [bytes(size) for size in range(2000) for _ in range(20)]
del kept[::2]
# As a child asks for memory.
heap._libc.mallopt(ground._M_MMAP_THRESHOLD, ground._LARGE_IN_CHILD)
end = heap._end()
heap.clear()
objects = [ground._object(size, number) for size in range(512, 0, -16) for number in range(100)]
blocks = [heap._libc.malloc(size) for size in (600, 5000, 50_000, 500_000, 5_000_000) for _ in range(20)]
for block in blocks:
    ctypes.memset(block, 1, 600)
top = heap._libc.sbrk(0)
say(
    objects=sum(end <= id(one) < top for one in objects) / len(objects),
    blocks=sum(end <= block < top for block in blocks) / len(blocks),
    kept=sum(map(len, kept)),
)
"""
)

_GIVEN_BACK = (
    _HEAP
    + """
heap = Heap.lay_out()
heap.clear()
def use():
    used = [bytes(100 + number % 300) for number in range(200_000)]
    return resident()
peaks = [use() for _ in range(6)]
say(first=peaks[0], last=peaks[-1])
"""
)

_NONE = (
    _HEAP
    + """
used = []
if {missing!r} == "glibc":
    ground._libc = lambda: None
else:
    Heap._take_objects = lambda self, size, start: False
heap = Heap.lay_out()
things = [bytes(200) for number in range(100_000)]
say(heap=heap, things=len(things))
"""
)


class HeapTests(SynchronousTestCase):
    """L{cpyrender.child.ground.Heap}."""

    def found(self, script: str) -> dict[str, Any]:
        """Return what a script says, whose process ends well although Python gives back all memory."""
        said: dict[str, Any] = json.loads(run_apart(script))
        return said

    def test_cleared(self) -> None:
        """What is made after it, of any size, lies behind all that was there; and that is as it was."""
        found = self.found(_CLEARED)

        self.assertEqual(found["kept"], sum(size for size in range(2000) for _ in range(10)))
        # Some were given back while it was at work.
        self.assertGreater(found["objects"], 0.95)
        self.assertGreater(found["blocks"], 0.9)

    def test_given_back(self) -> None:
        """Memory that is used and given back, again and again, does not grow."""
        found = self.found(_GIVEN_BACK)

        self.assertLess(found["last"], found["first"] * 1.2)

    def test_not_here(self) -> None:
        """Without glibc, or where the heap does not grow at its end, Python's memory is left as it is."""
        for missing in ("glibc", "end"):
            self.assertEqual(self.found(_NONE.replace("{missing!r}", repr(missing))), {"heap": None, "things": 100_000})
