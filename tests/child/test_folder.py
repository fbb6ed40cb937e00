"""Tests of L{cpyrender.child.folder}."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.folder import remove_folder


class RemoveFolderTests(SynchronousTestCase):
    """What a script may have made of its folder."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)

    def remove(self) -> None:
        """Remove the folder, and check that it is gone."""
        remove_folder(str(self.folder))

        self.assertFalse(os.path.lexists(self.folder))

    def outside(self) -> Path:
        """Return a file, write-protected, in a folder that is not the script's."""
        file = Path(self.mktemp()).absolute() / "file"
        file.parent.mkdir(parents=True)
        file.write_text("precious")
        file.chmod(0o400)
        file.parent.chmod(0o755)
        return file

    def assertUntouched(self, file: Path) -> None:
        """Check that such a file is as it was."""
        modes = [path.stat().st_mode & 0o777 for path in (file, file.parent)]
        self.assertEqual((file.read_text(), modes), ("precious", [0o400, 0o755]))

    def test_empty(self) -> None:
        """An empty folder goes."""
        self.remove()

    def test_files(self) -> None:
        """A folder with files and folders in it goes."""
        (self.folder / "data.csv").write_text("1,2")
        (self.folder / "sub" / "sub").mkdir(parents=True)

        self.remove()

    def test_gone(self) -> None:
        """A folder that is gone already is not missed."""
        self.folder.rmdir()

        self.remove()

    def test_without_permissions(self) -> None:
        """A folder that nobody may enter goes, with what is in it."""
        closed = self.folder / "closed"
        closed.mkdir()
        (closed / "file").touch()
        closed.chmod(0)
        self.folder.chmod(0)

        self.remove()

    def test_closed_among_many(self) -> None:
        """Folders that nobody may enter, within each other and beside others of every name, go."""
        for name in ("moved-0", "moved-1", "closed/moved-0/closed", "closed/moved-1", "closed/b"):
            (self.folder / name).mkdir(parents=True)
        for name in ("closed/moved-0/closed", "closed/moved-0", "closed"):
            (self.folder / name / "moved-2").touch()
            (self.folder / name).chmod(0)

        self.remove()

    def test_a_thousand_deep(self) -> None:
        """Folders within each other, deeper than Python recurses and than a path is long, go."""
        here = os.open(self.folder, os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("abcd", dir_fd=here)
            there = os.open("abcd", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = there
        os.close(here)

        self.remove()

    def test_file_in_its_place(self) -> None:
        """A file that the script has put in the place of its folder goes."""
        self.folder.rmdir()
        self.folder.touch()

        self.remove()

    def test_link_out_of_it(self) -> None:
        """A link that leads out of the folder goes, and what it leads to stays as it was."""
        file = self.outside()
        (self.folder / "link").symlink_to(file.parent)
        # So that the quick ways of removing fail.
        (self.folder / "closed" / "sub").mkdir(parents=True)
        (self.folder / "closed").chmod(0)

        self.remove()
        self.assertUntouched(file)

    def test_link_in_its_place(self) -> None:
        """A link that the script has put in the place of its folder goes, and what it leads to stays as it was."""
        file = self.outside()
        self.folder.rmdir()
        self.folder.symlink_to(file.parent)

        self.remove()
        self.assertUntouched(file)
