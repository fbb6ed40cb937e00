"""Tests of L{cpyrender.child.practice}, in a process that practises."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_PRACTICE = """
import builtins, contextlib, dis, json
importing = builtins.__import__
import matplotlib
matplotlib.use("agg")
from matplotlib import pyplot
from matplotlib.artist import Artist
from cpyrender.child import practice, refusals
from cpyrender.child.lesson import LESSONS

def fast():
    code = Artist.pchanged.__code__
    plain, adapted = ([one.opname for one in dis.get_instructions(code, adaptive=way)] for way in (False, True))
    return plain != adapted

before = fast()
around = []

@contextlib.contextmanager
def drawing():
    around.append("in")
    yield
    around.append("out")

steps = open_figures = 0
for _ in practice.practise(drawing):
    steps += 1
    open_figures += len(pyplot.get_fignums())
practice.forget_lookups()
practice.run_lessons()
around_each = around == ["in", "out"] * steps
as_before = builtins.__import__ is importing and not refusals._hooks
print(json.dumps([before, fast(), steps % len(LESSONS), around_each, open_figures, as_before]))
"""


class PracticeTests(SynchronousTestCase):
    """L{cpyrender.child.practice.practise}."""

    def test_fast(self) -> None:
        """Afterwards, code that charts run is specialised; each step is a script, and leaves nothing behind."""
        before, after, rest, around, open_figures, as_before = json.loads(run_apart(_PRACTICE))

        self.assertEqual((before, after), (False, True))
        self.assertEqual((rest, around, open_figures, as_before), (0, True, 0, True))
