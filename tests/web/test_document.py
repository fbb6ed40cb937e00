"""Tests of L{cpyrender.web.document}."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.document import read_document
from cpyrender.web.given import Given
from cpyrender.web.problem import Problem

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(), some, max_size=3),
    max_leaves=10,
)
_file_names = st.text("abcdefü ", min_size=1)


def read(**document: object) -> Given:
    return read_document(json.dumps({"script": "1", **document}).encode())


class ReadTests(SynchronousTestCase):
    @given(
        st.text(),
        st.dictionaries(st.text(), _values, max_size=4),
        st.dictionaries(_file_names, st.binary(), max_size=4),
        st.booleans(),
    )
    def test_round_trip(
        self, script: str, params: dict[str, object], files: dict[str, bytes], ascii_only: bool
    ) -> None:
        """Script, parameters with their types, and files come through as they were."""
        encoded = {name: base64.b64encode(content).decode() for name, content in files.items()}
        document = {"script": script, "params": params, "files": encoded}
        read = read_document(json.dumps(document, ensure_ascii=ascii_only).encode())
        self.assertEqual(read, Given(script=script.encode(), params=params, files=files))
        self.assertEqual(repr(read.params), repr(params))

    def test_options(self) -> None:
        """Options are keys beside the script, numbers as numbers or as texts."""
        given = read(dpi=72.5, width=640, height="480", figure=2, timeout="1.5", format="svg", errors="image")
        expected = {
            "dpi": ["72.5"],
            "width": ["640"],
            "height": ["480"],
            "figure": ["2"],
            "timeout": ["1.5"],
            "format": ["svg"],
            "errors": ["image"],
        }
        self.assertEqual(given.fields, expected)

    def test_null(self) -> None:
        """What is null has not been given."""
        self.assertEqual(read(params=None, files=None, dpi=None, format=None), Given(script=b"1"))
        self.assertIsNone(read(script=None).script)

    def test_params_are_not_options(self) -> None:
        """Parameters may have the names of options."""
        given = read(params={"dpi": 1, "script": "x"})
        self.assertEqual((given.params, given.fields), ({"dpi": 1, "script": "x"}, {}))

    def test_bom(self) -> None:
        """A byte order mark is passed over."""
        self.assertEqual(read_document(b'\xef\xbb\xbf{"script": "1"}').script, b"1")

    def test_long_text(self) -> None:
        """No character of a long text is torn."""
        for length in range((1 << 20) - 16, (1 << 20) + 4):
            script = "#" * length + "€"
            self.assertEqual(read_document(f'{{"script":"{script}"}}'.encode()).script, script.encode())

    def test_surrogates(self) -> None:
        """A character that JSON writes as a surrogate pair is that character."""
        self.assertEqual(read_document(b'{"script": "\\ud83d\\ude00"}').script, "😀".encode())

    def test_parameters_beside_the_script(self) -> None:
        """Names beside the script that are no options are its parameters, as in a query and a form."""
        given = read(year=2024, tags=["a"], nothing=None, params={"dpi": 1})
        self.assertEqual(given.params, {"year": 2024, "tags": ["a"], "nothing": None, "dpi": 1})

    def test_coding_line(self) -> None:
        """A script with a coding line goes out as the file would be that it came from."""
        self.assertEqual(read(script="# coding: latin-1\nx = 'é'").script, b"# coding: latin-1\nx = '\xe9'")

    def test_many_brackets_in_the_script(self) -> None:
        """What stands in texts counts for nothing, with any quotes and backslashes in them."""
        script = "[" * 200 + '\\"\\\\' * 100 + "," * 200_000 + "{"
        given = read(script=script, params={'a"': "\\", "b[": "["})
        self.assertEqual((given.script, given.params), (script.encode(), {'a"': "\\", "b[": "["}))

    def test_long_file(self) -> None:
        """A file of megabytes comes through."""
        content = bytes(range(256)) * 12_345
        self.assertEqual(read(files={"a": base64.b64encode(content).decode()}).files, {"a": content})


class RefusedTests(SynchronousTestCase):
    def refused(self, body: bytes) -> str:
        """Check that a request is refused as a bad one, and return why."""
        problem = self.assertRaises(Problem, read_document, body)
        self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
        self.assertLess(len(problem.detail), 300)
        return problem.detail

    def test_malformed(self) -> None:
        """What is not JSON is refused, with the line and the column where it ceases to be."""
        for body, why in (
            (b"", "the body is empty"),
            (b" \n", "the body is empty"),
            (b"x = 1", "the JSON is malformed: Expecting value (line 1, column 1)"),
            (b'{"script": "1",\n "dpi": 90;}', "line 2, column 11"),
            # Where the comma is, or what stands behind it until Python 3.12.
            (b'{"script": "1",\n "dpi": 90,}', "line 2, column 1"),
            (b'{"script": "1"', "line 1, column 15"),
            (b'{"script": "1"} 2', "Extra data (line 1, column 17)"),
            (b'{"script": "a\nb"}', "Invalid control character"),
            (b"{'script': '1'}", "line 1, column 2"),
            (b'{"script": "\xff"}', "the JSON is not UTF-8"),
            ('{"script": "1"}'.encode("utf-16"), "the JSON is not UTF-8"),
        ):
            self.assertIn(why, self.refused(body), body)

    def test_types(self) -> None:
        """What has another type than it should is refused by its name."""
        for body, why in (
            (b"[]", "the JSON is an array, and should be an object"),
            (b"null", "the JSON is null"),
            (b'"x = 1"', "the JSON is a text"),
            (b'{"script": ["1"]}', "script is an array, and should be a text"),
            (b'{"script": 1}', "script is a number"),
            (b'{"params": []}', "params is an array, and should be an object"),
            (b'{"params": "a=1"}', "params is a text"),
            (b'{"files": [1]}', "files is an array, and should be an object"),
            (b'{"files": {"a": 1}}', "the file 'a' is a number, and should be a text in base64"),
            (b'{"files": {"a": null}}', "the file 'a' is null"),
            (b'{"dpi": true}', "dpi is true or false, and should be a number"),
            (b'{"width": [1]}', "width is an array, and should be a number"),
            (b'{"format": 1}', "format is a number, and should be a text"),
            (b'{"errors": {}}', "errors is an object, and should be a text"),
        ):
            self.assertIn(why, self.refused(body), body)

    def test_parameter_twice(self) -> None:
        """A parameter is in one place."""
        why = self.refused(b'{"script": "1", "year": 2024, "params": {"year": 2024}}')
        self.assertEqual(why, "'year' is in params and beside them")

    def test_base64(self) -> None:
        """What is not base64 is not taken for a file."""
        for text in ("a", "ab", "abc", "====", "ab=c", "YQ==YQ==", "Y Q=", "YQ=\n", "YQ", "Y-_=", "é", "!" * 8):
            why = self.refused(json.dumps({"files": {"a": text}}).encode())
            self.assertTrue(why.startswith("the file 'a' is not in base64"), (text, why))
        self.assertIn("there are line ends in it", self.refused(b'{"files": {"a": "YWFh\\nYWFh"}}'))

    def test_files(self) -> None:
        """A file name that is none is refused, and so are too many files."""
        self.assertIn("is a path", self.refused(b'{"files": {"../a": ""}}'))
        self.assertIn("has no name", self.refused(b'{"files": {"": ""}}'))
        many = {str(number): "" for number in range(1001)}
        self.assertEqual(self.refused(json.dumps({"files": many}).encode()), "there are more than 1000 files")

    def test_given_twice(self) -> None:
        """A name that comes twice in one object, on any level, is refused: which counts is not for us to guess."""
        for body in (b'{"script": "1", "script": "2"}', b'{"params": {"a": [{"script": 1, "script": 1}]}}'):
            self.assertEqual(self.refused(body), "the JSON has the name 'script' twice in one object")

    def test_numbers(self) -> None:
        """Numbers that JSON does not know, or that no script should be surprised by, are refused."""
        for number, why in (
            ("NaN", "the JSON has NaN in it"),
            ("Infinity", "the JSON has Infinity in it"),
            ("-Infinity", "the JSON has -Infinity in it"),
            ("1e999", "the number '1e999' in the JSON is too large"),
            ("-1e999", "the number '-1e999' in the JSON is too large"),
            ("9" * 401, "an integer of more than 400 digits"),
            ("1" * 5000, "an integer of more than 400 digits"),
            ("0." + "1" * 5000, "is too large, or too long"),
        ):
            self.assertIn(why, self.refused(f'{{"params": {{"a": {number}}}}}'.encode()))

    def test_halves_of_characters(self) -> None:
        """Half a surrogate pair is no text, wherever it stands."""
        for body in (b'{"script": "\\ud800"}', b'{"params": {"a": ["\\uDC00"]}}', b'{"params": {"\\uD83D": 1}}'):
            self.assertIn("half a surrogate pair", self.refused(body), body)

    def test_depth(self) -> None:
        """Values may be nested a hundred levels deep."""
        self.assertEqual(len(read(params={"a": json.loads("[" * 98 + "]" * 98)}).params), 1)
        for opened, closed in (("[", "]"), ('{"a":', "}")):
            for levels in (99, 100_000):
                body = f'{{"params": {{"a": {opened * levels}1{closed * levels}}}}}'.encode()
                self.assertIn("nested more than 100 levels", self.refused(body))
        self.assertIn("nested more than 100 levels", self.refused(b"[" * 1_000_000))

    def test_size(self) -> None:
        """There may be a hundred thousand values, so that no one else waits while they are parsed."""
        self.assertEqual(len(read(params={"a": [1] * 99_000}).params["a"]), 99_000)
        for value in ("1", "[]", '""', "{}", "null"):
            body = f'{{"params": {{"a": [{",".join([value] * 100_001)}]}}}}'.encode()
            self.assertIn("more than 100000 values", self.refused(body), value)
        script = "\n" * 1_000_000
        self.assertEqual(read(script=script).script, script.encode())
        self.assertIn("more than 1000000 backslashes", self.refused(json.dumps({"script": script + "\n"}).encode()))

    @given(st.binary() | st.text('{}[]":,\\nu0d8 1e.-tfasl', max_size=40).map(str.encode))
    def test_anything(self, body: bytes) -> None:
        """Whatever the bytes are, they are read or refused as a bad request."""
        for whole in (body, b'{"params": {"a": ' + body + b"}}", b'{"script": "' + body + b'"}'):
            try:
                self.assertIsInstance(read_document(whole), Given)
            except Problem as problem:
                self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
