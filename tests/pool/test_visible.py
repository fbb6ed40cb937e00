"""Tests of L{cpyrender.pool.visible}."""

import os
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool import visible
from cpyrender.pool.visible import package_home, reachable_parts, readable_paths


def within(path: str, paths: tuple[str, ...]) -> bool:
    """Return whether a path is one of these, or lies in one."""
    return any(path == other or path.startswith(f"{other}/") for other in paths)


class ReadableTests(SynchronousTestCase):
    """L{readable_paths}."""

    def test_what_is_needed(self) -> None:
        """Python, its library, this package and the fonts of the system can be read."""
        paths = readable_paths()

        for needed in (os.path.realpath(sys.executable), os.path.realpath(os.__file__), visible.__file__, "/usr/share"):
            self.assertTrue(within(needed, paths), needed)

    def test_what_is_not(self) -> None:
        """Home, the folder of the server, the temporary ones and the system's secrets cannot."""
        self.patch(sys, "path", [*sys.path, "", os.getcwd(), os.path.expanduser("~"), "/tmp"])
        paths = readable_paths()

        for secret in (os.path.expanduser("~"), os.getcwd(), "/tmp", "/", "/etc", "/etc/passwd", "/proc", "/var"):
            self.assertFalse(within(secret, paths), secret)

    def test_rest_of_a_checkout(self) -> None:
        """Of the folder in which the package lies, only the package is shown, though Python's path has it all."""
        self.patch(sys, "path", [*sys.path, package_home()])

        self.assertNotIn(package_home(), readable_paths())

    def test_none_within_another(self) -> None:
        """No path lies in another one, and each is there."""
        paths = readable_paths()

        self.assertEqual([path for path in paths if within(path, tuple({*paths} - {path}))], [])
        self.assertEqual([path for path in paths if not os.path.exists(path)], [])


class ReachableTests(SynchronousTestCase):
    """L{reachable_parts}."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        for name in ("a", "b"):
            (self.folder / name).mkdir(parents=True)

    def test_open(self) -> None:
        """A folder that others may enter, and a file, are shown as they are."""
        (self.folder / "file").touch()
        for path in (str(self.folder), str(self.folder / "file")):
            self.assertEqual(reachable_parts(path), [path])

    def test_closed(self) -> None:
        """Of a folder that others may not enter, what is in it is shown."""
        self.folder.chmod(0o750)

        self.assertEqual(reachable_parts(str(self.folder)), [str(self.folder / "a"), str(self.folder / "b")])
