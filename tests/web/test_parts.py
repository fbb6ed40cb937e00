"""Tests of L{cpyrender.web.parts}, with forms as others encode them."""

from __future__ import annotations

import io
from email import policy
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from http import HTTPStatus

from hypothesis import given
from hypothesis import strategies as st
from treq.multipart import MultiPartProducer
from twisted.internet.task import Clock, Cooperator
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import FileBodyProducer
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cpyrender.web import parts as reading
from cpyrender.web.given import Given
from cpyrender.web.problem import Problem

KIND = "multipart/form-data; boundary=x"

#: Names that every encoder leaves as they are.
_plain = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1).filter(
    lambda name: name != "script" and name.strip(".")
)
_names = st.one_of(_plain, st.sampled_from(["größe", "漢字", "a b", "a;b", "a=b", "it's", "a%b"]))
#: None is empty: of such a part werkzeug leaves the blank line out.
_fields = st.dictionaries(_names, st.text(min_size=1), max_size=4)
_files = st.dictionaries(_names, st.binary(min_size=1), max_size=4)


def read_parts(kind: str, body: bytes) -> Given:
    """Read a form that has come whole."""
    return reading.read_parts(kind, io.BytesIO(body))


def part(head: str, content: bytes = b"") -> bytes:
    """Return a part as it goes over the wire."""
    return b"--x\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def field(name: str, content: bytes, more: str = "") -> bytes:
    return part(f'Content-Disposition: form-data; name="{name}"{more}', content)


def file(name: str, content: bytes = b"1", more: str = "") -> bytes:
    return part(f'Content-Disposition: form-data; name="file"; filename="{name}"{more}', content)


def form(*parts: bytes) -> Given:
    return read_parts(KIND, b"".join((*parts, b"--x--\r\n")))


SCRIPT = field("script", b"x = 1")


class EncodedTests(SynchronousTestCase):
    """Forms that others have encoded come back as they were."""

    def check(self, read: Given, fields: dict[str, str], files: dict[str, bytes]) -> None:
        self.assertEqual((read.script, read.params), (b"x = 1\r\n", {}))
        self.assertEqual(read.fields, {name: [value] for name, value in fields.items()})
        self.assertEqual(read.files, files)

    @given(_fields, _files)
    def test_werkzeug(self, fields: dict[str, str], files: dict[str, bytes]) -> None:
        """As Flask's test client sends them."""
        values: MultiDict[str, object] = MultiDict([*fields.items(), ("script", "x = 1\r\n")])
        for name, content in files.items():
            values.add("file", FileStorage(io.BytesIO(content), name))
        boundary, body = encode_multipart(values)
        self.check(read_parts(f'multipart/form-data; boundary="{boundary}"', body), fields, files)

    @given(
        st.dictionaries(_plain, st.text("abc \r\nü漢"), max_size=4), st.dictionaries(_plain, st.binary(), max_size=4)
    )
    def test_treq(self, fields: dict[str, str], files: dict[str, bytes]) -> None:
        """As treq sends them."""
        clock, transport = Clock(), StringTransport()
        cooperator = Cooperator(scheduler=lambda call: clock.callLater(0, call))
        sent = [
            *fields.items(),
            ("script", "x = 1\r\n"),
            *(
                ("file", (name, "text/csv", FileBodyProducer(io.BytesIO(content), cooperator)))
                for name, content in files.items()
            ),
        ]
        producer = MultiPartProducer(sent, boundary=b"x-y-z", cooperator=cooperator)
        producing = producer.startProducing(transport)
        while not producing.called:
            clock.advance(0)
        body = transport.value()
        self.assertEqual(len(body), producer.length)
        self.check(read_parts("multipart/form-data; boundary=x-y-z", body), fields, files)

    @given(
        st.dictionaries(_plain, st.text("abc \tde"), max_size=4), st.dictionaries(_names, st.text("abc,1"), max_size=4)
    )
    def test_email(self, fields: dict[str, str], files: dict[str, str]) -> None:
        """As the email package writes them, which quotes names in another way and sends more headers."""
        whole = MIMEMultipart("form-data", boundary="==x==")
        for name, value in (*fields.items(), ("script", "x = 1\r\n")):
            one = MIMENonMultipart("text", "plain", charset="utf-8")
            one.add_header("Content-Disposition", "form-data", name=name)
            one.set_payload(value)
            whole.attach(one)
        for name, value in files.items():
            one = MIMENonMultipart("text", "csv")
            one.add_header("Content-Disposition", "form-data", name="file", filename=name)
            one.set_payload(value)
            whole.attach(one)
        body = whole.as_bytes(policy=policy.HTTP).partition(b"\r\n\r\n")[2]
        self.check(read_parts(whole["Content-Type"], body), fields, {name: files[name].encode() for name in files})


class ReadTests(SynchronousTestCase):
    def test_browser(self) -> None:
        """A page's form: line ends in a text, a quote in a name as browsers write it, a file that was not chosen."""
        read = form(
            field("script", b"x = 1\r\ny = 2"),
            field("say %22hi%22", b"a\r\nb"),
            file("river %22Isar%22.csv", b"1,2", "\r\nContent-Type: text/csv"),
            file("", b"", "\r\nContent-Type: application/octet-stream"),
        )
        self.assertEqual(
            read,
            Given(
                script=b"x = 1\r\ny = 2",
                fields={'say "hi"': ["a\r\nb"]},
                files={'river "Isar".csv': b"1,2"},
                file_fields={"file": 'river "Isar".csv'},
            ),
        )

    def test_script_as_file(self) -> None:
        """The script may be a file part, whatever its name and type, and keeps its encoding."""
        script = b"# coding: latin-1\nx = '\xe9'"
        head = 'Content-Disposition: form-data; name="script"; filename="../plot.py"\r\nContent-Type: text/x-python'
        self.assertEqual(form(part(head, script)), Given(script=script))

    def test_no_script(self) -> None:
        """That there is none is for others to say."""
        self.assertIsNone(form().script)

    def test_twice(self) -> None:
        """A field that comes twice has both values."""
        self.assertEqual(form(SCRIPT, field("a", b"1"), field("a", b"2")).fields, {"a": ["1", "2"]})

    def test_charset(self) -> None:
        """A field may name the encoding of its text."""
        for charset, text in (
            ("iso-8859-15", "€"),
            ("UTF-8", "漢字"),
            ("utf-16", "€"),
            ("windows-1252", "€"),
            ("big5", "漢"),
        ):
            sent = field("a", text.encode(charset), f"\r\nContent-Type: text/plain; charset={charset}")
            self.assertEqual(form(SCRIPT, sent).fields, {"a": [text]}, charset)

    def test_file_names(self) -> None:
        """File names are read with backslashes before quotes, as UTF-8, as RFC 8187 has it, and from Windows of old."""
        for head, name in (
            (r'filename="a\"b.csv"', 'a"b.csv'),
            ('filename="größe.csv"', "größe.csv"),
            ("filename=plain.csv", "plain.csv"),
            ("filename*=UTF-8''gr%C3%B6%C3%9Fe%20%E2%82%AC.csv", "größe €.csv"),
            ("filename*=iso-8859-1'de'gr%F6%DFe.csv", "größe.csv"),
            ("filename=\"a.csv\"; filename*=UTF-8''b.csv", "a.csv"),
            (r'filename="C:\data\a.csv"', "a.csv"),
        ):
            sent = part(f'Content-Disposition: form-data; name="f"; {head}', b"1")
            self.assertEqual(form(SCRIPT, sent).files, {name: b"1"}, head)

    def test_fields_of_files(self) -> None:
        """The field that a file came in leads to it, unless several did."""

        def file(name: str, file: str) -> bytes:
            return part(f'Content-Disposition: form-data; name="{name}"; filename="{file}"', b"1")

        read = form(SCRIPT, file("data", "a.csv"), file("more", "b.csv"), file("more", "c.csv"))
        self.assertEqual((sorted(read.files), read.file_fields), (["a.csv", "b.csv", "c.csv"], {"data": "a.csv"}))

    def test_around_it(self) -> None:
        """What stands before the first part and after the last is passed over."""
        body = b"for old readers\r\n" + SCRIPT + b"--x--\r\n" + b"the end" * 20_000
        self.assertEqual(read_parts(KIND, body).script, b"x = 1")

    def test_boundaries(self) -> None:
        """A boundary may be quoted, and may have any sign in it that RFC 2046 lets it have."""
        for boundary in ("a'()+_,-./:=?b", "x" * 70):
            body = SCRIPT.replace(b"--x", b"--" + boundary.encode()) + f"--{boundary}--".encode()
            kind = f'Multipart/Form-Data; charset=utf-8; boundary="{boundary}"'
            self.assertEqual(read_parts(kind, body).script, b"x = 1", boundary)


class RefusedTests(SynchronousTestCase):
    def refused(self, *parts: bytes, kind: str = KIND, end: bytes = b"--x--\r\n") -> str:
        """Check that a form is refused as a bad request, and return why."""
        problem = self.assertRaises(Problem, read_parts, kind, b"".join((*parts, end)))
        self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
        return problem.detail

    def test_boundary(self) -> None:
        """Without a boundary that makes sense there is nothing to go by."""
        for kind in (
            "",
            "; boundary=",
            '; boundary=""',
            "; boundary=" + "x" * 201,
            '; boundary="a\tb"',
            "; boundary=ü",
        ):
            self.assertIn("names no boundary", self.refused(SCRIPT, kind=f"multipart/form-data{kind}"), kind)

    def test_incomplete(self) -> None:
        """A form that is cut off anywhere, or has another boundary, is not read in part."""
        body = SCRIPT + b"--x--"
        for end in range(len(body)):
            self.assertIn("cannot be read", self.refused(body[:end], end=b""), end)
        self.assertIn("cannot be read", self.refused(SCRIPT, kind="multipart/form-data; boundary=y"))

    def test_heads(self) -> None:
        """A part says what it is."""
        for head, why in (
            ("Content-Type: text/plain", "Missing Content-Disposition"),
            ("Content-Disposition: attachment; name=a", "Wrong type"),
            ("Content-Disposition: form-data", "a field of the form has no name"),
            ('Content-Disposition: form-data; name=""', "a field of the form has no name"),
            ("nonsense", "Malformed"),
        ):
            self.assertIn(why, self.refused(SCRIPT, part(head, b"1")), head)

    def test_encoded(self) -> None:
        """A part that would have to be decoded is not taken for what it is not."""
        why = self.refused(field("script", b"eCA9IDE=", "\r\nContent-Transfer-Encoding: base64"))
        self.assertEqual(why, "the part 'script' is encoded as 'base64': parts should come as they are")

    def test_nested(self) -> None:
        """A form within a form, which browsers no longer send, is refused."""
        why = self.refused(SCRIPT, field("a", b"--y--", "\r\nContent-Type: multipart/mixed; boundary=y"))
        self.assertEqual(why, "the part 'a' is a form itself")

    def test_two_scripts(self) -> None:
        """Which of two scripts is meant is not for us to guess, even if one is a file."""
        other = part('Content-Disposition: form-data; name="script"; filename="a.py"', b"1")
        self.assertEqual(self.refused(SCRIPT, other), "the form has 2 parts named script")

    def test_charsets(self) -> None:
        """A text that is not in its charset is refused, and so is a charset that is none, or takes long to decode."""
        for charset, text in (
            ("utf-8", b"\xe9"),
            ("ascii", b"\xc3\xa9"),
            ("never-heard-of", b"1"),
            ("idna", b"1"),
            ("punycode", b"1"),
            ("unicode_escape", b"1"),
            ("zlib", b"1"),
            ("utf-16", b"1"),
        ):
            why = self.refused(SCRIPT, field("a", text, f"\r\nContent-Type: text/plain; charset={charset}"))
            self.assertEqual(why, f"the field 'a' is not a text in {charset!r}")

    def test_file_names(self) -> None:
        """A file name that is none is refused."""
        for name, why in (("../a", "is a path"), ("..", "is a path"), ("a/b", "is a path"), ("", "has no name")):
            self.assertIn(why, self.refused(SCRIPT, file(name)), name)
        self.assertEqual(self.refused(SCRIPT, file("a"), file("a")), "two files are called 'a'")
        extended = part("Content-Disposition: form-data; name=f; filename*=UTF-8''%FF", b"1")
        self.assertIn("is not UTF-8", self.refused(SCRIPT, extended))

    def test_limits(self) -> None:
        """There are limits for parts, their headers, and each header's length."""
        self.assertEqual(len(form(SCRIPT, *[field("a", b"")] * 999).fields["a"]), 999)
        for parts in (
            [SCRIPT, *[field("a", b"")] * 1000],
            [field("a", b"1", "\r\nX: " + "x" * 5000)],
            [field("a", b"1", "\r\nX: 1" * 20)],
        ):
            self.assertIn("over its limits", self.refused(*parts))
        self.assertIn("post it as a file", self.refused(SCRIPT, field("a", b"1" * ((4 << 20) + 1))))

    @given(
        st.lists(
            st.sampled_from(
                [
                    *(b"--x", b"--x--", b"\r\n", b"--", b"x", b"\0", b"\xff", SCRIPT, b"Content-Type: text/plain"),
                    *(b"Content-Disposition: form-data", b"; name=script", b"; filename*=''%", b'; filename="'),
                    *(b"=", b'"', b"; charset=a"),
                ]
            )
            | st.binary(max_size=3),
        ).map(b"".join)
    )
    def test_anything(self, body: bytes) -> None:
        """Whatever the bytes are, they are read or refused as a bad request."""
        for whole in (body, SCRIPT + b"--x\r\n" + body + b"\r\n--x--"):
            try:
                self.assertIsInstance(read_parts(KIND, whole), Given)
            except Problem as problem:
                self.assertEqual(problem.status, HTTPStatus.BAD_REQUEST)
