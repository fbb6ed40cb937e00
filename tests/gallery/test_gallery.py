"""matplotlib's own charts come out of cpyrender as they come out of plain Python."""

from __future__ import annotations

from pathlib import Path
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tests.gallery.comparing import References, Verdict, compare_all
from tests.gallery.sdist import NotFetchedError, scripts
from tests.live.running import shared

_OPTIONS = ("--timeout", "20", "--memory", "2G")
_EVERY = 8
_WRONG = {Verdict.DIFFERS, Verdict.REFUSED}
_REFERENCES = References()


class GalleryTests(SynchronousTestCase):
    """Charts drawn here and in plain Python have the same pixels; those that are random, the same size."""

    timeout = 300.0

    def alike(self, chosen: list[Path], level: str | None) -> None:
        """Compare scripts, and find nothing wrong, and nearly all of them drawn."""
        came = list(compare_all(shared(*_OPTIONS, level=level), chosen, _REFERENCES))
        wrong = [f"{one.script.name}: {one.verdict.value}: {one.why}" for one in came if one.verdict in _WRONG]
        self.assertEqual(wrong, [])
        equal = [one for one in came if one.verdict is Verdict.EQUAL]
        self.assertGreater(len(equal), len(chosen) * 0.8)

    def chosen(self, part: str, every: int = 1) -> list[Path]:
        """Return every so manieth script of a gallery, without those that need windows."""
        try:
            found = scripts(part)
        except NotFetchedError as error:
            raise SkipTest(str(error)) from None
        return [script for script in found if "sgskip" not in script.name and "user_interfaces" not in str(script)][
            ::every
        ]

    def test_plot_types(self) -> None:
        """The plot types come out the same at the strongest level there is."""
        self.alike(self.chosen("plot_types"), None)

    def test_plot_types_confined(self) -> None:
        """The plot types come out the same at level confined."""
        self.alike(self.chosen("plot_types"), "confined")

    def test_examples(self) -> None:
        """A sample of the examples comes out the same at the strongest level there is."""
        self.alike(self.chosen("examples", _EVERY), None)
