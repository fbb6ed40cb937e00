"""Tests of L{cpyrender.child.immortal}, in a process whose objects are made immortal."""

import json
import sys
from unittest import skipIf

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_IMMORTAL = """
import ctypes, gc, json, sys, weakref
from cpyrender.child.immortal import make_immortal

class Thing:
    def __init__(self, name):
        self.name = name

def count(one):
    return ctypes.c_uint32.from_address(id(one)).value

def function(default=("a constant of " + str(len(sys.argv)), 1.5)):
    return {"inner": [2.5, default]}

held = Thing("a name of " + str(len(sys.argv)))
table = {("key", len(sys.argv) + 5000): held}
many = [[number] for number in range(60_000)]
known = gc.get_objects()
steps = sum(1 for _ in make_immortal(known))
ones = [held, held.name, table, next(iter(table)), function, function.__defaults__[0], function.__code__,
        function.__code__.co_consts, Thing, Thing.__init__]
before = [count(one) for one in ones]
more = [[one] * 100 + [*(one,) * 100] for one in ones]
del more
used = [(one, one) for one in ones]
new = Thing("made later")
gone = weakref.ref(new)
del new
cycle = Thing("of itself")
cycle.itself = cycle
cycle_gone = weakref.ref(cycle)
del cycle
gc.collect()
print(json.dumps({
    "steps": steps,
    "left": len(known),
    "immortal": [number == (1 << 32) - 1 for number in before],
    "written": [count(one) != number for one, number in zip(ones, before)],
    "same": [function() == {"inner": [2.5, function.__defaults__[0]]}, held.name.startswith("a name"), len(used)],
    "others_end": [gone() is None, cycle_gone() is None],
}))
"""

_NONE_SUCH = not (3, 12) <= sys.version_info < (3, 14) or not getattr(sys, "_is_gil_enabled", lambda: True)()


class ImmortalTests(SynchronousTestCase):
    """L{cpyrender.child.immortal.make_immortal}."""

    @skipIf(_NONE_SUCH, "objects of this Python are not made immortal")
    def test_untouched(self) -> None:
        """Whatever is used is not written to, of all kinds, and works as before; what is made later ends as ever."""
        found = json.loads(run_apart(_IMMORTAL))

        self.assertGreater(found["steps"], 0)
        self.assertEqual((found["left"], set(found["immortal"]), set(found["written"])), (0, {True}, {False}))
        self.assertEqual((found["same"], found["others_end"]), ([True, True, 10], [True, True]))

    @skipIf(not _NONE_SUCH, "objects of this Python are made immortal")
    def test_none_such(self) -> None:
        """Where Python knows no such objects, or others than ours, nothing is done."""
        found = json.loads(run_apart(_IMMORTAL))

        self.assertEqual((found["steps"], found["left"], set(found["immortal"])), (0, 0, {False}))
        self.assertEqual((found["same"], found["others_end"]), ([True, True, 10], [True, True]))
