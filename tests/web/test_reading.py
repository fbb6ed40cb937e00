"""Tests of L{cpyrender.web.reading}."""

from __future__ import annotations

import base64
import json
import tempfile
from http import HTTPStatus
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import Request

from cpyrender.values import Submission
from cpyrender.web.aside import Aside
from cpyrender.web.problem import Problem
from cpyrender.web.reading import Asked, errors_wanted, header, read_asked
from tests.web.requests import ELSEWHERE, HERE, arrived
from tests.web.test_aside import Threads

FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
PARTS = "Content-Type: multipart/form-data; boundary=x"


def parts(**fields: str) -> bytes:
    """Return a form in parts; a name with a dot in it is a file."""
    heads = {name: f'name=f; filename="{name}"' if "." in name else f"name={name}" for name in fields}
    return (
        "".join(
            f"--x\r\nContent-Disposition: form-data; {heads[name]}\r\n\r\n{value}\r\n" for name, value in fields.items()
        )
        + "--x--\r\n"
    ).encode()


class ReadingCase(SynchronousTestCase):
    def read(self, target: str = "/", *lines: str, body: bytes = b"1", peer: IAddress = HERE) -> Asked:
        request, _ = arrived("POST", target, *lines, body=body, peer=peer)
        return self.successResultOf(Deferred.fromCoroutine(read_asked(request)))

    def submission(self, target: str = "/", *lines: str, body: bytes = b"1", peer: IAddress = HERE) -> Submission:
        return self.read(target, *lines, body=body, peer=peer).submission

    def refused(self, target: str = "/", *lines: str, body: bytes = b"1") -> str:
        """Check that a request is refused as a bad one, and return why."""
        request, _ = arrived("POST", target, *lines, body=body)
        failure = self.failureResultOf(Deferred.fromCoroutine(read_asked(request)), Problem)
        self.assertEqual(failure.value.status, HTTPStatus.BAD_REQUEST)
        return str(failure.value.detail)


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


class QueryTests(ReadingCase):
    def test_told_apart(self) -> None:
        """The names of options are options, and all others are the script's parameters."""
        asked = self.read("/x?dpi=150&year=2024&errors=json")
        self.assertEqual(
            (asked.submission.wanted.dpi, asked.options.errors, asked.submission.params),
            (150.0, "json", {"year": "2024"}),
        )

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
            ("?params=1&files=2", {"params": "1", "files": "2"}),
        ):
            self.assertEqual(self.submission(f"/{query}").params, params, query)

    def test_accept(self) -> None:
        """All lines of Accept choose the formats that are acceptable."""
        wanted = self.submission("/", "Accept: image/gif;q=0.5", "Accept: image/webp").wanted
        self.assertEqual((wanted.format, wanted.acceptable), (None, ("webp", "gif")))

    def test_accept_json(self) -> None:
        """Who names JSON gets all of it, unless a format is asked for, in the query or the body."""
        self.assertEqual(self.submission("/", "Accept: application/json").wanted.format, "json")
        self.assertEqual(self.submission("/?format=svg", "Accept: application/json").wanted.format, "svg")
        body = b'{"script": "1", "format": "svg"}'
        self.assertEqual(self.submission("/", "Accept: application/json", JSON, body=body).wanted.format, "svg")

    def test_refused(self) -> None:
        """A query that cannot be is refused, whatever the body is."""
        for target, why in (
            ("/?dpi=x", "dpi='x'"),
            ("/?a=%FF", "the query is not UTF-8"),
            ("/?" + "&" * 1000, "the query has more than 1000 fields"),
            ("/?script=1", "there is a script in the query; it should be in the body"),
            ("/?dpi=1&dpi=1", "dpi was given 2 times"),
        ):
            for lines, body in (((), b"1"), ((JSON,), b'{"script": "1"}'), ((FORM,), b"script=1")):
                self.assertIn(why, self.refused(target, *lines, body=body))

    def test_errors(self) -> None:
        """How errors are to be written can be told from the query, whatever else is wrong."""
        for target, errors in (
            ("/?errors=image&dpi=x", "image"),
            ("/?errors=json&script=1", "json"),
            ("/?errors=html", None),
            ("/?errors=json&errors=json", None),
            ("/?errors=json&a=%FF", None),
            ("/", None),
        ):
            self.assertEqual(errors_wanted(arrived("POST", target)[0]), errors, target)


class FormsTests(ReadingCase):
    """One request in each form that it can have."""

    def test_raw(self) -> None:
        """The body is the script, untouched, for any content type that has no form of its own, and for none."""
        for lines in (
            (),
            ("Content-Type: text/x-python",),
            ("Content-Type: text/plain; charset=utf-8",),
            ("Content-Type: multipart/mixed; boundary=x",),
            (FORM,),
            ("Content-Type: ",),
            ("Content-Type: ;;;",),
            ("Content-Type: json",),
            ("Content-Type: application/jsonp",),
            ("Content-Type: \xff\xfe/;=",),
        ):
            for script in (b"a = 'b&c=d'", b"\xef\xbb\xbfx = 1\r\n", b"response=b'x'", b"a&script", b'{"script": "1"}'):
                read = self.submission("/", *lines, body=script)
                self.assertEqual((read.script, read.params, read.files), (script, {}, {}), lines)

    def test_whole(self) -> None:
        """The same request is understood in each form, with what the query and the connection say."""
        fields = {"script": "x = 'ü'\r\n", "year": "2024", "dpi": "90", "errors": "image", "timeout": "5"}
        document = {**fields, "params": {"year": "2024"}, "dpi": 90}
        del document["year"]
        for lines, body in (
            ((FORM,), urlencode(fields).encode()),
            (("Content-Type: Application/X-WWW-Form-Urlencoded; charset=utf-8",), urlencode(fields).encode()),
            ((PARTS,), parts(**fields)),
            ((JSON,), json.dumps(document).encode()),
            (("Content-Type: APPLICATION/JSON ; charset=utf-8",), json.dumps(document).encode()),
            (("Content-Type: application/vnd.api+json",), json.dumps(document).encode()),
        ):
            asked = self.read("/plot.png?place=Ulm&format=svg", *lines, body=body, peer=ELSEWHERE)
            read = asked.submission
            self.assertEqual(read.script, "x = 'ü'\r\n".encode(), lines)
            self.assertEqual((read.params, read.files), ({"place": "Ulm", "year": "2024"}, {}), lines)
            self.assertEqual((read.wanted.format, read.wanted.dpi, read.timeout), ("svg", 90.0, 5.0), lines)
            self.assertEqual((asked.options.errors, read.client), ("image", "192.0.2.7"), lines)

    def test_files(self) -> None:
        """Files come in parts, or in JSON as base64."""
        data = base64.b64encode(b"1,2").decode()
        document = json.dumps({"script": "1", "files": {"a.csv": data}}).encode()
        for line, body in ((PARTS, parts(script="1", **{"a.csv": "1,2"})), (JSON, document)):
            self.assertEqual(self.submission("/", line, body=body).files, {"a.csv": b"1,2"})

    def test_query_and_body(self) -> None:
        """A parameter that is in both is a list, the query's first; in JSON values have types, so it is refused."""
        for line, body in ((FORM, b"script=1&a=2&a=3"), (PARTS, parts(script="1", a="2"))):
            self.assertEqual(
                self.submission("/?a=1", line, body=body).params["a"], ["1", "2", "3"][: 3 - (line == PARTS)]
            )
        document = b'{"script": "1", "params": {"a": 2, "b": [null]}}'
        self.assertEqual(self.submission("/?c=1", JSON, body=document).params, {"a": 2, "b": [None], "c": "1"})
        self.assertEqual(self.refused("/?a=1", JSON, body=document), "'a' is in the query and in params")

    def test_option_twice(self) -> None:
        """An option that is in the query and in the body is refused."""
        for line, body in ((FORM, b"script=1&dpi=90"), (PARTS, parts(script="1", dpi="90"))):
            self.assertEqual(self.refused("/?dpi=90", line, body=body), "dpi was given 2 times")
        self.assertEqual(self.refused("/?dpi=90", JSON, body=b'{"script": "1", "dpi": 90}'), "dpi was given 2 times")

    def test_bad_options(self) -> None:
        """An option that cannot be is refused in every form."""
        for name, value in (
            ("dpi", "-1"), ("width", "1e9"), ("width", "3.5"), ("format", "exe"), ("figure", "0"), ("timeout", "nan"),
            ("errors", "html"), ("height", "many"),
        ):  # fmt: skip
            fields = {"script": "1", name: value}
            for line, body in (
                (FORM, urlencode(fields).encode()),
                (PARTS, parts(**fields)),
                (JSON, json.dumps(fields).encode()),
            ):
                self.assertIn(f"{name}={value!r}", self.refused("/", line, body=body))

    def test_no_script(self) -> None:
        """A form without a script is refused, and so is a script that cannot be one, in every form."""
        for line, body in ((PARTS, parts(a="1")), (JSON, b'{"params": {}}'), (JSON, b'{"script": null}')):
            self.assertEqual(
                self.refused("/", line, body=body), "there is no script: it should be in the field named script"
            )
        for line, body in (
            ("A: b", b""),
            ("A: b", b" \n"),
            (FORM, b"script=%20"),
            (PARTS, parts(script="")),
            (JSON, b'{"script": ""}'),
        ):
            self.assertIn("the script is empty", self.refused("/", line, body=body))
        self.assertIn("NUL bytes", self.refused("/", JSON, body=b'{"script": "a\\u0000"}'))
        self.assertIn("is not UTF-8", self.refused("/", FORM, body=b"script=%FF"))

    def test_two_content_types(self) -> None:
        """What a body is called twice is not for us to choose."""
        self.assertEqual(self.refused("/", JSON, FORM, body=b'{"script": "1"}'), "there is more than one Content-Type")

    def test_no_address(self) -> None:
        """A client that has no address, on a UNIX socket, is counted under the empty one."""
        self.assertEqual(self.submission("/", peer=UNIXAddress(b"/run/x")).client, "")

    def test_read_already(self) -> None:
        """A body that somebody else has read before, looking for a form, is read from its start."""
        request, _ = arrived("POST", "/", body=b"x = 1")
        request.content.read()
        asked = self.successResultOf(Deferred.fromCoroutine(read_asked(request)))
        self.assertEqual(asked.submission.script, b"x = 1")

    @given(
        st.sampled_from([FORM, JSON, PARTS, "Content-Type: text/plain"])
        | st.text('aplictonj/;=+msr "x', max_size=30).map("Content-Type: {}".format),
        st.binary()
        | st.lists(st.sampled_from([*map(str.encode, 'script={}[]":,&1+%'), b"script", b"--x", b"\r\n"])).map(b"".join),
    )
    def test_anything(self, line: str, body: bytes) -> None:
        """Whatever comes, it is read or refused as a bad request."""
        request, _ = arrived("POST", "/", line, body=body)
        results: list[object] = []
        Deferred.fromCoroutine(read_asked(request)).addBoth(results.append)
        (result,) = results
        if not isinstance(result, Asked):
            self.assertEqual(result.value.status, HTTPStatus.BAD_REQUEST)  # type: ignore[attr-defined]


class AsideTests(SynchronousTestCase):
    """Where a body is read."""

    def setUp(self) -> None:
        self.threads = Threads()
        self.aside = Aside(self.threads)

    def request(self, body: bytes) -> Request:
        request, _ = arrived("POST", "/", body=b"1")
        request.content = tempfile.TemporaryFile()
        self.addCleanup(request.content.close)
        request.content.write(body)
        return request

    def test_small(self) -> None:
        """A small body is read at once."""
        reading = Deferred.fromCoroutine(read_asked(self.request(b"#" * (1 << 16)), self.aside))
        self.assertEqual(len(self.successResultOf(reading).submission.script), 1 << 16)

    def test_large(self) -> None:
        """A large one is read in a thread, and the reactor goes on meanwhile."""
        reading = Deferred.fromCoroutine(read_asked(self.request(b"#" * (1 << 17)), self.aside))
        self.assertNoResult(reading)
        self.threads.work.pop()()
        self.assertEqual(len(self.successResultOf(reading).submission.script), 1 << 17)

    def test_large_and_bad(self) -> None:
        """What is wrong with a large one is told like that of a small one."""
        reading = Deferred.fromCoroutine(read_asked(self.request(b"\xff" * (1 << 17)), self.aside))
        self.threads.work.pop()()
        self.assertIn("byte 0xff on line 1", self.failureResultOf(reading, Problem).value.detail)

    def test_client_gone(self) -> None:
        """A client that leaves takes its body with it, and nothing is left to be said."""
        request = self.request(b"#" * (1 << 17))
        reading = Deferred.fromCoroutine(read_asked(request, self.aside))
        request.content.close()
        reading.cancel()
        self.threads.work.pop()()
        self.assertEqual(self.failureResultOf(reading).type.__name__, "CancelledError")
