"""Tests of L{cpyrender.child.fonts}."""

import shutil
from pathlib import Path

from fontTools.ttLib import TTFont
from matplotlib import font_manager, get_data_path
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import fonts

#: A name that no font has.
NAME = "Cpyrender Trial"


def make_font(path: Path, name: str = NAME) -> None:
    """Write a font that is one of matplotlib's under another name."""
    font = TTFont(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSansDisplay.ttf")
    for record in list(font["name"].names):
        if record.nameID in {1, 4, 6, 16}:
            font["name"].setName(name, record.nameID, record.platformID, record.platEncID, record.langID)
    font.save(path)


class AddTests(SynchronousTestCase):
    """L{fonts.add}."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir(parents=True)
        known = list(font_manager.fontManager.ttflist)
        self.addCleanup(setattr, font_manager.fontManager, "ttflist", known)

    def found(self, name: str = NAME) -> str:
        """Return the file in which matplotlib finds a font."""
        return str(font_manager.findfont(name, fallback_to_default=False))

    def test_found(self) -> None:
        """A font in the folder, or below it, is found by its name."""
        (self.folder / "below").mkdir()
        name = f"{NAME} of its own"
        make_font(self.folder / "below" / "trial.ttf", name)
        self.assertRaises(ValueError, self.found, name)

        self.assertEqual(fonts.add([str(self.folder)]), [])
        self.assertEqual(self.found(name), str((self.folder / "below" / "trial.ttf").absolute()))

    def test_broken(self) -> None:
        """A file that is no font is told of, and the others are known all the same."""
        for name in ("a.ttf", "z.otf"):
            (self.folder / name).write_bytes(b"no font")
        (self.folder / "notes.txt").write_bytes(b"no font")
        make_font(self.folder / "trial.ttf")
        complaints = fonts.add([str(self.folder)])

        self.assertEqual([complaint.partition(": ")[0][-5:] for complaint in complaints], ["a.ttf", "z.otf"])
        self.assertIn("trial.ttf", self.found())

    def test_many_broken(self) -> None:
        """Of very many broken files the first few are told."""
        for number in range(50):
            (self.folder / f"{number}.ttf").write_bytes(b"")

        self.assertEqual(len(fonts.add([str(self.folder)])), 20)

    def test_no_folder(self) -> None:
        """A folder that is not there is refused by its name."""
        missing = self.folder / "missing"
        error = self.assertRaises(OSError, fonts.add, [str(missing)])

        self.assertIn(f"{missing} cannot be read", str(error))
        shutil.rmtree(self.folder)
