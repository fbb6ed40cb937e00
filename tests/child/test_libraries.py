"""Tests of L{cpyrender.child.libraries}, in processes that let go of their own, or join them."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_LET_GO = """
import json, mmap, re
import numpy
from cpyrender.child import libraries

def from_files():
    with open("/proc/self/status") as lines:
        return int(re.search(r"RssFile:\\s*([0-9]+)", lines.read())[1])

def writable(start, length):
    with open("/proc/self/maps") as lines:
        spans = [(line.split()[1], *(int(end, 16) for end in line.split()[0].split("-"))) for line in lines]
    return any("w" in rights and first < start + length and start < after for rights, first, after in spans)

found = libraries.code()
size = sum(length for _, length in found)
numpy.linalg.inv(numpy.eye(50))
before = from_files()
libraries.let_go()
after = from_files()
computed = float(numpy.linalg.inv(2 * numpy.eye(50)).sum())
print(json.dumps({
    "much": size > 10 << 20,
    "whole pages": all(start % mmap.PAGESIZE == 0 == length % mmap.PAGESIZE for start, length in found),
    "writable": sum(writable(*one) for one in found),
    "less": after < before / 2,
    "computed": computed,
}))
"""

_JOIN = """
import json
import numpy
from cpyrender.child import libraries

def mappings():
    with open("/proc/self/maps") as lines:
        found = [line.split() for line in lines]
    return [(rights, rest[-1]) for _, rights, *rest in found if ".so" in rest[-1]]

before = mappings()
libraries.join()
after = mappings()
print(json.dumps({
    "fewer": len(after) < 0.7 * len(before),
    "libraries": {name for _, name in after} == {name for _, name in before},
    "both written to and run": [one for one in after if "w" in one[0] and "x" in one[0]],
    "computed": float(numpy.linalg.inv(2 * numpy.eye(50)).sum()),
    "imported": __import__("numpy.fft").fft.ifft([1, 1])[0].real,
}))
"""


class LibrariesTests(SynchronousTestCase):
    """L{cpyrender.child.libraries}."""

    def test_let_go(self) -> None:
        """A process that lets go of the code that it runs has less memory, and runs on; what it writes to stays."""
        self.assertEqual(
            json.loads(run_apart(_LET_GO)),
            {"much": True, "whole pages": True, "writable": 0, "less": True, "computed": 25.0},
        )

    def test_join(self) -> None:
        """What lies side by side of a library is one mapping, none both written to and run; the process runs on."""
        self.assertEqual(
            json.loads(run_apart(_JOIN)),
            {"fewer": True, "libraries": True, "both written to and run": [], "computed": 25.0, "imported": 1.0},
        )
