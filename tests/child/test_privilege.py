"""Tests of L{cpyrender.child.privilege}, as far as it can be tried without giving anything up."""

import os
import tempfile
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cpyrender.child import privilege
from tests.child.apart import run_apart


class GateTests(SynchronousTestCase):
    """Finding the folders that others may not enter."""

    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name).resolve()
        self.place.chmod(0o755)
        if privilege._gate(str(self.place)) is not None:
            raise SkipTest("the folder for temporary files is closed itself")

    def folder(self, path: str, mode: int = 0o755) -> str:
        """Make a folder and return its path."""
        made = self.place / path
        made.mkdir()
        made.chmod(mode)
        return str(made)

    def test_open_way(self) -> None:
        """Behind no gate is what everybody can reach, whether or not they may list the folders on the way."""
        self.folder("a", 0o711)
        path = self.folder("a/b")

        self.assertEqual(privilege._behind_gates({path}), {})

    def test_closed_on_the_way(self) -> None:
        """A path below a closed folder lies behind it, with only itself to be shown."""
        gate = self.folder("a", 0o700)
        path = self.folder("a/b")
        self.folder("a/secret")

        self.assertEqual(privilege._behind_gates({path}), {gate: {path}})

    def test_closed_itself(self) -> None:
        """Of a path that is itself closed, all that lies in it is to be shown."""
        gate = self.folder("a", 0o750)
        inside = {self.folder("a/b"), self.folder("a/c")}

        self.assertEqual(privilege._behind_gates({gate}), {gate: inside})

    def test_outermost_gate(self) -> None:
        """Of several gates on the way the outermost comes first."""
        gate = self.folder("a", 0o700)
        self.folder("a/b", 0o700)
        path = self.folder("a/b/c")

        self.assertEqual(privilege._behind_gates({path}), {gate: {path}})

    def test_several_paths(self) -> None:
        """Paths behind the same gate are gathered there, and each gate has its own."""
        one, other = self.folder("a", 0o700), self.folder("x", 0o700)
        paths = {self.folder("a/b"), self.folder("a/c"), self.folder("x/y"), self.folder("open")}

        self.assertEqual(privilege._behind_gates(paths), {one: {f"{one}/b", f"{one}/c"}, other: {f"{other}/y"}})


class OutermostTests(SynchronousTestCase):
    """L{privilege._outermost}."""

    def test_within_another(self) -> None:
        """A path within another of them is left out, however deep."""
        self.assertEqual(privilege._outermost({"/a", "/a/b", "/a/b/c", "/x/y"}), {"/a", "/x/y"})

    def test_same_beginning(self) -> None:
        """A path whose name merely begins like another's is not within it."""
        self.assertEqual(privilege._outermost({"/a/b", "/a/bc"}), {"/a/b", "/a/bc"})


class NeededTests(SynchronousTestCase):
    """L{privilege._needed}."""

    def test_folders(self) -> None:
        """Among the folders that Python needs is that of its library, and each is a full path."""
        needed = privilege._needed()

        self.assertIn(os.path.realpath(os.path.dirname(os.__file__)), needed)
        self.assertEqual([path for path in needed if not os.path.isabs(path)], [])


_BECOME = """
import os
from cpyrender.child.privilege import become
become(61184)
try:
    os.setuid(0)
except PermissionError:
    print(os.getresuid(), os.getresgid(), os.getgroups())
"""


class BecomeTests(SynchronousTestCase):
    """L{privilege.become}, in a process of its own."""

    def test_for_good(self) -> None:
        """Root that becomes somebody is him in every way, in none of its groups, and cannot come back."""
        if os.geteuid() != 0:
            raise SkipTest("only root can become somebody else")

        self.assertEqual(run_apart(_BECOME), "(61184, 61184, 61184) (61184, 61184, 61184) []\n")
