"""Tests of L{cpyrender.child.streams}, in a process whose streams are replaced."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_AHEAD = """
import json, os, sys
from cpyrender.child import streams

before = sorted(os.listdir("/proc/self/fd"))
nothing = os.open(os.devnull, os.O_RDWR)
kept = os.dup(1)
for fd in (0, 1, 2):
    os.dup2(nothing, fd)
os.close(nothing)
streams.open_ahead()
read, write = os.pipe()
if os.fork() == 0:
    os.dup2(write, 1)
    os.dup2(write, 2)
    print("printed \\ud800", sys.stdin.read(), sys.stdout.seekable())
    # Line by line: what no line ends with is on its way when it is flushed.
    print("half", end="")
    sys.stderr.write("said\\n")
    sys.stdout = None
    streams.flush()
    sys.stdout = sys.__stdout__
    streams.flush()
    os._exit(0)
os.close(write)
os.wait()
with open(read, "rb") as printed:
    heard = printed.read().decode()
os.dup2(kept, 1)
os.close(kept)
print(json.dumps([heard, sorted(os.listdir("/proc/self/fd")) == before, sys.stdout is sys.__stdout__]))
"""


class StreamsTests(SynchronousTestCase):
    """L{cpyrender.child.streams}."""

    def test_ahead(self) -> None:
        """What a child prints through streams that were opened before it goes to its own pipe, line by line."""
        heard, left_nothing, same = json.loads(run_apart(_AHEAD))

        self.assertEqual(heard, "printed \\ud800  False\nsaid\nhalf")
        self.assertEqual((left_nothing, same), (True, True))
