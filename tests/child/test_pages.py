"""Tests of L{cpyrender.child.pages}."""

from hypothesis import given
from hypothesis.strategies import integers, lists, tuples
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.pages import Pages
from tests.child.apart import run_apart

_ADDRESSES = integers(0, 2**64 - 1)

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
pages = Pages(tuple((start + page * size, size) for page in range(0, 64, 2)))
if os.fork() == 0:
    pages.populate(wanted=lambda: sys.argv[1] == "wanted")
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
pages = Pages(tuple((start + page * apart * size, size) for page in range(64)))
pages.populate(wanted=lambda: True)
if os.fork() == 0:
    pages.populate(wanted=lambda: sys.argv[1] == "wanted")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for page in range(64):
        assert memory[page * apart * size] == 0
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, flush=True)
    os._exit(0)
os.wait()
"""


class PagesTests(SynchronousTestCase):
    """L{Pages}."""

    @given(lists(tuples(_ADDRESSES, _ADDRESSES)).map(tuple))
    def test_packed(self, ranges: tuple[tuple[int, int], ...]) -> None:
        """What is packed is what comes out."""
        self.assertEqual(Pages.parse(Pages(ranges).pack()), Pages(ranges))

    def test_populated(self) -> None:
        """Populated pages hold what they held, and writing to them costs no fault any more."""
        kept, faults = map(int, run_apart(_FAULTS, "wanted").split())

        self.assertEqual(kept, 32)
        self.assertLess(faults, 16)

    def test_not_wanted(self) -> None:
        """Where the work is not wanted any more, it is left."""
        kept, faults = map(int, run_apart(_FAULTS, "unwanted").split())

        self.assertEqual(kept, 32)
        self.assertGreaterEqual(faults, 32)

    def test_nothing_there(self) -> None:
        """Addresses at which there is nothing do no harm."""
        Pages(((1 << 40, 1 << 12),)).populate(wanted=lambda: True)

    def test_code(self) -> None:
        """Pages of a file that cannot be written to, as of a library's code, are there afterwards."""
        wanted, unwanted = (int(run_apart(_CODE_FAULTS, word)) for word in ("wanted", "unwanted"))

        self.assertLess(wanted, 40)
        self.assertGreaterEqual(unwanted, 64)
