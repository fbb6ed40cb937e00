"""Tests of L{cpyrender.web.source}."""

from __future__ import annotations

from http import HTTPStatus

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.problem import Problem
from cpyrender.web.source import check_script, encoded


class CheckTests(SynchronousTestCase):
    def refused(self, script: bytes) -> str:
        """Check that a script is refused as a bad request, and return why."""
        problem = self.assertRaises(Problem, check_script, script)
        self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
        return problem.detail

    def test_accepted(self) -> None:
        """UTF-8 passes, with and without BOM, and so does anything that a coding line stands over (PEP 263)."""
        for script in (
            b"x",
            "größe = '€'".encode(),
            b"\xef\xbb\xbfx = 1\r\n",
            b"# coding: latin-1\nx = '\xe9'",
            b"#!/usr/bin/python\r\n# -*- coding: iso-8859-15 -*-\r\nx = '\xa4'",
            b"\n \t# vim: set fileencoding=cp1252 :\nx = '\x80'",
        ):
            self.assertIsNone(check_script(script), script)

    def test_empty(self) -> None:
        """Nothing, and nothing but blanks, are no script."""
        for script in (b"", b" \t\r\n\x0c"):
            self.assertIn("the script is empty", self.refused(script))

    def test_nul(self) -> None:
        """NUL bytes are no Python, and are told from UTF-16, which they often come of."""
        self.assertEqual(self.refused(b"x\0"), "the script has NUL bytes in it")
        for coding in ("utf-16-le", "utf-16-be"):
            self.assertIn("it looks like UTF-16", self.refused(("\ufeff" + "x = 1").encode(coding)), coding)

    def test_not_utf8(self) -> None:
        """Other bytes need a coding line, and the message says which they are, and where."""
        for script, where in (
            (b"x\ny = '\xe9'", "byte 0xe9 on line 2"),
            (b"\n\n# coding: latin-1\n'\xe9'", "byte 0xe9 on line 4"),
            (b"x = 'coding: latin-1 \xe9'", "byte 0xe9 on line 1"),
            (b"\xc3", "byte 0xc3 on line 1"),
        ):
            self.assertIn(where, self.refused(script), script)

    def test_long(self) -> None:
        """A script of megabytes is looked at to its end, and no character of it is torn."""
        for length in ((1 << 20) - 1, 1 << 20, (1 << 20) + 1, (2 << 20) - 1):
            script = b"#" * length + "€\n".encode()
            self.assertIsNone(check_script(script))
            self.assertIn("byte 0xe2 on line 2", self.refused(script + b"\xe2\x82"))
            self.assertIn("byte 0xe2 on line 1", self.refused(b"#" * length + b"\xe2\x82" + b"#" * (1 << 20)))

    @given(st.text(min_size=1).filter(lambda text: "\0" not in text and text.strip(" \t\n\r\x0b\x0c")))
    def test_any_text(self, text: str) -> None:
        """Whatever is a text passes: whether it is Python is for Python to say."""
        self.assertIsNone(check_script(text.encode()))

    @given(st.binary() | st.text().map(str.encode))
    def test_any_bytes(self, script: bytes) -> None:
        """Whatever the bytes are, they pass or are refused as a bad request."""
        try:
            self.assertIsNone(check_script(script))
        except Problem as problem:
            self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)


class EncodedTests(SynchronousTestCase):
    def test_encoded(self) -> None:
        """A text is encoded as its coding line says, and without one in UTF-8."""
        for text, script in (
            ("x = '€'", b"x = '\xe2\x82\xac'"),
            ("# coding: utf-8\nx = '€'", b"# coding: utf-8\nx = '\xe2\x82\xac'"),
            ("#!python\n# -*- coding: cp1252 -*-\nx = '€'", b"#!python\n# -*- coding: cp1252 -*-\nx = '\x80'"),
        ):
            self.assertEqual(encoded(text), script)

    def test_refused(self) -> None:
        """An encoding that is none, or that lacks one of the characters, is named."""
        for text, why in (
            ("# coding: latin-1\nx = '€'", "characters in it that 'latin-1', of its coding line, does not have"),
            ("# coding: nothing\n", "names 'nothing', which is no encoding of scripts"),
            ("# coding: idna\n" + "ü" * 10_000, "names 'idna', which is no encoding of scripts"),
            ("# coding: hex\n", "names 'hex', which is no encoding of scripts"),
        ):
            problem = self.assertRaises(Problem, encoded, text)
            self.assertEqual((problem.status, why in problem.detail), (HTTPStatus.BAD_REQUEST, True), problem.detail)
