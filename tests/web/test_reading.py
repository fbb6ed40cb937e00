"""Tests of L{cpyrender.web.reading}."""

from __future__ import annotations

from http import HTTPStatus

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.values import Submission
from cpyrender.web.problem import Problem
from cpyrender.web.reading import check_script, header, read_options, read_submission
from tests.web.requests import ELSEWHERE, HERE, arrived


def submission(target: str, *lines: str, body: bytes = b"1", peer: IAddress = HERE) -> Submission:
    request, _ = arrived("POST", target, *lines, body=body, peer=peer)
    return read_submission(request, *read_options(request))


class HeaderTests(SynchronousTestCase):
    def test_absent(self) -> None:
        """A header that was not sent is None, which is not the same as empty."""
        request, _ = arrived("GET", "/", "Accept:")
        self.assertEqual((header(request, "Accept"), header(request, "Content-Type")), ("", None))

    def test_several_lines(self) -> None:
        """Lines of one name are one list (RFC 9110, 5.3)."""
        request, _ = arrived("GET", "/", "Accept: image/png", "accept: image/gif")
        self.assertEqual(header(request, "Accept"), "image/png, image/gif")

    def test_any_bytes(self) -> None:
        """Bytes that are not UTF-8 may stand in a header (RFC 9110, 5.5), and can be read."""
        request, _ = arrived("GET", "/", "Accept: image/png;by=\xff")
        self.assertIn("image/png;by=", header(request, "Accept") or "")


class OptionsTests(SynchronousTestCase):
    def refused(self, target: str) -> str:
        """Check that a query is refused as a bad request, and return why."""
        problem = self.assertRaises(Problem, read_options, arrived("POST", target)[0])
        self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
        return problem.detail

    def test_told_apart(self) -> None:
        """The names of options are options, and all others are the script's parameters."""
        options, params = read_options(arrived("POST", "/x?dpi=150&year=2024&errors=json")[0])
        self.assertEqual((options.wanted.dpi, options.errors, params), (150.0, "json", {"year": "2024"}))

    def test_parameters(self) -> None:
        """Parameters are decoded; one that came twice is a list, and an empty one is kept."""
        for query, params in (
            ("", {}),
            ("?", {}),
            ("?a=1", {"a": "1"}),
            ("?a=1&a=2", {"a": ["1", "2"]}),
            ("?a=&b", {"a": "", "b": ""}),
            ("?a+b=c%20d", {"a b": "c d"}),
            ("?gr%C3%B6%C3%9Fe=%E2%82%AC", {"größe": "€"}),
            ("?a=b=c?d;e", {"a": "b=c?d;e"}),
        ):
            self.assertEqual(read_options(arrived("POST", f"/{query}")[0])[1], params, query)

    def test_accept(self) -> None:
        """All lines of Accept choose the formats that are acceptable."""
        request, _ = arrived("POST", "/", "Accept: image/gif;q=0.5", "Accept: image/webp")
        self.assertEqual(read_options(request)[0].wanted.acceptable, ("webp", "gif"))

    def test_bad_option(self) -> None:
        """An option that cannot be is refused."""
        self.assertIn("dpi='x'", self.refused("/?dpi=x"))

    def test_not_utf8(self) -> None:
        """A query that is not UTF-8 is refused."""
        self.assertEqual(self.refused("/?a=%FF"), "the query is not UTF-8")

    def test_too_many_fields(self) -> None:
        """A query has at most a thousand fields."""
        many = "&".join("a" * 1000)
        self.assertEqual(len(read_options(arrived("POST", f"/?{many}")[0])[1]["a"]), 1000)
        self.assertEqual(self.refused(f"/?{many}&a"), "the query has more than 1000 fields")


class SubmissionTests(SynchronousTestCase):
    def test_whole(self) -> None:
        """The submission is the body, untouched, and what the query and the connection say."""
        read = submission("/plot.py?year=2024&format=svg&timeout=5", body=b"\xef\xbb\xbfx = 1\r\n", peer=ELSEWHERE)
        self.assertEqual(read.script, b"\xef\xbb\xbfx = 1\r\n")
        self.assertEqual((read.params, read.files), ({"year": "2024"}, {}))
        self.assertEqual((read.wanted.format, read.timeout, read.client), ("svg", 5.0, "192.0.2.7"))

    def test_no_address(self) -> None:
        """A client that has no address, on a UNIX socket, is counted under the empty one."""
        self.assertEqual(submission("/", peer=UNIXAddress(b"/run/x")).client, "")

    def test_raw_script(self) -> None:
        """The body is the script for any content type that has no form of its own, and for none."""
        for lines in (
            (),
            ("Content-Type: text/x-python",),
            ("Content-Type: text/plain; charset=utf-8",),
            ("Content-Type: application/x-www-form-urlencoded",),
            ("Content-Type: ",),
            ("Content-Type: ;;;",),
        ):
            self.assertEqual(submission("/", *lines, body=b"a = 'b&c=d'").script, b"a = 'b&c=d'", lines)

    def test_read_already(self) -> None:
        """A body that somebody else has read before, looking for a form, is read from its start."""
        request, _ = arrived("POST", "/", body=b"x = 1")
        request.content.read()
        self.assertEqual(read_submission(request, *read_options(request)).script, b"x = 1")

    def test_other_forms(self) -> None:
        """A form that is not understood is refused, and never run as if it were a script."""
        for kind in ("application/json", "Multipart/Form-Data; boundary=x"):
            problem = self.assertRaises(Problem, submission, "/", f"Content-Type: {kind}", body=b'{"script": "1"}')
            self.assertEqual(problem.status, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)

    def test_no_script(self) -> None:
        """A body that cannot be a script is refused."""
        problem = self.assertRaises(Problem, submission, "/", body=b" \n")
        self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)


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
            self.assertIn("the body is empty", self.refused(script))

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
