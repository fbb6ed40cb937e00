"""Tests of L{cpyrender.formats}."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.formats import ALLOWED, OCTETS, PICTURES, extension, media_type, picture_format

# What a browser would run, in one way or another, if it were told that it is that.
PROGRAMS = (
    "application/ecmascript",
    "application/javascript",
    "application/wasm",
    "application/x-javascript",
    "application/x-shockwave-flash",
    "application/xhtml+xml",
    "text/javascript",
)


class ExtensionTests(SynchronousTestCase):
    def test_table(self) -> None:
        """The extension is what follows the last dot of the name, in lower case."""
        for name, found in (
            ("a.png", "png"),
            ("A.PNG", "png"),
            ("a.tar.gz", "gz"),
            ("a", ""),
            ("", ""),
            ("a.", ""),
            (".png", ""),
            ("a.b/c", ""),
            ("../x.svg", "svg"),
        ):
            self.assertEqual(extension(name), found, name)


class PictureTests(SynchronousTestCase):
    def test_own_names(self) -> None:
        """Each format is known by its name, in any case."""
        for name in PICTURES:
            self.assertEqual((picture_format(name), picture_format(name.upper())), (name, name))

    def test_other_names(self) -> None:
        """Formats that have further names are known by them too."""
        for other, name in (("jpeg", "jpg"), ("JPE", "jpg"), ("tif", "tiff")):
            self.assertEqual(picture_format(other), name)

    def test_no_picture(self) -> None:
        """What is no format of a picture is none."""
        for name in ("", "bmp", ".png", "image/png", "txt", "png "):
            self.assertIsNone(picture_format(name), name)

    def test_by_extension(self) -> None:
        """A format's name, as an extension, has the format's media type."""
        for name in (*PICTURES, "jpeg", "jpe", "tif"):
            self.assertEqual(media_type(f"a.{name}"), PICTURES[picture_format(name) or ""], name)


class MediaTypeTests(SynchronousTestCase):
    def test_table(self) -> None:
        """The extension alone decides; source code is text, and what is not known is bytes."""
        for name, found in (
            ("a.PNG", "image/png"),
            ("a.py", "text/plain"),
            ("a.c", "text/plain"),
            ("a.h", "text/plain"),
            ("a.txt", "text/plain"),
            ("a.csv", "text/csv"),
            ("a.json", "application/json"),
            ("a.zip", "application/zip"),
            ("a.b.svg", "image/svg+xml"),
            ("a", OCTETS),
            ("", OCTETS),
            ("png", OCTETS),
            (".png", OCTETS),
            ("a.png/b", OCTETS),
            ("a.unheard", OCTETS),
            ("a.png\n", OCTETS),
        ):
            self.assertEqual(media_type(name), found, name)

    def test_no_programs(self) -> None:
        """Nothing that a browser would run as a program goes out as that."""
        for name in ("a.js", "a.mjs", "a.xhtml", "a.wasm", "a.swf", "a.hta", "a.exe"):
            self.assertEqual(media_type(name), OCTETS, name)
        self.assertFalse(ALLOWED.intersection(PROGRAMS))

    @given(st.text(), st.text(max_size=5))
    def test_any_name(self, name: str, ending: str) -> None:
        """Whatever the name is, its media type is one of those that an answer may carry."""
        self.assertIn(media_type(f"{name}.{ending}"), ALLOWED)
