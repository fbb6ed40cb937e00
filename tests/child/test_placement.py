"""Tests of L{cpyrender.child.placement}: in processes of their own, for it changes where Python puts what it makes."""

from __future__ import annotations

import json
import os
import sysconfig
from importlib.machinery import SourceFileLoader
from itertools import pairwise
from pathlib import Path
from shutil import which
from unittest import skipUnless

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import placement
from tests.child.apart import run_apart

# Makes 40,000 strings, and looks at every hundredth: that is to write to it.
_MAKE = """
import json, os, sys
from cpyrender.child import placement

names = bytes.fromhex(sys.argv[1])
if len(sys.argv) < 3:
    placement.begin(names)
with placement.scope("making"):
    made = [f"string {number:08}" for number in range(40_000)]
wanted = made[::100]

def spread():
    return len({id(one) // 4096 for one in wanted})

def in_child(work):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with os.fdopen(write, "wb") as end:
            end.write(work())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as end:
        result = end.read()
    assert os.waitpid(pid, 0)[1] == 0
    return result

def written():
    placement.watch()
    for one in wanted:
        keep = one
    return b"".join(placement.written())
"""

_LEARN = (
    _MAKE
    + """
placement.settle()
found = placement.separate(in_child(written))
print(json.dumps([placement.pack(found).hex(), len(found), spread()]))
"""
)

_PLACE = (
    _MAKE
    + """
placement.settle()
print(json.dumps([spread(), wanted == [f"string {number:08}" for number in range(0, 40_000, 100)]]))
"""
)

# The kernel writes to what is made, beside and between all that was recorded: some of that has been given back.
_READS = (
    _MAKE
    + """
made += [bytes(size) for size in range(0, 4_000, 16) for _ in range(40)]
placement.settle()
del made[::2]

def reads():
    placement.watch()
    read, write = os.pipe()
    kept, there = [], os.getcwd()
    for size in (1, 40, 300, 1_000, 3_000, 60_000) * 20:
        os.write(write, b"x" * size)
        kept.append(bytearray(size))
        assert os.readv(read, [kept[-1]]) == size and os.getcwd() == there
        del kept[:-9:2]
    long = bytearray()
    for number in range(100_000):
        long += b"%06d" % number
    os.write(write, b"y" * 60_000)
    assert os.readv(read, [memoryview(long)[-60_000:]]) == 60_000
    names = placement.written()
    # All is what it was once none are noted any more, and can be given back.
    assert all(set(one) == {120} for one in kept) and long[:-60_000].endswith(b"089999")
    kept.append(bytes(long))
    del long, kept
    return json.dumps(len(names) > 0).encode()

print(in_child(reads).decode())
"""
)

# All of it is placed, as far as there is room; grows, shrinks, moves and is freed, before it is settled and after.
_ALL = """
import json, sys
from cpyrender.child import placement

def work():
    lists = [list(range(number % 40)) for number in range(20_000)]
    tables = [{str(key): key for key in range(number % 20)} for number in range(5_000)]
    return lists, tables

def change(lists, tables):
    for number, one in enumerate(lists):
        one.extend(range(number % 100))
        if number % 3 == 0:
            del one[number % 7 :]
    for number, one in enumerate(tables):
        one.update({str(key): key for key in range(number % 60)})
        for key in range(number % 10):
            one.pop(str(key), None)
    text = bytearray()
    for number in range(3_000):
        text += b"%d," % number
    return sum(map(sum, lists)), sum(sum(one.values()) for one in tables), len(text)

if sys.argv[1] == "plain":
    print(json.dumps([change(*work()), change(*work())]))
else:
    names = bytes.fromhex(sys.stdin.read())
    placement.begin(names)
    with placement.scope("work"):
        made = work()
        first = change(*made)
    if not names:
        # Every name that the scope can have given: nobody has to have written to it.
        placement.settle()
        placement.watch()
        for group in made:
            for one in group:
                keep = one
                (one.append if isinstance(one, list) else one.setdefault)(0)
        print(placement.pack(placement.written()).hex())
    else:
        used = placement._placement.settle()
        del made
        print(json.dumps([first, change(*work()), used[0] > 100_000]))
"""


@skipUnless(placement.possible(), "nothing was compiled")
class PlacementTests(SynchronousTestCase):
    """What is written to, and where the next process puts it."""

    def test_together(self) -> None:
        """What a child has written to, few things among many, lies on a tenth of the pages in the next process."""
        names, found, spread = json.loads(run_apart(_LEARN, ""))
        placed, intact = json.loads(run_apart(_PLACE, names))

        self.assertGreater(found, 390)
        self.assertLess(placed, spread / 10)
        self.assertTrue(intact)

    def test_not_begun(self) -> None:
        """Who has not begun gives no names, and can settle all the same."""
        _, _, spread = json.loads(run_apart(_LEARN, ""))
        placed, intact = json.loads(run_apart(_PLACE, "", "plain"))

        self.assertAlmostEqual(placed, spread, delta=spread / 10)
        self.assertTrue(intact)

    def test_wrong_names(self) -> None:
        """Names of something else put nothing together, and do no harm."""
        wrong = placement.pack(bytes([number % 251 + 1]) * 8 for number in range(500))
        placed, intact = json.loads(run_apart(_PLACE, wrong.hex()))

        self.assertTrue(intact)
        self.assertGreater(placed, 100)

    def test_everything(self) -> None:
        """What lies in a place of its own grows, shrinks, moves and is freed like all else, while it is settled too."""
        plain = json.loads(run_apart(_ALL, "plain"))
        names = run_apart(_ALL, "learn", stdin="")
        *placed, used = json.loads(run_apart(_ALL, "place", stdin=names))

        self.assertEqual(placed, plain)
        self.assertTrue(used)

    def test_refused(self) -> None:
        """It begins once; nothing can be watched that was not recorded; scopes have an end."""
        refused = run_apart("""
from cpyrender.child import placement
def refuses(error, call, *arguments):
    try:
        call(*arguments)
    except error:
        return True
layer = placement._placement
answers = [refuses(RuntimeError, placement.watch), refuses(RecursionError, layer.enter, "none yet")]
answers += [refuses(TypeError, layer.begin, *[b""] * 5), refuses(TypeError, layer.begin, "text")]
placement.begin(placement.pack([b"\\1" * 8]))
answers += [refuses(RuntimeError, placement.begin, b""), refuses(RuntimeError, placement.watch)]
answers += [refuses(TypeError, layer.enter, 1), refuses(RecursionError, lambda: [layer.enter("x") for _ in range(300)])]
for _ in range(300):
    layer.leave()
placement.settle()
placement.settle()
print(answers)
""")

        self.assertEqual(refused.strip(), str([True] * 8))

    def test_kernel_writes(self) -> None:
        """What is made by who is watched can be written to by the kernel, and goes on when nobody watches any more."""
        self.assertTrue(json.loads(run_apart(_READS, "")))

    def test_crash(self) -> None:
        """A child that is watched and crashes ends as it would have."""
        ended = run_apart("""
import ctypes, os
from cpyrender.child import placement
placement.begin(b"")
pid = os.fork()
if pid == 0:
    placement.watch()
    ctypes.string_at(0)
print(os.WTERMSIG(os.waitpid(pid, 0)[1]))
""")

        self.assertEqual(int(ended), 11)


class ModuleTests(SynchronousTestCase):
    """What is there whether or not something was compiled."""

    def test_compiled(self) -> None:
        """Where there is a compiler, and Python's headers, it was used."""
        compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
        headers = Path(sysconfig.get_path("include"), "Python.h")

        self.assertTrue(placement.possible() or not (which(compiler) and headers.exists()))

    def test_not_compiled(self) -> None:
        """Where nothing was compiled, nothing is done."""
        self.patch(placement, "_placement", None)
        run = SourceFileLoader.exec_module
        placement.begin(b"")
        with placement.scope("something"):
            scoped = SourceFileLoader.exec_module
        placement.settle()

        self.assertIs(scoped, run)
        self.assertFalse(placement.possible())

    @given(st.lists(st.sets(st.binary(min_size=8, max_size=8)), max_size=4))
    def test_packed(self, groups: list[set[bytes]]) -> None:
        """Groups of names come out as they went in, each name in the first of its groups only."""
        unpacked = [placement.separate(names) for names in placement._unpacked(placement.pack(*groups))]
        known: list[set[bytes]] = [set()]
        for group in groups:
            known.append(known[-1] | group)

        self.assertEqual(unpacked, [after - before for before, after in pairwise(known)])

    def test_read(self) -> None:
        """A file with names is read whole, and closed."""
        path = Path(self.mktemp())
        path.write_bytes(b"names" * 10_000)
        with path.open("rb") as file:
            fd = os.dup(file.fileno())
        self.assertEqual(placement.read(fd), b"names" * 10_000)

        self.assertRaises(OSError, os.fstat, fd)
