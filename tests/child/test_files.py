"""Tests of L{cpyrender.child.files}; for bad names see those of L{cpyrender.child.script}."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.files import Files


class FilesTests(SynchronousTestCase):
    """L{Files}."""

    def setUp(self) -> None:
        self.files = Files({"a.csv": Path("/job/a.csv"), "b": Path("/job/b")}, {"data": "a.csv", "b": "a.csv"})

    def test_by_name(self) -> None:
        """A file is found by its name, before any field of that name."""
        self.assertEqual(self.files["a.csv"], Path("/job/a.csv"))
        self.assertEqual(self.files["b"], Path("/job/b"))

    def test_by_field(self) -> None:
        """A file is found by its field, in whichever way it is asked for."""
        self.assertEqual(self.files["data"], Path("/job/a.csv"))
        self.assertEqual(self.files.get("data"), Path("/job/a.csv"))
        self.assertIn("data", self.files)

    def test_each_once(self) -> None:
        """Whoever goes through the files meets each of them once, under its name."""
        self.assertEqual(sorted(self.files), ["a.csv", "b"])
        self.assertEqual((len(self.files), len(list(self.files.values()))), (2, 2))

    def test_missing(self) -> None:
        """What is not there is missing as in any dict."""
        self.assertRaises(KeyError, self.files.__getitem__, "c")
        self.assertNotIn("c", self.files)
        self.assertEqual((self.files.get("c"), self.files.get("c", 1)), (None, 1))
