"""Tests of L{cpyrender.child.disk}."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.disk import complaint
from cpyrender.settings import FILES

_LIMIT = 1 << 20


class ComplaintTests(SynchronousTestCase):
    """L{complaint}."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir(parents=True)

    def complaint(self) -> str | None:
        """Return what is wrong with the folder."""
        return complaint(str(self.folder), _LIMIT)

    def test_nothing(self) -> None:
        """A folder with little in it, on several levels, is as it should be."""
        (self.folder / "a" / "b").mkdir(parents=True)
        (self.folder / "a" / "b" / "data").write_bytes(bytes(_LIMIT // 2))

        self.assertIsNone(self.complaint())

    def test_too_much(self) -> None:
        """Files that together hold more than the limit are too much, on whatever level they lie."""
        (self.folder / "a").mkdir()
        for path in ("one", "two", "a/three"):
            (self.folder / path).write_bytes(os.urandom(_LIMIT // 2))

        self.assertEqual(self.complaint(), f"wrote more than {_LIMIT} bytes into its folder")

    def test_holes(self) -> None:
        """A file that is large in name only takes no room."""
        with (self.folder / "sparse").open("wb") as file:
            file.truncate(1 << 40)

        self.assertIsNone(self.complaint())

    def test_too_many(self) -> None:
        """Files, folders and links are counted, however small."""
        for number in range(4096):
            (self.folder / str(number)).symlink_to("nowhere")
        self.assertIsNone(self.complaint())
        (self.folder / "one").symlink_to("nowhere")

        self.assertEqual(self.complaint(), f"made more than {FILES} files")

    def test_links(self) -> None:
        """What a link leads to is not counted."""
        outside = Path(self.mktemp()).absolute()
        outside.mkdir(parents=True)
        (outside / "data").write_bytes(os.urandom(_LIMIT * 2))
        (self.folder / "folder").symlink_to(outside)
        (self.folder / "file").symlink_to(outside / "data")

        self.assertIsNone(self.complaint())

    def test_gone(self) -> None:
        """A folder that is not there, not yet or no more, is as it should be."""
        self.folder.rmdir()

        self.assertIsNone(self.complaint())

    def test_no_folder(self) -> None:
        """What cannot be looked into is not as it should be."""
        self.folder.rmdir()
        self.folder.touch()

        self.assertEqual(self.complaint(), "made a folder that cannot be looked into")
