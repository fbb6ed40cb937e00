"""Tests of L{cpyrender.child.warm}, in a process that becomes warm."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_WARM = """
import gc, json, sys
from cpyrender.child.warm import Warmth

warmth = Warmth()
unusable = warmth.begin(["fractions"], [])
from matplotlib import font_manager, pyplot
first = "fractions" in sys.modules, "pylab" in sys.modules
opened = 0
steps = 0
for _ in warmth.complete():
    steps += 1
    opened += len(pyplot.get_fignums())
later = "pylab" in sys.modules, font_manager._get_font.cache_info().currsize > 0
print(json.dumps([unusable, first, steps > 5, opened, later, gc.get_freeze_count() > 100_000]))
"""


class WarmthTests(SynchronousTestCase):
    """L{cpyrender.child.warm.Warmth}."""

    def test_steps(self) -> None:
        """What few scripts use comes later, in steps; no child that is forked between two finds a figure open."""
        unusable, first, many, opened, later, frozen = json.loads(run_apart(_WARM))

        self.assertEqual((unusable, first), ([], [True, False]))
        self.assertEqual((many, opened, later, frozen), (True, 0, [True, True], True))

    def test_missing(self) -> None:
        """A module that is not there is complained of at once."""
        script = "from cpyrender.child.warm import Warmth\ntry:\n    Warmth().begin(['no_such_module'])\n"
        said = run_apart(f"{script}except ImportError as error:\n    print(error)\n")

        self.assertIn("no_such_module", said)
