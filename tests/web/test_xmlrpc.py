"""Tests of L{cpyrender.web.xmlrpc}."""

from __future__ import annotations

from typing import Any
from xmlrpc.client import Fault, dumps, loads

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource

from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Drawn, Failed, Output, TimedOut
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.marshalling import BAD_PARAMS, NO_METHOD, NOT_XML
from cpyrender.web.xmlrpc import FAULTS, REFUSED
from tests.live.running import Reply
from tests.web.requests import ELSEWHERE, exchange
from tests.web.test_causes import RAISED, TABLE

PICTURE = Drawn(outputs=(Output(data=b"\x89PNG", media_type="image/png"),))
XML = "Content-Type: text/xml"


class XMLRPCTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.renderer = MemoryRenderer(outcome=PICTURE)

    def post(self, body: bytes, *lines: str, target: str = "/RPC2") -> Reply:
        return exchange(ClassicDoor(self.renderer, 2000), "POST", target, *lines, body=body, peer=ELSEWHERE)

    def call(self, *arguments: Any, method: str = "render") -> Any:
        """Return what a call is answered with, or raise its fault."""
        reply = self.post(dumps(arguments, method, allow_none=True).encode(), XML)
        self.assertEqual((reply.status, reply.headers["content-type"]), (200, "text/xml; charset=utf-8"))
        return loads(reply.body, use_builtin_types=True)[0][0]

    def fault(self, *arguments: Any, method: str = "render") -> Fault:
        """Return the fault of a call."""
        with self.assertRaises(Fault) as caught:
            self.call(*arguments, method=method)
        return caught.exception


class RenderTests(XMLRPCTestCase):
    def test_answer(self) -> None:
        """What a script made is answered with its media type and its bytes."""
        self.assertEqual(self.call("x = 1"), {"media_type": "image/png", "data": b"\x89PNG"})

    def test_submission(self) -> None:
        """The script, its parameters with their types, and the options reach the renderer."""
        params = {"a": 1, "b": [True, None, 2.5], "c": {"d": "é"}}
        self.call("x = 'é'", params, {"format": "svg", "dpi": 90, "width": "300", "timeout": 2.5})
        (submission,) = self.renderer.submissions
        self.assertEqual((submission.script, submission.params), ("x = 'é'".encode(), params))
        wanted = submission.wanted
        self.assertEqual((wanted.format, wanted.dpi, wanted.width, submission.timeout), ("svg", 90, 300, 2.5))
        self.assertEqual(submission.client, "192.0.2.7")

    def test_bytes(self) -> None:
        """A script may be sent as bytes, in the encoding that it names itself."""
        script = "# coding: latin-1\nx = 'é'".encode("latin-1")
        self.call(script)
        self.assertEqual(self.renderer.submissions[0].script, script)

    def test_bad_arguments(self) -> None:
        """Arguments that are not as they should be are a fault, and nothing is run."""
        for arguments, said in (
            ((), "not 0 arguments"),
            (("1", {}, {}, 1), "not 4 arguments"),
            ((1,), "script is of the wrong type"),
            (("1", []), "params is of the wrong type"),
            (("1", {}, "svg"), "options is of the wrong type"),
            (("",), "empty"),
            ((b"\xff",), "not UTF-8"),
            (("1", {"a": b"x"}), "bytes"),
            (("1", {}, {"dpi": -1}), "dpi"),
            (("1", {}, {"dpi": True}), "dpi"),
            (("1", {}, {"format": "exe"}), "format"),
            (("1", {}, {"format": "json"}), "format"),
            (("1", {}, {"errors": "image"}), "errors"),
            (("1", {}, {"colour": "red"}), "colour"),
        ):
            fault = self.fault(*arguments)
            self.assertEqual(fault.faultCode, BAD_PARAMS, arguments)
            self.assertIn(said, fault.faultString)
        self.assertEqual(self.renderer.submissions, [])

    def test_faults(self) -> None:
        """Each cause is a fault with a code of its own."""
        codes = set()
        for outcome, _, _, kind in TABLE:
            self.renderer.outcome = outcome
            code = self.fault("1").faultCode
            self.assertEqual(code, FAULTS.get(kind.rpartition(":")[2], REFUSED), outcome)
            codes.add(code)
        self.assertEqual(codes, set(range(1, len(FAULTS) + 2)))

    def test_fault_tells_all(self) -> None:
        """A fault's text is what a person would be told: the line, the traceback, and what was printed."""
        self.renderer.outcome = RAISED
        fault = self.fault("1")
        for piece in ("ValueError: no", "line 2: f(x)", "Traceback ...", "out", "err"):
            self.assertIn(piece, fault.faultString)

    def test_timing(self) -> None:
        """The answer says how long a script took, whatever came of it."""
        for outcome in (PICTURE, RAISED, TimedOut(seconds=1)):
            self.renderer.outcome = outcome
            self.assertIn("run;dur=", self.post(dumps(("1",), "render").encode(), XML).headers["server-timing"])

    def test_control_characters(self) -> None:
        """A message with characters that XML cannot carry is a fault all the same."""
        self.renderer.outcome = Failed(cause=RAISED.cause, message="a\0b\x1b")
        self.assertIn("a\ufffdb\ufffd", self.fault("1").faultString)


class OtherCallsTests(XMLRPCTestCase):
    def test_methods(self) -> None:
        """The methods can be asked for, and there are no others."""
        self.assertEqual(self.call(method="system.listMethods"), ["render", "system.listMethods"])
        for method in ("Render", "__class__", "system.methodHelp"):
            self.assertEqual(self.fault("1", method=method).faultCode, NO_METHOD)

    def test_not_a_call(self) -> None:
        """What is no XML is a fault, and runs nothing."""
        reply = self.post(b"import pylab", XML)
        self.assertRaises(Fault, loads, reply.body)
        self.assertIn(str(NOT_XML), reply.text)
        self.assertEqual(self.renderer.submissions, [])

    def test_content_type(self) -> None:
        """A call is text/xml: what a web page may send without asking is none."""
        call = dumps(("1",), "render").encode()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            self.assertEqual(self.post(call, f"Content-Type: {kind}").status, 415, kind)
        self.assertEqual(self.post(call).status, 415)
        self.assertEqual(self.renderer.submissions, [])

    def test_guarded(self) -> None:
        """The guard stands before it."""
        call = dumps(("1",), "render").encode()
        self.assertEqual(self.post(call, XML, "Origin: https://elsewhere.example").status, 403)

    def test_too_large(self) -> None:
        """A call is no larger than a body may be."""
        self.assertEqual(self.post(dumps(("#" * 2000,), "render").encode(), XML).status, 413)

    def test_methods_of_http(self) -> None:
        """There is nothing to GET."""
        reply = exchange(ClassicDoor(self.renderer, 100), "GET", "/RPC2")
        self.assertEqual((reply.status, reply.headers["allow"]), (405, "POST, OPTIONS"))

    def test_mounted(self) -> None:
        """It is below a resource at any place."""
        root = Resource()
        root.putChild(b"draw", ClassicDoor(self.renderer, 2000))
        reply = exchange(root, "POST", "/draw/RPC2", XML, body=dumps(("1",), "render").encode())
        self.assertIn(b"image/png", reply.body)
