"""Tests of L{cpyrender.web.http1}."""

from __future__ import annotations

from unittest.mock import patch

from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http import HTTPChannel

from cpyrender.web.channel import DeadlinedChannel
from cpyrender.web.site import RenderSite
from tests.web.requests import Connection, Keeping, message
from tests.web.test_channel import TIMES, ChannelTestCase


class Line(FileDescriptor):
    """A transport such as the reactor has to write to.

    @ivar room: bytes that it takes.
    """

    def __init__(self, reactor: MemoryReactorClock, room: int = 1 << 20) -> None:
        super().__init__(reactor)
        self.connected = True
        self.room = room
        self.sent = b""

    def writeSomeData(self, data: bytes) -> int:
        """Take what there is room for."""
        taken = data[: self.room - len(self.sent)]
        self.sent += taken
        return len(taken)

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 1)

    getHost = getPeer  # noqa: N815 (the name is twisted.internet.interfaces.ITransport's)


class HeaderTests(ChannelTestCase):
    """Lines of a head, beside what Twisted's own channel makes of them."""

    LINES = (
        b"User-Agent: curl/8",
        b"user-agent:\t b ",
        b"USER-AGENT: c",
        b"Accept:",
        b"accept: image/\xff",
        b"Accept : image/png",
        b"Accept",
        b"Accept: a\0b",
        b"Accept: a\rb",
        b"Accept: a\nb",
        b"X-Mine: d",
        b"accept-language: de\r\n , en",
        b"Content-Length: 0\r\nContent-Length: 0",
    )

    def heard(self, *lines: bytes) -> tuple[object, bytes]:
        """Return the headers of a request with these lines, and what it was answered before it reached its resource."""
        connection = Connection(self.site)
        self.addCleanup(connection.leave)
        connection.send(b"\r\n".join([b"GET / HTTP/1.1", b"Host: localhost", *lines, b"", b""]))
        headers = [request.requestHeaders for request in self.keeping.requests]
        self.keeping.requests.clear()
        return headers, connection.received

    def heard_by_twisted(self, *lines: bytes) -> tuple[object, bytes]:
        """Return the same without a way of our own."""
        with patch.object(DeadlinedChannel, "headerReceived", HTTPChannel.headerReceived):
            return self.heard(*lines)

    def test_the_same(self) -> None:
        """Whatever a line is like, it is understood, or refused, as it is by Twisted."""
        refused = 0
        for line in self.LINES:
            expected = self.heard_by_twisted(line, b"Accept: last")
            self.assertEqual(self.heard(line, b"Accept: last"), expected, line)
            refused += expected[1].startswith(b"HTTP/1.1 400 ")
        self.assertEqual(refused, 6)

    def test_too_many(self) -> None:
        """More lines than Twisted takes are refused, and as many as it takes are not."""
        most = DeadlinedChannel.maxHeaders
        for count in (most - 1, most):
            lines = [b"Accept: a"] * count
            self.assertEqual(self.heard(*lines), self.heard_by_twisted(*lines))
        self.assertTrue(self.heard(*lines)[1].startswith(b"HTTP/1.1 400 "))


class SentNowTests(SynchronousTestCase):
    """When an answer goes out on a plain connection."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.keeping = Keeping()
        self.site = RenderSite(self.keeping, self.reactor, 1000, http=TIMES)
        self.line = Line(self.reactor)
        self.channel = self.site.buildProtocol(self.line.getPeer())
        self.channel.makeConnection(self.line)
        self.addCleanup(lambda: self.channel.connectionLost(Failure(ConnectionDone())))
        globalLogPublisher.addObserver(self.see_log)
        self.addCleanup(globalLogPublisher.removeObserver, self.see_log)
        self.sent_when_logged: list[int] = []

    def see_log(self, event: LogEvent) -> None:
        """Note how much had been sent at the time of a request's line."""
        if event.get("log_namespace") == "cpyrender.web.site.RenderSite":
            self.sent_when_logged.append(len(self.line.sent))

    def answer(self, *lines: str) -> None:
        """Ask, and answer with three bytes."""
        self.channel.dataReceived(message("POST", "/", *lines, body=b"1"))
        request = self.keeping.requests.pop()
        request.setHeader(b"Content-Length", b"3")
        request.write(b"abc")
        request.finish()

    def test_before_the_log(self) -> None:
        """An answer has gone out whole when its line is logged, and nothing of it is left for the reactor."""
        self.answer()
        self.assertTrue(self.line.sent.endswith(b"\r\n\r\nabc"))
        self.assertEqual(self.sent_when_logged, [len(self.line.sent)])
        self.assertEqual(self.reactor.getWriters(), [])

    def test_in_one_piece(self) -> None:
        """Head and body are sent together, by one call, and nothing is left for the reactor."""
        given: list[bytes] = []
        self.patch(self.line, "write", lambda data: self.fail("left to the reactor"))
        self.patch(self.line, "writeSomeData", lambda data: given.append(data) or len(data))
        self.answer()
        (whole,) = given
        head, body = whole[:-3], whole[-3:]
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n") and head.endswith(b"\r\n\r\n"))
        self.assertEqual((head.count(b"\r\nContent-Length: 3\r\n"), body), (1, b"abc"))

    def test_rest_before_the_log(self) -> None:
        """An answer that was written piece by piece has gone out whole as well when its line is logged."""
        self.channel.dataReceived(message("POST", "/", body=b"1"))
        request = self.keeping.requests.pop()
        request.setHeader(b"Content-Length", b"6")
        request.write(b"abc")
        request.write(b"def")
        request.finish()
        self.assertTrue(self.line.sent.endswith(b"\r\n\r\nabcdef"))
        self.assertEqual((self.sent_when_logged, self.reactor.getWriters()), ([len(self.line.sent)], []))

    def test_head_alone(self) -> None:
        """Where there is no body, the head does not wait for one: not with HEAD, 204 or nothing written at all."""
        self.channel.dataReceived(message("HEAD", "/"))
        request = self.keeping.requests.pop()
        request.write(b"abc")
        self.assertTrue(self.line.sent.endswith(b"\r\n\r\n"))
        request.finish()
        for code, data in ((204, b"abc"), (200, b"")):
            self.channel.dataReceived(message("POST", "/", body=b"1"))
            request = self.keeping.requests.pop()
            request.setResponseCode(code)
            request.setHeader(b"Content-Length", b"0")
            if data:
                request.write(data)
            request.finish()
        self.assertEqual(self.line.sent.count(b"HTTP/1.1 "), 3)
        self.assertTrue(self.line.sent.endswith(b"\r\n\r\n"))
        self.assertEqual(self.reactor.getWriters(), [])

    def test_lost(self) -> None:
        """A connection that turns out to be lost is left to the reactor, which finds that out as well."""
        self.patch(self.line, "writeSomeData", lambda data: ConnectionLost())
        self.answer()
        self.assertEqual(self.reactor.getWriters(), [self.line])
        self.assertIsInstance(self.line.doWrite(), ConnectionLost)

    def test_behind_the_last(self) -> None:
        """An answer does not overtake the one before, of which not all has been read."""
        self.line.room = 20
        self.answer()
        self.line.room = 1 << 20
        self.channel.dataReceived(message("POST", "/", body=b"1"))
        request = self.keeping.requests.pop()
        request.setHeader(b"Content-Length", b"3")
        request.write(b"abc")
        self.assertEqual(len(self.line.sent), 20)
        request.finish()
        self.assertEqual(self.line.sent.count(b"HTTP/1.1 200 OK\r\n"), 2)
        self.assertEqual(self.line.sent.count(b"\r\n\r\nabc"), 2)

    def test_several_lines_of_a_name(self) -> None:
        """A header that has several values has a line for each."""
        self.channel.dataReceived(message("POST", "/", body=b"1"))
        request = self.keeping.requests.pop()
        request.responseHeaders.setRawHeaders(b"Warning", [b"one", b"two"])
        request.write(b"abc")
        request.finish()
        self.assertIn(b"\r\nWarning: one\r\nWarning: two\r\n", self.line.sent)

    def test_asked_once(self) -> None:
        """Who a connection is between is not asked anew for each request on it."""
        self.answer()
        self.patch(self.line, "getPeer", lambda: self.fail("asked again"))
        self.patch(self.line, "getHost", lambda: self.fail("asked again"))
        self.answer()
        self.assertEqual(self.line.sent.count(b"HTTP/1.1 200 OK\r\n"), 2)

    def test_full(self) -> None:
        """What the connection does not take at once is sent by the reactor when it does."""
        self.line.room = 20
        self.answer()
        self.assertEqual((len(self.line.sent), self.reactor.getWriters()), (20, [self.line]))
        self.line.room = 1 << 20
        self.line.doWrite()
        self.assertTrue(self.line.sent.endswith(b"\r\n\r\nabc"))

    def test_last_answer(self) -> None:
        """A connection that ends with an answer is closed by the reactor, which finds it ready to be written to."""
        self.answer("Connection: close")
        self.assertTrue(self.line.sent.endswith(b"\r\n\r\nabc"))
        self.assertEqual((self.line.disconnecting, self.reactor.getWriters()), (True, [self.line]))

    def test_being_closed(self) -> None:
        """On a connection that is being closed already, everything is left to the reactor, which then closes it."""
        self.channel.dataReceived(message("POST", "/", body=b"1"))
        request = self.keeping.requests.pop()
        self.line.write(b"before")
        self.channel.loseConnection()
        request.setHeader(b"Content-Length", b"0")
        request.write(b"")
        request.finish()
        self.assertEqual((self.line.sent, self.reactor.getWriters()), (b"", [self.line]))
