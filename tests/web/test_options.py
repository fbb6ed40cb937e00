"""Tests of L{cpyrender.web.options}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.values import Wanted
from cpyrender.web.options import NAMES, Options, read
from cpyrender.web.problem import Problem

ACCEPTABLE = ("svg", "png")

values = st.one_of(
    st.text(),
    st.floats().map(str),
    st.integers().map(str),
    st.sampled_from(["png", "JPEG", "json", "text", "1e3", "-0", "0x10", "1_0", "٣", "9" * 400]),
)


def read_one(name: str, value: str) -> Options:
    return read({name: [value]}, ACCEPTABLE)


class ReadTests(SynchronousTestCase):
    def refused(self, given: Mapping[str, Sequence[str]]) -> str:
        """Check that these are refused as a bad request, and return why."""
        problem = self.assertRaises(Problem, read, given, ACCEPTABLE)
        self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
        return problem.detail

    def test_nothing_given(self) -> None:
        """A request without options leaves everything to the script and the server."""
        self.assertEqual(read({}, ACCEPTABLE), Options(wanted=Wanted(acceptable=ACCEPTABLE), timeout=None, errors=None))

    def test_wanted(self) -> None:
        """Each option about the picture is read into the field of its name."""
        for name, value, wanted in (
            ("format", "svg", "svg"),
            ("format", "PNG", "png"),
            ("format", "jpeg", "jpg"),
            ("format", "tif", "tiff"),
            ("dpi", "150", 150.0),
            ("dpi", "72.5", 72.5),
            ("width", "640", 640),
            ("width", "1", 1),
            ("height", "20000", 20000),
            ("figure", "3", 3),
        ):
            self.assertEqual(getattr(read_one(name, value).wanted, name), wanted, (name, value))

    def test_beside_the_picture(self) -> None:
        """Timeout and errors are read too."""
        for errors in ("json", "text", "image"):
            read_both = read({"timeout": ["2.5"], "errors": [errors]}, ACCEPTABLE)
            self.assertEqual((read_both.timeout, read_both.errors), (2.5, errors))

    def test_parameters_are_passed_over(self) -> None:
        """Names that are no options are the script's, and may come any number of times with any value."""
        self.assertEqual(read({"year": ["2024", "2025"], "Format": [""]}, ACCEPTABLE), read({}, ACCEPTABLE))

    def test_refused(self) -> None:
        """A value that an option cannot have is refused, with the option and the value in the message."""
        for name, value in (
            ("format", "bmp"),
            ("format", ""),
            ("format", "../png"),
            ("dpi", "0"),
            ("dpi", "2401"),
            ("dpi", "many"),
            ("dpi", ""),
            ("dpi", "nan"),
            ("dpi", "inf"),
            ("dpi", "-inf"),
            ("width", "0"),
            ("width", "-1"),
            ("width", "20001"),
            ("width", "1.5"),
            ("height", "1e9"),
            ("height", "640px"),
            ("figure", "0"),
            ("figure", "1.5"),
            ("timeout", "0"),
            ("timeout", "-3"),
            ("timeout", "86401"),
            ("errors", "html"),
            ("errors", ""),
        ):
            self.assertIn(f"{name}={value!r}", self.refused({name: [value]}))

    def test_given_twice(self) -> None:
        """An option that comes twice is refused: which of them counts is not for us to guess."""
        for name in NAMES:
            self.assertEqual(self.refused({name: ["1", "1"]}), f"{name} was given 2 times")

    def test_long_value(self) -> None:
        """A message repeats no more than the beginning of what it refuses."""
        for name in NAMES:
            self.assertLess(len(self.refused({name: ["x" * 100_000]})), 200, name)

    @given(st.integers(1, 20000))
    def test_whole_numbers(self, pixels: int) -> None:
        """Every whole number of pixels within the bounds is read as it is."""
        self.assertEqual(read_one("width", str(pixels)).wanted.width, pixels)

    @given(st.dictionaries(st.sampled_from(sorted(NAMES)) | st.text(), st.lists(values, max_size=3)))
    def test_anything(self, given: dict[str, list[str]]) -> None:
        """Whatever is given is either read or refused as a bad request."""
        try:
            self.assertIsInstance(read(given, ACCEPTABLE), Options)
        except Problem as problem:
            self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
