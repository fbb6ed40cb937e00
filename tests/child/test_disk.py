"""Tests for L{cpyrender.child.disk}."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import disk
from cpyrender.child.disk import complaint


class ComplaintTests(SynchronousTestCase):
    """Looking at a job folder."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.joinpath("below").mkdir(parents=True)

    def complaint(self, limit: int) -> str | None:
        return complaint(str(self.folder), limit)

    def test_little(self) -> None:
        """A folder with little in it, or that has just gone, gives no cause for complaint."""
        self.folder.joinpath("below", "f").write_bytes(bytes(4096))
        self.assertIsNone(self.complaint(1 << 20))
        self.assertIsNone(complaint(str(self.folder / "gone"), 1))

    def test_much(self) -> None:
        """What is deeper in the folder counts, and holes in files do not."""
        with self.folder.joinpath("hole").open("wb") as file:
            file.truncate(1 << 40)
        self.assertIsNone(self.complaint(1 << 20))
        self.folder.joinpath("below", "f").write_bytes(bytes(2 << 20))
        self.assertIn("more than 1048576 bytes", self.complaint(1 << 20) or "")

    def test_many(self) -> None:
        """Files that are empty count as files."""
        self.patch(disk, "_MOST_FILES", 10)
        for n in range(11):
            self.folder.joinpath(str(n)).touch()
        self.assertIn("more than 10 files", self.complaint(1 << 20) or "")
