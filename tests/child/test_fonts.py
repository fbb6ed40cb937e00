"""Tests of L{cpyrender.child.fonts}."""

import json
import shutil
from pathlib import Path

from fontTools.ttLib import TTFont
from matplotlib import font_manager, get_data_path
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import fonts
from tests.child.apart import run_apart

#: A name that no font has.
NAME = "Cpyrender Trial"


def make_font(path: Path, name: str = NAME) -> None:
    """Write a font that is one of matplotlib's under another name."""
    font = TTFont(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSansDisplay.ttf")
    for record in list(font["name"].names):
        if record.nameID in {1, 4, 6, 16}:
            font["name"].setName(name, record.nameID, record.platformID, record.platEncID, record.langID)
    font.save(path)


_FIND = """
import json, os, tempfile

with tempfile.TemporaryDirectory() as empty:
    os.environ["MPLCONFIGDIR"] = empty
    from cpyrender.child import fonts
    from matplotlib import _afm, get_data_path

    kerned = []
    read_kerning = _afm._parse_kern_pairs
    _afm._parse_kern_pairs = lambda file: kerned.append(file) or read_kerning(file)
    fonts.find()
    found_quickly = len(kerned)
    from matplotlib import font_manager

    found = font_manager.fontManager
    whole = font_manager.FontManager()
    same = sorted(map(repr, found.afmlist)) == sorted(map(repr, whole.afmlist)), found.ttflist == whole.ttflist
    with open(os.path.join(get_data_path(), "fonts", "afm", "phvr8a.afm"), "rb") as file:
        width = _afm.AFM(file).get_width_from_char_name("A")
print(json.dumps([found_quickly, len(kerned) > 10, same, len(found.afmlist) > 30, width]))
"""


class FindTests(SynchronousTestCase):
    """L{fonts.find}, in a process that has no matplotlib yet."""

    def test_same(self) -> None:
        """The list is as matplotlib makes it, without a look at the measures, which are read as ever afterwards."""
        quickly, otherwise, same, some, width = json.loads(run_apart(_FIND))

        self.assertEqual((quickly, otherwise), (0, True))
        self.assertEqual((same, some, width), ([True, True], True, 667.0))


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
