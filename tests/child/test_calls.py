"""Tests of L{cpyrender.child.calls}, with what was compiled and without."""

import json
import os
import tempfile
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

try:
    from cpyrender.child import _calls
except ImportError:
    _calls = None  # type: ignore[assignment]  # there was no compiler

_PREAMBLE = """
import errno, json, os, sys
if sys.argv[1] == "plain":
    sys.modules["cpyrender.child._calls"] = None
from cpyrender.child import linux
from cpyrender.child.calls import Calls
"""

_IN_TURN = f"""{_PREAMBLE}
calls = Calls([linux.to_chdir(sys.argv[2]), linux.to_limit(4, 0, 0), linux.to_chdir("missing"), linux.to_chdir("/")])
try:
    calls.make()
except OSError as error:
    import resource
    print(json.dumps([error.errno == errno.ENOENT, error.strerror, os.getcwd(), resource.getrlimit(4)]))
"""

_GIVEN = f"""{_PREAMBLE}
first, second = os.pipe(), os.pipe()
calls = Calls([linux.to_have_as(100), linux.to_have_as(101)])
for read, write in (first, second):
    calls.give(0, write)
    calls.give(1, read)
    calls.make()
    os.write(100, b"%d" % write)
    print(int(os.read(101, 9)) == write)
"""

_TO_NO_EFFECT = f"""{_PREAMBLE}
calls = Calls([linux.to_chdir(sys.argv[2])])
with calls.to_no_effect():
    calls.make()
    before = os.getcwd()
calls.make()
print(json.dumps([before, os.getcwd()]))
"""


_AFRESH = f"""{_PREAMBLE}
calls = Calls([linux.to_have_as(100)])
read, write = os.pipe()
calls.give(0, write)
fresh = calls.afresh()
calls.give(0, -1)
del calls
fresh.make()
os.write(100, b"here")
print(os.read(read, 9).decode())
"""


class CallsTests(SynchronousTestCase):
    """L{cpyrender.child.calls.Calls}."""

    how = "plain"

    def test_in_turn(self) -> None:
        """Calls are made one after the other, up to the first that fails, which is named with its reason."""
        with tempfile.TemporaryDirectory() as folder:
            found = json.loads(run_apart(_IN_TURN, self.how, folder))

            self.assertEqual(
                found, [True, "chdir(missing): No such file or directory", os.path.realpath(folder), [0, 0]]
            )

    def test_to_no_effect(self) -> None:
        """What is to have no effect meanwhile has it again afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            found = json.loads(run_apart(_TO_NO_EFFECT, self.how, folder))

            self.assertEqual(found, [os.getcwd(), os.path.realpath(folder)])

    def test_given(self) -> None:
        """What a call is given counts from then on, and calls can be made again."""
        self.assertEqual(run_apart(_GIVEN, self.how).split(), ["True", "True"])

    def test_afresh(self) -> None:
        """Those that are made afresh have been given the same, and are given nothing with the others any more."""
        self.assertEqual(run_apart(_AFRESH, self.how).split(), ["here"])


@skipUnless(_calls, "nothing was compiled")
class CompiledTests(CallsTests):
    """The same by what was compiled."""

    how = "compiled"

    def test_not_packed(self) -> None:
        """What is no C{bytearray} is refused, and nothing called."""
        self.assertRaises(TypeError, _calls.make, b"")
