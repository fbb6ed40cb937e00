"""Tests of L{cpyrender.web.accept}."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.formats import PICTURES
from cpyrender.web import accept

FIREFOX = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"

media_ranges = st.sampled_from(["image/png", "image/svg+xml", "image/*", "*/*", "text/html", "*", "", "/", "é/ü"])
weights = st.one_of(st.floats().map(str), st.integers().map(str), st.text(max_size=5))
headers = st.one_of(
    st.text(),
    st.lists(st.tuples(media_ranges, weights).map(";q=".join)).map(", ".join),
)


class QualityTests(SynchronousTestCase):
    def test_table(self) -> None:
        """The most specific range that fits decides, in any case and with any blanks (RFC 9110, 12.5.1)."""
        for header, quality in (
            (None, 1.0),
            ("", 1.0),
            ("image/png", 1.0),
            ("IMAGE/PNG;Q=0.3", 0.3),
            ("image/png ; q=0.25 , text/html", 0.25),
            ("image/png;depth=8;q=0.4", 0.4),
            ("image/png;q=0.5, image/png;depth=8;q=0.9", 0.5),
            ("image/png;depth=8;q=0.9, image/png;q=0.5", 0.5),
            ("image/png;depth=8;q=0, image/*", 0.0),
            ('image/png;by="a,b;q=0.1";q=0.4', 0.4),
            ('image/gif;by="x, image/png", image/*;q=0.5', 0.5),
            ("image/png;q=1.000", 1.0),
            ("image/png; q=0.7; ext=1", 0.7),
            ("image/x-png", 1.0),
            ("image/apng;q=0.3", 0.3),
            (", ,image/png,,", 1.0),
            ("image/*;q=0.5", 0.5),
            ("*/*;q=0.1", 0.1),
            ("image/png;q=0, */*", 0.0),
            ("*/*, image/*;q=0.7, image/png;q=0.2", 0.2),
            ("text/html", 0.0),
            ("image/pngs", 0.0),
        ):
            self.assertEqual(accept.quality("image/png", header), quality, header)

    def test_unreadable(self) -> None:
        """A range whose weight cannot be read counts for nothing, and the others as before."""
        for header in (
            "image/png;q=high",
            "image/png;q=",
            "image/png;q=0.5.5",
            "image/png;q=2",
            "image/png;q=-1",
            "image/png;q=nan",
            "image/png;q=0x1",
            "image/png;q=1_0",
            "image/png q=1",
            "image png",
            "png",
            "/png",
            "image/png/x",
            "=;q=1",
        ):
            self.assertEqual(accept.quality("image/png", header), 0.0, header)
            self.assertEqual(accept.quality("image/png", f"{header}, image/*;q=0.5"), 0.5, header)

    @given(headers)
    def test_bounds(self, header: str) -> None:
        """No header takes a quality out of 0 and 1."""
        quality = accept.quality("image/png", header)
        self.assertTrue(0.0 <= quality <= 1.0, quality)


class FormatsTests(SynchronousTestCase):
    def test_table(self) -> None:
        """The formats come with the most welcome first, and in the order of the table where they are equal."""
        for header, formats in (
            (None, tuple(PICTURES)),
            ("*/*", tuple(PICTURES)),
            ("image/svg+xml, image/png;q=0.5", ("svg", "png")),
            ("image/png;q=0.5, image/svg+xml", ("svg", "png")),
            ("application/postscript", ("eps", "ps")),
            ("image/*;q=0.5, image/gif", ("gif", "png", "svg", "jpg", "webp", "tiff")),
            ("image/*, image/png;q=0, image/svg+xml;q=0", ("jpg", "webp", "tiff", "gif")),
            ("text/html", ()),
        ):
            self.assertEqual(accept.acceptable_formats(header), formats, header)

    def test_browser(self) -> None:
        """A browser that shows a picture is served what it names, before what it merely takes."""
        self.assertEqual(
            accept.acceptable_formats(FIREFOX), ("png", "svg", "webp", "jpg", "tiff", "gif", "pdf", "eps", "ps")
        )

    def test_image_elements(self) -> None:
        """To an <img>, for which browsers name many formats and like them equally, ours is the first of them: png."""
        for header in (
            "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
            "image/avif,image/webp,*/*",
            "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
            "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5",
        ):
            self.assertEqual(accept.acceptable_formats(header)[0], "png", header)

    def test_pages(self) -> None:
        """A browser that goes to a page is served in our order: what it likes best is meant for pictures in pages."""
        for header in (
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
            "application/signed-exchange;v=b3;q=0.7",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ):
            self.assertEqual(accept.acceptable_formats(header), tuple(PICTURES), header)
        self.assertEqual(accept.acceptable_formats("text/html, image/*;q=0.1, image/png;q=0")[0], "svg")

    def test_jpg(self) -> None:
        """The name that JPEG does not have, and many give it, means it."""
        self.assertEqual(accept.acceptable_formats("image/jpg"), ("jpg",))

    @given(headers)
    def test_any_header(self, header: str) -> None:
        """Any header leads to formats that there are, each at most once."""
        formats = accept.acceptable_formats(header)
        self.assertEqual(len(set(formats)), len(formats))
        self.assertLessEqual(set(formats), set(PICTURES))


class NamesTests(SynchronousTestCase):
    def test_table(self) -> None:
        """Only a media type's own name asks for it, not a wildcard, and not with a weight of nothing."""
        for header, named in (
            ("application/json", True),
            ("text/html, application/problem+json;q=0.1", True),
            ("application/json;q=0", False),
            ("application/*", False),
            ("*/*", False),
            ("", False),
            (None, False),
        ):
            self.assertIs(accept.names(header, ("application/problem+json", "application/json")), named, header)

    @given(headers)
    def test_any_header(self, header: str) -> None:
        """No header asks for what it does not hold."""
        self.assertFalse(accept.names(header, ["application/x-never-heard-of"]))
