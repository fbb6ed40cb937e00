"""Tests of L{cpyrender.child.refusals}, each in a process of its own: a hook, once put up, cannot be taken down."""

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_REFUSED = """
import os, sys
from cpyrender.child import refusals
refusals.install(sys.argv[1].encode() * int(sys.argv[2]))
try:
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
except PermissionError as error:
    print(error)
"""


class InstallTests(SynchronousTestCase):
    """L{cpyrender.child.refusals.install}."""

    def test_mentioned(self) -> None:
        """A script that mentions what starts processes is told in words that it may not."""
        said = run_apart(_REFUSED, "import subprocess\n", 1)

        self.assertEqual(said, "cpyrender does not let scripts start processes\n")

    def test_long(self) -> None:
        """A long script is not looked through: it is told so whatever it mentions."""
        said = run_apart(_REFUSED, "x = 1\n", 10_000)

        self.assertEqual(said, "cpyrender does not let scripts start processes\n")

    def test_not_mentioned(self) -> None:
        """A script that mentions nothing of the kind has no hook put up, which would make its drawing slower."""
        self.assertEqual(run_apart(_REFUSED, "x = 1\n", 1), "")
