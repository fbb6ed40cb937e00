"""Tests of L{cpyrender.web.fields}."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote, urlencode

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.fields import is_form, read_form, read_query
from cpyrender.web.given import Given
from cpyrender.web.problem import Problem

_names = st.text(min_size=1).filter(lambda name: name != "script")
_pairs = st.lists(st.tuples(_names, st.text()), max_size=5)


class QueryTests(SynchronousTestCase):
    @given(_pairs)
    @example([("a", "%" * 40000), ("b", "%é" * 40000)])
    def test_round_trip(self, pairs: list[tuple[str, str]]) -> None:
        """What urllib has encoded comes back, each name with its values in their order."""
        expected: dict[str, list[str]] = {}
        for name, value in pairs:
            expected.setdefault(name, []).append(value)
        self.assertEqual(read_query(urlencode(pairs).encode()), expected)

    @given(st.integers(65000, 66000))
    def test_pieces(self, before: int) -> None:
        """An escape is undone wherever it stands in a long text."""
        self.assertEqual(read_query(b"a=" + b"x" * before + b"%C3%BC+y"), {"a": ["x" * before + "ü y"]})

    def test_broken_escapes(self) -> None:
        """What is no escape stays as it is."""
        self.assertEqual(read_query(b"a=100%&b=%zz&c=%4"), {"a": ["100%"], "b": ["%zz"], "c": ["%4"]})

    @given(st.binary())
    def test_any_bytes(self, query: bytes) -> None:
        """Whatever the bytes are, they are read or refused as a bad request."""
        try:
            self.assertIsInstance(read_query(query), dict)
        except Problem as problem:
            self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)


class IsFormTests(SynchronousTestCase):
    def test_table(self) -> None:
        """A form has a field named script, and no white space anywhere; all else is a script itself."""
        for body, form in (
            (b"script=x", True),
            (b"script=", True),
            (b"year=2024&script=x%20%3D%201", True),
            (b"script=response%3D1&dpi=90", True),
            (b"script=1", True),
            (b"script=response=b'x'", True),
            (b"", False),
            (b"response=b'x'", False),
            (b"script=1\n", False),
            (b" script=1", False),
            (b"script=1 ", False),
            (b"script= 1", False),
            (b"script=1\ttwo", False),
            (b"script=1\x0b", False),
            (b"script=1\x0c", False),
            (b"script=1\r\nresponse='x'", False),
            (b"myscript=1", False),
            (b"Script=1", False),
            (b"a=1;script=2", False),
            (b"scripts=1&script_=2", False),
            (b"x=a&script", False),
        ):
            self.assertIs(is_form(body), form, body)


class FormTests(SynchronousTestCase):
    def refused(self, body: bytes) -> str:
        """Check that a form is refused as a bad request, and return why."""
        problem = self.assertRaises(Problem, read_form, body)
        self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
        return problem.detail

    @given(st.binary(), _pairs)
    def test_round_trip(self, script: bytes, pairs: list[tuple[str, str]]) -> None:
        """A script of any bytes and texts of any characters come through urllib's form as they were."""
        body = urlencode([*pairs, ("script", script)]).encode()
        self.assertTrue(is_form(body))
        read = read_form(body)
        self.assertEqual((read.script, read.files, read.params), (script, {}, {}))
        self.assertEqual(read.fields, read_query(urlencode(pairs).encode()))

    def test_unquoted(self) -> None:
        """A client that quotes only what it has to, and leaves UTF-8 as it is, is understood."""
        body = "script=print('größe'+params['a'])&a=ü".encode()
        self.assertEqual(read_form(body), Given(script="print('größe' params['a'])".encode(), fields={"a": ["ü"]}))

    def test_two_scripts(self) -> None:
        """Which of two scripts is meant is not for us to guess."""
        self.assertEqual(self.refused(b"script=1&script=2"), "the form has 2 fields named script")

    def test_not_utf8(self) -> None:
        """Texts have to be UTF-8."""
        self.assertEqual(self.refused(b"script=1&a=%E9"), "the form is not UTF-8")
        self.assertEqual(self.refused(b"script=1&%E9=a"), "the form is not UTF-8")

    def test_too_many_fields(self) -> None:
        """A form has at most a thousand fields."""
        self.assertEqual(len(read_form(b"script=1" + b"&a=1" * 999).fields["a"]), 999)
        self.assertEqual(self.refused(b"script=1" + b"&a=1" * 1000), "the form has more than 1000 fields")

    @given(st.lists(st.sampled_from([b"script", b"a", b"&", b"=", b"%", b"41", b"\xff", b"+", b"\0"])).map(b"".join))
    def test_any_form(self, body: bytes) -> None:
        """Whatever the fields are, they are read or refused as a bad request."""
        try:
            self.assertIsInstance(read_form(b"script=1&" + body).script, bytes)
        except Problem as problem:
            self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)

    def test_long_script(self) -> None:
        """A script may be longer than other texts."""
        script = "# " + "é" * (3 << 20)
        self.assertEqual(read_form(f"script={quote(script)}".encode()).script, script.encode())
