"""Tests of L{cpyrender.web.writing}."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.values import Drawn, Output, Timing
from cpyrender.web.problem import Problem
from cpyrender.web.writing import (
    CAREFUL,
    content_disposition,
    write_drawn,
    write_problem,
)
from tests.live.running import Reply
from tests.web.requests import arrived

TIMING = Timing(queue=0.0012, run=0.25, encode=0.01)
TIMING_SAID = "queue;dur=1.2, run;dur=250.0, encode;dur=10.0"
# RFC 6266, 4.1; RFC 9110, 5.6.4 (quoted-string); RFC 8187, 3.2.1 (value-chars).
DISPOSITION = re.compile(
    r"""inline; filename="((?:[ !#-\[\]-~]|\\[ -~])*)"(?:; filename\*=UTF-8''((?:[!#$&+.^_`|~\w-]|%[0-9A-F]{2})+))?""",
    re.ASCII,
)

names = st.text(st.characters())


def named_by(header: str) -> str:
    """Return the file name that a client reads out of a Content-Disposition."""
    match = DISPOSITION.fullmatch(header)
    assert match is not None, header
    return re.sub(r"\\(.)", r"\1", match[1]) if match[2] is None else unquote(match[2], errors="strict")


def written(drawn: Drawn) -> Reply:
    """Return the answer that becomes of what was drawn."""
    request, connection = arrived("POST")
    write_drawn(request, drawn)
    return connection.reply()


def written_as(name: str) -> Reply:
    """Return the answer that becomes of a picture of this name."""
    return written(Drawn(outputs=(Output(data=b"x", media_type="image/png", name=name),)))


def refused(problem: Problem, *lines: str, errors: str | None = None) -> Reply:
    """Return the answer that becomes of a problem, for a request with these header lines."""
    request, connection = arrived("POST", "/", *lines)
    write_problem(request, problem, errors)
    return connection.reply()


class DispositionTests(SynchronousTestCase):
    def test_table(self) -> None:
        """Plain names are quoted, and others are sent both ways."""
        for name, header in (
            ("plot.png", 'inline; filename="plot.png"'),
            ('a "b" \\c.png', 'inline; filename="a \\"b\\" \\\\c.png"'),
            ("größe.png", "inline; filename=\"gr__e.png\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.png"),
            ('x"\r\nEvil: 1', 'inline; filename="x\\"__Evil: 1"; filename*=UTF-8\'\'x%22%0D%0AEvil%3A%201'),
        ):
            self.assertEqual(content_disposition(name), header)

    @given(st.text())
    def test_any_name(self, name: str) -> None:
        """No name breaks out of the header, and every name can be read out of it again."""
        self.assertEqual(named_by(content_disposition(name)), name)


class DrawnTests(SynchronousTestCase):
    def test_picture(self) -> None:
        """A picture goes out as it is, with all that its answer promises."""
        reply = written(
            Drawn(
                outputs=(Output(data=b"\x89PNG\0", media_type="image/png", name="a.png"),),
                figure_count=3,
                timing=TIMING,
            )
        )
        self.assertEqual((reply.status, reply.reason, reply.body), (200, "OK", b"\x89PNG\0"))
        for name, value in {
            "Content-Type": "image/png",
            "Content-Length": "5",
            "Content-Disposition": 'inline; filename="a.png"',
            "Cache-Control": "no-store",
            "Figure-Count": "3",
            "Server-Timing": TIMING_SAID,
            **CAREFUL,
        }.items():
            self.assertEqual(reply.headers.get(name.lower()), value, name)

    def test_bytes(self) -> None:
        """What is not one of several figures has no count, and what has no name is given none."""
        reply = written(Drawn(outputs=(Output(data=b"", media_type="application/octet-stream"),)))
        self.assertEqual((reply.status, reply.body, reply.headers["content-length"]), (200, b"", "0"))
        self.assertNotIn("figure-count", reply.headers)
        self.assertNotIn("content-disposition", reply.headers)

    def test_charset(self) -> None:
        """Text is said to be UTF-8, and only text is."""
        for media_type, said in (
            ("text/plain", "text/plain; charset=utf-8"),
            ("text/csv", "text/csv; charset=utf-8"),
            ("application/json", "application/json"),
            ("image/svg+xml", "image/svg+xml"),
        ):
            reply = written(Drawn(outputs=(Output(data=b"x", media_type=media_type),)))
            self.assertEqual(reply.headers["content-type"], said)

    def test_name(self) -> None:
        """Of a file name only the name goes out: no folder, no control, nothing that turns its direction round."""
        for given_name, sent in (
            ("../../etc/passwd", "passwd"),
            ("C:\\plots\\a.png", "a.png"),
            ("a\r\nSet-Cookie: b.png", "aSet-Cookie: b.png"),
            ("gnp.\u202eexe", "gnp.exe"),
            ("\udcff.png", ".png"),
            ("  a.png ", "a.png"),
            ("größe.png", "größe.png"),
        ):
            self.assertEqual(named_by(written_as(given_name).headers["content-disposition"]), sent)

    def test_long_name(self) -> None:
        """A name is cut to the length that file systems take."""
        self.assertEqual(named_by(written_as("é" * 10_000).headers["content-disposition"]), "é" * 255)

    @given(names)
    def test_any_name(self, name: str) -> None:
        """Whatever a script calls its file, the answer has the headers it always has, and the body whole."""
        reply = written_as(name)
        self.assertEqual(set(reply.headers) - {"content-disposition"}, set(written_as("").headers))
        self.assertEqual((reply.status, reply.body), (200, b"x"))
        if "content-disposition" in reply.headers:
            self.assertNotIn("/", named_by(reply.headers["content-disposition"]))


class ProblemTests(SynchronousTestCase):
    problem = Problem(status=HTTPStatus.CONFLICT, detail="größer\nals", more={"line": 3}, headers={"Retry-After": "7"})

    def test_text(self) -> None:
        """A problem is text where nothing else is asked for, with the detail as its reason phrase."""
        for lines in ((), ("Accept: */*",), ("Accept: image/png, text/html",), ("Accept: application/*",)):
            reply = refused(self.problem, *lines)
            self.assertEqual(reply.headers["content-type"], "text/plain; charset=utf-8", lines)
            self.assertEqual(reply.text, "größer\nals\n\nline 3\n", lines)
            self.assertEqual((reply.status, reply.reason), (409, "gr  er als"), lines)

    def test_json(self) -> None:
        """A problem is JSON for who names it in Accept (RFC 9457, 3)."""
        for accepted in ("application/json", "text/plain, application/problem+json;q=0.1"):
            reply = refused(self.problem, f"Accept: {accepted}")
            self.assertEqual(reply.headers["content-type"], "application/problem+json", accepted)
            self.assertEqual(json.loads(reply.body)["line"], 3, accepted)

    def test_errors_before_accept(self) -> None:
        """What errors= says comes before what Accept says."""
        for errors, accepted, media_type in (
            ("json", "text/plain", "application/problem+json"),
            ("text", "application/json", "text/plain"),
        ):
            reply = refused(self.problem, f"Accept: {accepted}", errors=errors)
            self.assertEqual(reply.media_type, media_type)

    def test_headers(self) -> None:
        """A problem brings its own headers, is not to be kept, and is as harmless to a browser as a picture."""
        reply = refused(self.problem)
        for name, value in {
            "Retry-After": "7",
            "Cache-Control": "no-store",
            "Content-Length": str(len(reply.body)),
            **CAREFUL,
        }.items():
            self.assertEqual(reply.headers.get(name.lower()), value, name)

    def test_unfinished(self) -> None:
        """Where the request is not to be finished, the whole answer is on its way all the same."""
        request, connection = arrived("POST")
        write_problem(request, self.problem, finish=False)
        self.assertEqual((connection.reply().status, request.finished), (409, 0))
        request.finish()
        self.assertEqual(connection.reply().status, 409)
