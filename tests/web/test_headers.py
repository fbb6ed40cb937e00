"""Tests of L{cpyrender.web.headers}."""

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http_headers import Headers
from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyChannel

from cpyrender.web.headers import lines_of, set_headers


class SetHeadersTests(SynchronousTestCase):
    """L{set_headers}, beside C{Request.setHeader}."""

    def test_the_same(self) -> None:
        """Names in any case, values of any kind, and one that was there before: all are as if set one by one."""
        headers = {
            "content-type": "text/plain",
            "ETAG": '"\N{SNOWMAN}"',
            "X-Mine": "one\r\nX-Other: two\nthree\rfour",
            "Vary": "Accept",
            "Content-Length": "",
        }
        one_by_one, at_once = Request(DummyChannel(), False), Request(DummyChannel(), False)
        for request in (one_by_one, at_once):
            request.setHeader(b"VARY", b"Origin")
        for name, value in headers.items():
            one_by_one.setHeader(name.encode(), value.encode())
        set_headers(at_once, headers)

        self.assertEqual(at_once.responseHeaders, one_by_one.responseHeaders)
        self.assertEqual(at_once.responseHeaders.getRawHeaders("X-Mine"), ["one X-Other: two three four"])

    def test_own_values(self) -> None:
        """What is added to the headers of one answer is not in those of the next."""
        for _ in range(2):
            request = Request(DummyChannel(), False)
            set_headers(request, {"Vary": "Accept"})
            request.responseHeaders.addRawHeader("Vary", "Origin")

            self.assertEqual(request.responseHeaders.getRawHeaders("vary"), ["Accept", "Origin"])

    def test_bytes(self) -> None:
        """Names and values may be bytes, as they are in Twisted's own calls; these need not be UTF-8."""
        request = Request(DummyChannel(), False)
        set_headers(request, {b"etag": b"\xff", "Vary": b"one\ntwo"})

        self.assertEqual(request.responseHeaders, Headers({b"ETag": [b"\xff"], b"Vary": [b"one two"]}))


class LinesOfTests(SynchronousTestCase):
    """L{lines_of}, beside C{Headers.getRawHeaders}."""

    def test_the_same(self) -> None:
        """In any case, as text or bytes: the lines in their order, and none where there are none."""
        headers = Headers()
        for name, line in ((b"accept", b"image/png"), (b"ACCEPT", b"image/\xff"), (b"te", b"")):
            headers.addRawHeader(name, line)
        for name in (b"Accept", b"TE", b"te", b"Host"):
            expected = headers.getRawHeaders(name, ())
            self.assertEqual(lines_of(headers, name), expected)
            self.assertEqual(lines_of(headers, name.decode()), expected)
