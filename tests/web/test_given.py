"""Tests of L{cpyrender.web.given}."""

from __future__ import annotations

import os
import tempfile
from http import HTTPStatus

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.given import check_file_name, files_of, gathered, shown, text_of
from cpyrender.web.problem import Problem


class TextTests(SynchronousTestCase):
    def test_decoded(self) -> None:
        """A text is UTF-8, or refused by the name of what it stands in."""
        self.assertEqual(text_of("größe".encode(), "the query"), "größe")
        problem = self.assertRaises(Problem, text_of, b"\xe9", "the query")
        self.assertEqual((problem.status, problem.detail), (HTTPStatus.BAD_REQUEST, "the query is not UTF-8"))

    def test_length(self) -> None:
        """A text has up to 4 MB."""
        self.assertEqual(len(text_of(b"a" * (4 << 20), "the form")), 4 << 20)
        problem = self.assertRaises(Problem, text_of, b"a" * ((4 << 20) + 1), "the form")
        self.assertIn("more than 4194304 bytes; post it as a file", problem.detail)

    def test_shown(self) -> None:
        """Of a client's text a message repeats the beginning, on one line."""
        self.assertEqual((shown("a\nb"), shown("x" * 99)), ("'a\\nb'", repr("x" * 40 + "...")))

    def test_gathered(self) -> None:
        """Values of one name are kept together, in their order."""
        self.assertEqual(gathered([("a", "2"), ("b", ""), ("a", "1")]), {"a": ["2", "1"], "b": [""]})


class FileTests(SynchronousTestCase):
    def refused(self, name: str) -> str:
        """Check that a file name is refused as a bad request, and return why."""
        problem = self.assertRaises(Problem, check_file_name, name)
        self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
        return problem.detail

    def test_accepted(self) -> None:
        """A name alone passes, of any language, hidden or not, up to 255 bytes."""
        for name in (
            "a",
            "rivers.csv",
            ".hidden",
            "...",
            "-rf",
            "größe €.csv",
            "漢字.png",
            "a b",
            "é" * 127,
            "a" * 255,
        ):
            self.assertIsNone(check_file_name(name), name)

    def test_refused(self) -> None:
        """A path, nothing, what cannot be seen, and what is too long are no names."""
        for name, why in (
            ("", "has no name"),
            (".", "is a path"),
            ("..", "is a path"),
            ("a/b", "is a path"),
            ("/etc/passwd", "is a path"),
            ("../a", "is a path"),
            ("a\\b", "is a path"),
            ("a\0b", "cannot be printed"),
            ("a\nb", "cannot be printed"),
            ("\u202egnp.exe", "cannot be printed"),
            ("a" * 256, "longer than 255 bytes"),
            ("é" * 128, "longer than 255 bytes"),
        ):
            self.assertIn(why, self.refused(name), name)

    def test_twice(self) -> None:
        """Two files of one name are refused: only one could be in the folder."""
        self.assertEqual(files_of([("a", b"1"), ("b", b"2")]), {"a": b"1", "b": b"2"})
        problem = self.assertRaises(Problem, files_of, [("a", b"1"), ("a", b"2")])
        self.assertEqual(problem.detail, "two files are called 'a'")

    @given(st.text(max_size=300) | st.text(st.sampled_from("./\\\0a"), max_size=6))
    def test_any_name(self, name: str) -> None:
        """A name that passes is that of one new file in a folder."""
        try:
            check_file_name(name)
        except Problem:
            return
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, name), "xb"):
                pass
            self.assertEqual(os.listdir(folder), [name])
