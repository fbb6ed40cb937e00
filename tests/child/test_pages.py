"""Tests of L{cpyrender.child.pages}, with what was compiled and without."""

from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

try:
    from cpyrender.child import _populate
except ImportError:
    _populate = None  # type: ignore[assignment]  # there was no compiler

# Where a process is not to find what was compiled.
_PLAIN = """
import sys
if "plain" in sys.argv:
    sys.modules["cpyrender.child._populate"] = None
"""

# A parent fills 64 pages; its child has every second one populated before it writes to them all, and counts its faults.
_FAULTS = """
import ctypes, mmap, os, resource, sys
from cpyrender.child.pages import Pages
size = mmap.PAGESIZE
memory = mmap.mmap(-1, 64 * size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(64):
    memory[page * size] = 7
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
pages = Pages.of((start + page * size, size) for page in range(0, 64, 2))
if os.fork() == 0:
    if sys.argv[1] == "populated":
        pages.populate()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    kept = 0
    for page in range(0, 64, 2):
        kept += memory[page * size] == 7
        memory[page * size] = 8
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    print(kept, faults, flush=True)
    os._exit(0)
os.wait()
"""

# A parent reads 64 pages of a file, too far from each other for the kernel to bring them at once; its child finds them.
_CODE_FAULTS = """
import ctypes, mmap, os, resource, sys, tempfile
from cpyrender.child.pages import Pages
size, apart = mmap.PAGESIZE, 64
with tempfile.TemporaryFile() as file:
    file.write(bytes(64 * apart * size))
    file.flush()
    memory = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc = ctypes.CDLL(None)
assert libc.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(len(memory)), 1) == 0
pages = Pages.of((start + page * apart * size, size) for page in range(64))
pages.populate()
if os.fork() == 0:
    if sys.argv[1] == "populated":
        pages.populate()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for page in range(64):
        assert memory[page * apart * size] == 0
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, flush=True)
    os._exit(0)
os.wait()
"""


_NOTHING_THERE = """
from cpyrender.child.pages import Pages
Pages.of([(1 << 40, 1 << 12), (1 << 63, 1 << 12), (1, 1)]).populate()
print(0)
"""


class PlainTests(SynchronousTestCase):
    """L{Pages}, where nothing was compiled."""

    how = "plain"

    def counted(self, script: str, what: str) -> list[int]:
        """Return the numbers that a script says."""
        return [int(word) for word in run_apart(_PLAIN + script, what, self.how).split()]

    def test_populated(self) -> None:
        """Populated pages hold what they held, and writing to them costs no fault any more."""
        kept, faults = self.counted(_FAULTS, "populated")

        self.assertEqual(kept, 32)
        self.assertLess(faults, 16)

    def test_not_populated(self) -> None:
        """What others are spared are a fault for each page."""
        kept, faults = self.counted(_FAULTS, "not populated")

        self.assertEqual(kept, 32)
        self.assertGreaterEqual(faults, 32)

    def test_code(self) -> None:
        """Pages of a file that cannot be written to, as of a library's code, are there afterwards."""
        (populated,), (not_populated,) = (self.counted(_CODE_FAULTS, what) for what in ("populated", "not populated"))

        self.assertLess(populated, 40)
        self.assertGreaterEqual(not_populated, 64)

    def test_nothing_there(self) -> None:
        """Addresses at which there is nothing do no harm, nor do those that are none."""
        self.assertEqual(self.counted(_NOTHING_THERE, ""), [0])


@skipUnless(_populate, "nothing was compiled")
class CompiledTests(PlainTests):
    """The same, where it was."""

    how = "compiled"

    def test_wrong(self) -> None:
        """What is not bytes is refused."""
        self.assertRaises(TypeError, _populate.populate, "text")
