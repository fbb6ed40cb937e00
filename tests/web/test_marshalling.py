"""Tests of L{cpyrender.web.marshalling}."""

from __future__ import annotations

from datetime import datetime
from xmlrpc.client import Binary, DateTime, Fault, dumps, loads

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.values import Output
from cpyrender.web.body import whole
from cpyrender.web.marshalling import (
    BAD_PARAMS,
    NOT_A_CALL,
    NOT_XML,
    answered,
    answered_with,
    check_plain,
    faulted,
    read_call,
)

LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<methodCall><methodName>&b;</methodName></methodCall>"
)
OUTSIDE = b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a"><methodCall><methodName>x</methodName></methodCall>'


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def call(inner: str) -> bytes:
    return f"<methodCall><methodName>render</methodName><params>{inner}</params></methodCall>".encode()


class ReadCallTests(SynchronousTestCase):
    def code(self, body: bytes) -> int:
        """Return the code with which this is refused."""
        with self.assertRaises(Fault) as caught:
            read_call(body)
        return caught.exception.faultCode

    def test_types(self) -> None:
        """Arguments keep their types."""
        arguments = ("x = 'é'", {"a": 1, "b": 1.5, "c": True, "d": None, "e": ["x", {"f": ""}]}, b"\0\xff")
        read = read_call(dumps(arguments, "render", allow_none=True).encode())
        self.assertEqual((read.method, read.arguments), ("render", arguments))

    def test_no_params(self) -> None:
        """A call may be without arguments."""
        for body in (b"<methodCall><methodName>a.b</methodName></methodCall>", dumps((), "a.b").encode()):
            read = read_call(body)
            self.assertEqual((read.method, read.arguments), ("a.b", ()))

    def test_not_xml(self) -> None:
        """What is no XML is refused, and so is every document type: no entity is ever looked at."""
        for body in (b"", b"{}", b"<methodCall>", b"\xff\xfe", b"<a/><b/>", LAUGHS, OUTSIDE, b"<!DOCTYPE a><a/>"):
            self.assertEqual(self.code(body), NOT_XML, body)

    def test_not_a_call(self) -> None:
        """XML that is no call is refused, however the values in it are spoilt."""
        value = "<param><value>{}</value></param>"
        for body in (
            b"<html/>",
            dumps((1,), methodresponse=True).encode(),
            dumps(Fault(1, "x")).encode(),
            call(value.format("<int>x</int>")),
            call(value.format(f"<int>{'9' * 5000}</int>")),
            call(value.format("<boolean>2</boolean>")),
            call(value.format("<base64>\N{SNOWMAN}</base64>")),
            call(value.format("<dateTime.iso8601>x</dateTime.iso8601>")),
            call(value.format("<struct><member><name>a</name></member></struct>")),
            call(value.format("<huh/>")),
        ):
            self.assertEqual(self.code(body), NOT_A_CALL, body[:200])

    def test_deep(self) -> None:
        """XML that nests far deeper than Python recurses is read, or refused, like any other."""
        depth = 100_000
        arrays = "<value><array><data>" * depth + "</data></array></value>" * depth
        read = read_call(call(f"<param>{arrays}</param>"))
        with self.assertRaises(Fault) as caught:
            check_plain("params", read.arguments[0])
        self.assertEqual(caught.exception.faultCode, BAD_PARAMS)

    @given(st.binary() | st.binary().map(lambda data: b"<methodCall>" + data + b"</methodCall>"))
    def test_anything(self, body: bytes) -> None:
        """Of any bytes there comes a call or a fault."""
        try:
            read_call(body)
        except Fault as fault:
            self.assertIn(fault.faultCode, {NOT_XML, NOT_A_CALL})


class PlainTests(SynchronousTestCase):
    def test_plain(self) -> None:
        """What JSON has is a parameter, nested within reason."""
        for value in ({}, {"a": [1, 2.5, True, None, {"b": "c"}]}, nested(50)):
            check_plain("params", value)

    def test_not_plain(self) -> None:
        """What JSON has not is none, wherever it is, and is called by its type."""
        for value, named in (
            ({"a": b"x"}, "bytes"),
            ([{"a": datetime(2024, 1, 1)}], "datetime"),
            ({1: 2}, "name"),
            (nested(65), "deep"),
            (Binary(b""), "Binary"),
            (DateTime(0), "DateTime"),
        ):
            with self.assertRaises(Fault) as caught:
                check_plain("params", value)
            self.assertEqual(caught.exception.faultCode, BAD_PARAMS)
            self.assertIn(named, caught.exception.faultString)


class AnswerTests(SynchronousTestCase):
    @given(st.binary(max_size=300) | st.just(b"x" * 100_000))
    def test_output(self, data: bytes) -> None:
        """What a script made is a struct of its media type and its bytes."""
        body = whole(answered_with(Output(data=data, media_type="image/png")))
        ((answer,), _) = loads(body, use_builtin_types=True)
        self.assertEqual(answer, {"media_type": "image/png", "data": data})

    def test_value(self) -> None:
        """Any other answer is a value."""
        self.assertEqual(loads(whole(answered(["a", "<b>"]))), ((["a", "<b>"],), None))

    @given(st.text(st.characters()))
    def test_fault(self, text: str) -> None:
        """A fault reaches its reader whatever its text; what XML cannot carry is replaced."""
        with self.assertRaises(Fault) as caught:
            loads(whole(faulted(Fault(7, text))))
        self.assertEqual(caught.exception.faultCode, 7)
        if text.isprintable():
            self.assertEqual(caught.exception.faultString, text)
