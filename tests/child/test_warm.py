"""Tests of L{cpyrender.child.warm}, in a process that becomes warm."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_WARM = """
import dis, gc, json, sys
from cpyrender.child.warm import Warmth

warmth = Warmth()
unusable = warmth.begin(["fractions"], [])
from matplotlib import font_manager, pyplot
first = "fractions" in sys.modules, "pylab" in sys.modules
opened = 0
steps = 0
for _ in warmth.complete(lambda: None):
    steps += 1
    opened += len(pyplot.get_fignums())
later = "pylab" in sys.modules, font_manager._get_font.cache_info().currsize > 0
from matplotlib.artist import Artist
code = Artist.pchanged.__code__
plain, adapted = ([one.opname for one in dis.get_instructions(code, adaptive=way)] for way in (False, True))
print(json.dumps([unusable, first, steps > 5, opened, later, gc.get_freeze_count() > 100_000, plain != adapted]))
"""


class WarmthTests(SynchronousTestCase):
    """L{cpyrender.child.warm.Warmth}."""

    def test_steps(self) -> None:
        """What few scripts use comes later, in steps, none of which leaves a figure open; then charts run fast code."""
        unusable, first, many, opened, later, frozen, fast = json.loads(run_apart(_WARM))

        self.assertEqual((unusable, first), ([], [True, False]))
        self.assertEqual((many, opened, later, frozen, fast), (True, 0, [True, True], True, True))

    def test_missing(self) -> None:
        """A module that is not there is complained of at once."""
        script = "from cpyrender.child.warm import Warmth\ntry:\n    Warmth().begin(['no_such_module'])\n"
        said = run_apart(f"{script}except ImportError as error:\n    print(error)\n")

        self.assertIn("no_such_module", said)
