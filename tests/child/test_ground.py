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

_SPARSE = (
    _HEAP
    + """
heap = Heap.lay_out()
kept = [bytes(400) for number in range(100_000)]
# Every hundredth stays, with all of its arena.
kept = kept[::100]
before = resident()
heap.clear()
# They are nowhere that the collector looks for them.
import gc
gc.collect()
say(before=before, after=resident(), kept=sum(map(len, kept)))
"""
)

_ROOMS = (
    _HEAP
    + """
def advised():
    # For each part of the heap, from where to where, and whether it is to have huge pages, or must not have them.
    with open("/proc/self/smaps") as lines:
        text = lines.read()
    part = r"^([0-9a-f]+)-([0-9a-f]+) \\S+ \\S+ \\S+ \\S+ +\\[heap\\]$(.*?)^VmFlags: (.*?)$"
    parts = re.findall(part, text, re.M | re.S)
    return [(int(start, 16), int(end, 16), flags.split()) for start, end, _, flags in parts]

heap = Heap.lay_out()
heap.clear()
first = heap._room
used = [heap._libc.malloc(3 << 20) for _ in range(2)]
heap.clear()
of = {address: flags for address in (first, heap._room) for start, end, flags in advised() if start <= address < end}
first_has, last_has = (["nh" in of[address], "hg" in of[address]] for address in (first, heap._room))
say(moved=heap._room > first, first=first_has, last=last_has)
"""
)

_EVEN = (
    _HEAP
    + """
heap = Heap.lay_out()
ends = []
for number in range(3):
    heap.end_evenly()
    end = heap._libc.sbrk(0)
    # A good part of what there is by then, of which there are 16 MB.
    used = [heap._libc.malloc(1000) for _ in range(8_000)]
    ends.append([end % (2 << 20), heap._libc.sbrk(0) - end, max(used) < end])
say(ends=ends)
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
        # Nor are there places left that it has used itself, one for each of some sizes.
        self.assertGreater(found["objects"], 0.9995)
        self.assertGreater(found["blocks"], 0.9)

    def test_given_back(self) -> None:
        """Memory that is used and given back, again and again, does not grow."""
        found = self.found(_GIVEN_BACK)

        self.assertLess(found["last"], found["first"] * 1.2)

    def test_sparse(self) -> None:
        """Where next to nothing is left among what was there, the rest of the memory goes back to the system."""
        found = self.found(_SPARSE)

        self.assertEqual(found["kept"], 1000 * 400)
        # In kB: 40 MB were there, and each of what is left holds a pool's first page and its own.
        self.assertLess(found["after"], found["before"] - 10_000)

    def test_rooms(self) -> None:
        """Only the room at the heap's end has huge pages; of one that is used up, none are made."""
        found = self.found(_ROOMS)

        self.assertEqual(found, {"moved": True, "first": [True, False], "last": [False, True]})

    def test_ends_evenly(self) -> None:
        """It ends where a huge page does, and what is asked for next is taken from before its end."""
        self.assertEqual(self.found(_EVEN), {"ends": [[0, 0, True]] * 3})

    def test_not_here(self) -> None:
        """Without glibc, or where the heap does not grow at its end, Python's memory is left as it is."""
        for missing in ("glibc", "end"):
            self.assertEqual(self.found(_NONE.replace("{missing!r}", repr(missing))), {"heap": None, "things": 100_000})
