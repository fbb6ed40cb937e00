"""Tests of L{cpyrender.web.problem}."""

from __future__ import annotations

import json
from http import HTTPStatus

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.problem import Problem


def problem(detail: str, **more: object) -> Problem:
    return Problem(status=HTTPStatus.NOT_IMPLEMENTED, detail=detail, more=more)


class RaisingTests(SynchronousTestCase):
    def test_from_another_exception(self) -> None:
        """A problem can be raised from another exception, frozen though it is."""
        cause = ValueError("why")
        with self.assertRaises(Problem) as caught:
            raise problem("what") from cause
        self.assertIs(caught.exception.__cause__, cause)


class ReasonTests(SynchronousTestCase):
    def test_is_the_detail(self) -> None:
        """The reason phrase is the detail."""
        self.assertEqual(problem("name 'x' is not defined").reason(), b"name 'x' is not defined")

    def test_nothing_printable(self) -> None:
        """Where the detail has nothing that a status line can carry, the reason is the status's own."""
        for detail in ("", " \r\n", "öß"):
            self.assertEqual(problem(detail).reason(), b"Not Implemented", detail)

    @example("x" * 1000)
    @example("x" * 199 + " y")
    @given(st.text(st.characters()))
    def test_stays_in_its_line(self, detail: str) -> None:
        """Whatever the detail is, the reason is printable ASCII, not empty, and at most 200 bytes long."""
        reason = problem(detail).reason()
        self.assertTrue(all(0x20 <= byte <= 0x7E for byte in reason), reason)
        self.assertTrue(0 < len(reason) <= 200, reason)
        self.assertEqual(reason, reason.strip())


class JSONTests(SynchronousTestCase):
    def test_members(self) -> None:
        """The object has type, title, status and detail, and the further members beside them."""
        told = Problem(
            status=HTTPStatus.NOT_IMPLEMENTED, title="The script failed", detail="x", more={"line": 3}
        ).as_json()
        self.assertEqual(
            json.loads(told),
            {"type": "about:blank", "title": "The script failed", "status": 501, "detail": "x", "line": 3},
        )

    def test_title_of_the_status(self) -> None:
        """A problem without a title of its own has the status's, as about:blank demands (RFC 9457, 4.2.1)."""
        self.assertEqual(json.loads(problem("x").as_json())["title"], "Not Implemented")

    @given(st.text(), st.text())
    def test_any_text(self, detail: str, source: str) -> None:
        """Any text comes through as it is."""
        told = json.loads(problem(detail, source=source).as_json().decode())
        self.assertEqual((told["detail"], told["source"]), (detail, source))


class TextTests(SynchronousTestCase):
    def test_detail_alone(self) -> None:
        """A problem without further members is its detail, on a line."""
        self.assertEqual(problem("größer").as_text().decode(), "größer\n")

    def test_everything(self) -> None:
        """The failing line, the traceback and what was printed follow the detail, a paragraph each."""
        text = problem(
            "ValueError: no",
            exception="ValueError",
            message="no",
            line=2,
            source="f(x)",
            traceback="Traceback (most recent call last):\nValueError: no\n",
            stdout="out\n",
            stderr="err\n",
        ).as_text()
        self.assertEqual(
            text.decode().split("\n\n"),
            [
                "ValueError: no",
                "line 2: f(x)",
                "Traceback (most recent call last):\nValueError: no",
                "stdout:\nout",
                "stderr:\nerr\n",
            ],
        )

    def test_what_is_empty_is_left_out(self) -> None:
        """A line without its source is told by its number, and streams that are empty not at all."""
        text = problem("x", line=7, source="", traceback="", stdout="", stderr="")
        self.assertEqual(text.as_text(), b"x\n\nline 7\n")

    def test_line_in_the_detail(self) -> None:
        """A line that the detail ends with is not told once more; another line is, and one of which more is known."""
        for line, source, said in ((7, "", ""), (8, "", "\nline 8\n"), (7, "f(x)", "\nline 7: f(x)\n")):
            told = problem("x on line 7", line=line, source=source).as_text().decode()
            self.assertEqual(told, f"x on line 7\n{said}")
