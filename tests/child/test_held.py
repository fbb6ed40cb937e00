"""Tests of L{cpyrender.child.held}, each in a process that forks."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_DRAW = """
import json, os, sys
from cpyrender.child import held
from cpyrender.child.forking import fork
import matplotlib
matplotlib.use("agg")
from matplotlib import font_manager, pyplot

def drawn(text):
    figure = pyplot.figure()
    figure.text(0.1, 0.5, text)
    figure.canvas.draw()
    return bytes(figure.canvas.buffer_rgba())

def in_child(call):
    read, write = os.pipe()
    if fork() == 0:
        # As a child of the template does.
        os.closerange(write + 1, 100)
        os.dup2(write, 1)
        call()
        os._exit(0)
    os.close(write)
    with open(read) as answer:
        return answer.read()

def say(*what):
    print(json.dumps(what), flush=True)
"""

_SAME = (
    _DRAW
    + """
from hashlib import sha256
from cpyrender.child.warm import Warmth
warmth = Warmth()
warmth.begin([])
for _ in warmth.complete(lambda: None):
    pass
numbers = os.listdir("/proc/self/fd")
files = [name for name in (os.path.realpath(f"/proc/self/fd/{number}") for number in numbers) if "ttf" in name]
text = "Gr\\u00fc\\u00dfe $x^2$"

def with_its_own():
    font_manager._get_font.cache_clear()
    say(0, sha256(drawn(text)).hexdigest(), path)

def with_its_parents():
    kept = font_manager._get_font.cache_info().currsize
    say(kept, sha256(drawn(text)).hexdigest(), font_manager.get_font(path).fname)

path = font_manager.findfont("DejaVu Sans")
answers = [json.loads(in_child(call)) for call in (with_its_own, with_its_parents, with_its_parents)]
print(json.dumps([files, *answers]))
"""
)

_OTHERWISE = (
    _DRAW
    + """
import builtins, io
plain = builtins.open
with held.Fonts().in_memory():
    # matplotlib's own way of opening is not seen.
    builtins.open = io.open = plain
    drawn("warm")
print(json.dumps([font_manager._get_font.cache_info().currsize, builtins.open is plain]))
"""
)


class FontsTests(SynchronousTestCase):
    """L{held.Fonts}."""

    def test_same_pictures(self) -> None:
        """Children draw with the fonts that their parent has opened, by the same names, and the pixels are the same."""
        files, own, *children = json.loads(run_apart(_SAME))

        self.assertEqual(files, [])
        for kept, *drawn in children:
            self.assertGreaterEqual(kept, 1)
            self.assertEqual(drawn, own[1:])

    def test_opened_otherwise(self) -> None:
        """Fonts that are open as files after all are given up, so that no child shares one; open is what it was."""
        self.assertEqual(json.loads(run_apart(_OTHERWISE)), [0, True])
