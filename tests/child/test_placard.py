"""Tests of L{cpyrender.child.placard}, in processes of their own: a placard sets matplotlib back to its defaults."""

from __future__ import annotations

import io
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.pictures import encode_figure
from cpyrender.child.placard import HEIGHTS, WIDTHS, cut, placard, wrapped
from cpyrender.values import Wanted


def drawn(text: str, width: int | None = None, height: int | None = None) -> Image.Image:
    """Return a placard as it is in a PNG."""
    return Image.open(io.BytesIO(encode_figure(placard("422 No", text, width, height), "png", Wanted())))


def words(text: str) -> list[str]:
    """Return the lines that a placard consists of."""
    return [line.get_text() for line in placard("422 No", text).texts]


class WrappedTests(SynchronousTestCase):
    def test_lines(self) -> None:
        """Lines stay lines, with their indentation, and long ones are broken, in the middle of a word if need be."""
        self.assertEqual(wrapped("a\n  b\n\nc\n", 10), ["a", "  b", "", "c"])
        self.assertEqual(wrapped("one two three", 8), ["one two ", "three"])
        self.assertEqual(wrapped("x" * 25, 10), ["x" * 10, "x" * 10, "x" * 5])

    @given(st.text(st.characters()), st.integers(16, 80))
    def test_any_text(self, text: str, columns: int) -> None:
        """Whatever the text, no line is too long, and each character of it can be seen."""
        for line in wrapped(text, columns):
            self.assertLessEqual(len(line), columns)
            self.assertTrue(all(char.isprintable() or char.isspace() for char in line), line)

    def test_invisible(self) -> None:
        """Control characters and those that turn the direction of writing are shown as escapes."""
        self.assertEqual(wrapped("a\x07b\u202ec\x1b[31m\udc80", 80), ["a\\x07b\\u202ec\\x1b[31m\\udc80"])

    def test_cut(self) -> None:
        """What does not fit is cut, with an ellipsis in its place."""
        self.assertEqual(cut(["a", "b", "c"], 3), ["a", "b", "c"])
        self.assertEqual(cut(["a", "b", "c"], 2), ["a", "…"])
        self.assertEqual(cut(["a", "b"], 0), ["…"])


class PlacardTests(SynchronousTestCase):
    def test_literal(self) -> None:
        """No formula, no entity, no format: words are drawn as they are."""
        text = r"$x^2$ $ \frac{1 % {0} &amp; <b>"
        self.assertEqual(words(text)[-1], text)
        root = ElementTree.fromstring(encode_figure(placard("422 No", text), "svg", Wanted()))
        self.assertTrue(root.tag.endswith("svg"))

    def test_all_there(self) -> None:
        """As tall as its words need, a placard leaves none of them out."""
        self.assertEqual(words("one\ntwo\nthree"), ["422 No", "", "one", "two", "three"])

    def test_long(self) -> None:
        """A long text is cut, and the picture stays of a size for a page."""
        self.assertEqual(words("line\n" * 10_000)[-1], "…")
        self.assertEqual(drawn("line\n" * 10_000).size, (640, 1024))

    def test_size(self) -> None:
        """The wanted width and height are those of the picture, brought within bounds."""
        for width, height, size in (
            (333, 217, (333, 217)),
            (1, 1, (WIDTHS[0], HEIGHTS[0])),
            (20000, 20000, (WIDTHS[1], HEIGHTS[1])),
        ):
            self.assertEqual(drawn("words " * 100, width, height).size, size)

    def test_nothing_is_over_the_edge(self) -> None:
        """No word leaves the picture: its right and lower edges are as empty as its upper left corner."""
        for width, height in ((None, None), (300, None), (300, 100)):
            picture = drawn("W" * 3000, width, height).convert("RGB")
            paper = picture.getpixel((0, 0))
            wide, high = picture.size
            edges = [picture.crop((wide - 8, 0, wide, high)), picture.crop((0, high - 8, wide, high))]
            for edge in edges:
                self.assertEqual(edge.getcolors(), [(edge.width * edge.height, paper)], (width, height))
