"""Tests for L{cpyrender.child.folder}."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.folder import remove_folder


class RemoveTests(SynchronousTestCase):
    """Removing what a script leaves."""

    def setUp(self) -> None:
        self.outside = Path(self.mktemp())
        self.outside.mkdir()
        self.outside.joinpath("kept").write_text("kept")
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def assert_removed(self) -> None:
        remove_folder(str(self.folder))
        self.assertFalse(self.folder.exists())
        self.assertEqual(self.outside.joinpath("kept").read_text(), "kept")

    def test_not_there(self) -> None:
        """A folder that is gone already is no error."""
        self.folder.rmdir()
        self.assert_removed()

    def test_links(self) -> None:
        """Links to what is outside are removed, and what they point to stays."""
        self.folder.joinpath("folder").symlink_to(self.outside.absolute())
        self.folder.joinpath("file").symlink_to(self.outside.joinpath("kept").absolute())
        self.folder.joinpath("hard").hardlink_to(self.outside.joinpath("kept"))
        self.assert_removed()

    def test_permissions(self) -> None:
        """Folders and files that nobody may enter, read or write are removed too."""
        inner = self.folder / "a" / "b"
        inner.mkdir(parents=True)
        inner.joinpath("file").write_text("x")
        for path in (inner / "file", inner, inner.parent, self.folder):
            path.chmod(0)
        self.assert_removed()

    def test_depth(self) -> None:
        """A path that is longer than any path may be is no obstacle, nor are names that look like our own."""
        fd = os.open(self.folder, os.O_RDONLY)
        for _ in range(3000):
            os.mkdir("moved-0", dir_fd=fd)
            below = os.open("moved-0", os.O_RDONLY, dir_fd=fd)
            os.close(os.open("moved-1", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
            os.close(fd)
            fd = below
        os.close(fd)
        self.assert_removed()
