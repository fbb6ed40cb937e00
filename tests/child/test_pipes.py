"""Tests of L{cpyrender.child.pipes}."""

import json
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.pipes import Pipes
from tests.child.apart import run_apart
from tests.child.scarce import Shortage, descriptors

_TAKE_ONLY = """
import json, os, sys
from cpyrender.child.pipes import take_only
wanted = [int(word) for word in sys.argv[2:]]
# The first three can be told by what is in them; the fourth is written to in the end.
for number in wanted:
    read, write = os.pipe()
    os.write(write, str(number).encode())
    os.dup2(read, 100 + number)
os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), 200)
for number in wanted:
    os.dup2(100 + number, number)
take_only([*wanted, 200])
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


class TakeOnlyTests(SynchronousTestCase):
    """L{cpyrender.child.pipes.take_only}, in a process of its own."""

    def test_any_numbers(self) -> None:
        """Whatever numbers they had, and in whatever order, they are 0, 1, 2 and 3 in the order given."""
        for numbers in ((10, 11, 12), (2, 1, 0), (1, 2, 3), (3, 0, 20)):
            path = os.path.abspath(self.mktemp())
            run_apart(_TAKE_ONLY, path, *numbers)
            read, held = json.loads(Path(path).read_text())
            self.assertEqual(read, [str(number) for number in numbers])
            # The last is that of the listing itself.
            self.assertEqual(held, [0, 1, 2, 3, 4])
