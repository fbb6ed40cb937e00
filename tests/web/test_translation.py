"""Tests of L{cpyrender.web.translation}."""

from __future__ import annotations

import h11
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.translation import Malformed, fields_of, request_of

HEAD = [(b":method", b"POST"), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", b"/a?b")]


def written(*more: tuple[bytes, bytes], head: list[tuple[bytes, bytes]] = HEAD, has_body: bool = False) -> bytes:
    """Return the head as it would be sent over HTTP/1.1."""
    data = h11.Connection(h11.CLIENT).send(request_of([*head, *more], has_body))
    assert data is not None
    return data


class RequestTests(SynchronousTestCase):
    def test_head(self) -> None:
        """Method, path and authority become the first line and Host; the connection ends with the answer."""
        self.assertEqual(
            written((b"x-request-id", b"me"), (b"te", b"trailers")),
            b"POST /a?b HTTP/1.1\r\nhost: localhost\r\nx-request-id: me\r\nconnection: close\r\n\r\n",
        )

    def test_body(self) -> None:
        """A body has the length that the client says, or else comes in chunks."""
        self.assertIn(b"\r\ntransfer-encoding: chunked\r\n", written(has_body=True))
        told = written((b"content-length", b"7"), has_body=True)
        self.assertIn(b"\r\ncontent-length: 7\r\n", told)
        self.assertNotIn(b"transfer-encoding", told)

    def test_host(self) -> None:
        """Host stands for the authority where there is none, and never beside it."""
        without = [field for field in HEAD if field[0] != b":authority"]
        self.assertIn(b"\r\nhost: a.example\r\n", written((b"host", b"a.example"), head=without))
        self.assertEqual(written((b"host", b"localhost")).count(b"host:"), 1)
        self.assertRaises(Malformed, written, head=without)
        self.assertRaises(Malformed, written, (b"host", b"a"), (b"host", b"b"), head=without)

    def test_smuggled(self) -> None:
        """What would end a line, a word or the head in HTTP/1.1, or say something of its connection, is no request."""
        for field in (
            (b"x", b"a\r\nb: c"), (b"x", b"a\nb: c"), (b"x", b"a\rb"), (b"x", b"a\0"), (b"x", b" a"),
            (b"x: y\r\nz", b"a"), (b"x y", b"a"), (b"x:", b"a"), (b"", b"a"), (b"x\0", b"a"), (b"x\xe9", b"a"),
            (b"transfer-encoding", b"chunked"), (b"connection", b"keep-alive"), (b"upgrade", b"h2c"),
            (b"keep-alive", b"1"), (b"proxy-connection", b"close"), (b":protocol", b"websocket"),
            (b"content-length", b"1, 2"), (b"content-length", b"+1"), (b"content-length", b"0x1"),
        ):  # fmt: skip
            self.assertRaises(Malformed, written, field, has_body=True)
        self.assertRaises(Malformed, written, (b"content-length", b"1"), (b"content-length", b"2"), has_body=True)

    def test_pseudo(self) -> None:
        """Nor may there be anything of the kind in what becomes the first line, and Host."""
        for name, value in (
            (b":path", b"/ HTTP/1.1\r\nx: y\r\n\r\n"), (b":path", b"/ a"), (b":path", b"/\0"), (b":path", b""),
            (b":path", b"a"), (b":path", b"http://localhost/"), (b":path", b"/\xe9"), (b":path", b"/\t"),
            (b":method", b"GET / HTTP/1.1\r\n"), (b":method", b"G T"), (b":method", b""), (b":method", b"G\r"),
            (b":authority", b"localhost\r\nx: y"), (b":authority", b"local\0host"), (b":authority", b" localhost"),
        ):  # fmt: skip
            self.assertRaises(Malformed, written, head=[*(one for one in HEAD if one[0] != name), (name, value)])
        for missing in (b":method", b":path"):
            self.assertRaises(Malformed, written, head=[one for one in HEAD if one[0] != missing])

    def test_twice(self) -> None:
        """What becomes the first line, and Host, is said once, also where it is the same both times."""
        for field in HEAD:
            self.assertRaises(Malformed, written, field)

    def test_connect(self) -> None:
        """CONNECT has no path, and there is nobody to be connected to."""
        self.assertRaises(Malformed, written, head=[(b":method", b"CONNECT"), (b":authority", b"a:1")])

    @example([(b":scheme", b"")], b"")
    @given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=3), st.binary(max_size=9))
    def test_one_request(self, fields: list[tuple[bytes, bytes]], path: bytes) -> None:
        """Whatever is sent is refused, or is one request, of the same fields, and nothing after it."""
        head = [*HEAD[:3], (b":path", b"/" + path)]
        try:
            data = written(*fields, head=head)
        except Malformed:
            return
        server = h11.Connection(h11.SERVER)
        server.receive_data(data)
        request = server.next_event()
        assert isinstance(request, h11.Request)
        self.assertEqual(request.target, b"/" + path)
        carried = [(name.lower(), value) for name, value in fields if name not in {b"te", b"host"}]
        self.assertEqual([*request.headers][1:-1], carried)
        self.assertIsInstance(server.next_event(), h11.EndOfMessage)
        self.assertEqual(server.trailing_data[0], b"")


class AnswerTests(SynchronousTestCase):
    def test_fields(self) -> None:
        """The status is a field, and what is of HTTP/1.1's connections is left out."""
        response = h11.Response(
            status_code=200,
            headers=[("Connection", "close"), ("Transfer-Encoding", "chunked"), ("Server", "cpyrender"), ("A", "b")],
        )
        self.assertEqual(fields_of(response), [(b":status", b"200"), (b"server", b"cpyrender"), (b"a", b"b")])
