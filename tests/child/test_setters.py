"""Tests of L{cpyrender.child.setters}, in processes that import matplotlib."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_KINDS = """
import inspect, json
from matplotlib.artist import Artist

def kinds(cls=Artist):
    for kind in cls.__subclasses__():
        yield kind
        yield from kinds(kind)

def settable(kind):
    # Axes in space have aliases (xlim3d for xlim), which are left out, as all are, by who knows of them by then.
    return [name for name in inspect.signature(kind.set).parameters if not name.endswith("3d")]

def signatures():
    return {f"{kind.__module__}.{kind.__qualname__}": settable(kind) for kind in kinds()}
"""

_AT_ONCE = f"""
import matplotlib.pyplot
{_KINDS}
print(json.dumps([signatures(), len(inspect.getdoc(matplotlib.lines.Line2D.set))]))
"""

_PUT_OFF = f"""
from cpyrender.child.setters import Descriptions
{_KINDS}
describe = vars(Artist)["_update_set_signature_and_docstring"]
descriptions = Descriptions()
with descriptions.put_off():
    import matplotlib.pyplot
from matplotlib.lines import Line2D

before = Line2D.set.__doc__
line = Line2D([], [])
line.set(linewidth=3, c="red")
worked = line.get_linewidth(), line.get_color()
steps = len(list(descriptions.make()))
again = len(list(descriptions.make()))

class Later(Line2D):
    pass

restored = vars(Artist)["_update_set_signature_and_docstring"] is describe and Later.set.__doc__ is not None
found = signatures()
print(json.dumps([before, worked, steps > 10, again, restored, found, len(inspect.getdoc(Line2D.set))]))
"""

_ANOTHER = """
from cpyrender.child.setters import Descriptions
from matplotlib.artist import Artist

del Artist._update_set_signature_and_docstring
with Descriptions().put_off():
    pass
print(hasattr(Artist, "_update_set_signature_and_docstring"))
"""


class DescriptionsTests(SynchronousTestCase):
    """L{cpyrender.child.setters.Descriptions}."""

    def test_put_off(self) -> None:
        """Artists can be set without a description, and have the one that matplotlib gives them when it is made."""
        plain, length = json.loads(run_apart(_AT_ONCE))
        before, worked, in_steps, again, restored, found, later = json.loads(run_apart(_PUT_OFF))

        self.assertEqual((before, worked), (None, [3.0, "red"]))
        self.assertEqual((in_steps, again, restored), (True, 0, True))
        self.assertGreater(len(plain), 50)
        self.assertEqual({name: found[name] for name in plain}, plain)
        # Some of what it says is known by then alone.
        self.assertGreaterEqual(later, length)

    def test_another_matplotlib(self) -> None:
        """One that makes no such descriptions is left alone."""
        self.assertEqual(run_apart(_ANOTHER).strip(), "False")
