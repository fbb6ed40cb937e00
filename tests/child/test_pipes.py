"""Tests of L{cpyrender.child.pipes}."""

import json
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.pipes import Pipes
from tests.child.apart import run_apart
from tests.child.scarce import Shortage, descriptors

_KEEP = """
import json, os, sys
from cpyrender.child.pipes import Keeping
path, *taken = sys.argv[1:]
# What is shared may have a number already that something else is to be kept as.
shared = os.open(path, os.O_WRONLY | os.O_CREAT)
if taken == ["taken"]:
    os.dup2(shared, 1)
    os.close(shared)
    shared = 1
keeping = Keeping(3, [shared])
for time in range(2):
    own = []
    for name in "abc":
        read, write = os.pipe()
        os.write(write, name.encode())
        own.append(read)
    keeping.let_keep(own)
if taken == ["afresh"]:
    # The one that it is made from is no longer its affair.
    old, keeping = keeping, keeping.afresh()
    old.let_keep([shared] * 3)
keeping.keep()
held = sorted(int(name) for name in os.listdir("/proc/self/fd"))
os.write(3, json.dumps([[os.read(number, 9).decode() for number in (0, 1, 2)], held]).encode())
"""


class PipesTests(SynchronousTestCase):
    """L{Pipes}."""

    def test_no_more_pipes(self) -> None:
        """Where there is no room for all the pipes of a child, none of them is kept."""
        before = descriptors()
        self.patch(os, "pipe", Shortage("no more pipes", 3, os.pipe))

        self.assertRaises(OSError, Pipes.open)
        self.assertEqual(descriptors(), before)


class KeepingTests(SynchronousTestCase):
    """L{cpyrender.child.pipes.Keeping}, in a process of its own."""

    def test_kept(self) -> None:
        """What a process keeps last has the first numbers, then comes what all share, whatever number that had.

        It is the same if that is made afresh.
        """
        for taken in ((), ("taken",), ("afresh",)):
            path = os.path.abspath(self.mktemp())
            run_apart(_KEEP, path, *taken)
            read, held = json.loads(Path(path).read_text())
            self.assertEqual(read, ["a", "b", "c"])
            # The last is that of the listing itself.
            self.assertEqual(held, [0, 1, 2, 3, 4])
