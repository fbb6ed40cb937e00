"""Tests of L{cpyrender.web.stream}."""

from __future__ import annotations

from typing import Any

from h2.errors import ErrorCodes
from h2.events import DataReceived, StreamEnded, WindowUpdated
from h2.settings import SettingCodes
from hyperframe.frame import DataFrame
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from twisted.web.server import Request
from zope.interface.verify import verifyObject

from cpyrender.web import body
from tests.web.http2 import Http2TestCase, frames

LARGE = 300_000


class RequestTests(Http2TestCase):
    def bodies(self) -> list[bytes]:
        return [request.content.read() for request in self.keeping.requests]

    def test_transport(self) -> None:
        """To its channel it is a transport of TLS, which can be told to wait."""
        self.client.ask("GET", "/")
        transport = self.keeping.requests[0].channel.transport
        self.assertTrue(ISSLTransport.providedBy(transport))
        verifyObject(IPushProducer, transport)

    def test_in_pieces(self) -> None:
        """A body may come in pieces, with its length told or not, and padded."""
        for more in ([], [("content-length", "10")]):
            number = self.client.open("POST", "/", *more)
            self.client.h2.send_data(number, b"01234", pad_length=50)
            self.client.flush()
            self.assertEqual(self.keeping.requests, [])
            self.client.h2.send_data(number, b"56789")
            self.client.h2.end_stream(number)
            self.client.flush()
            self.assertEqual(self.bodies(), [b"0123456789"])
            self.answer()
            self.assertEqual(self.client.reply(number).status, 200)

    def test_trailers(self) -> None:
        """Trailers end a body, and say nothing."""
        number = self.client.open("POST", "/")
        self.client.h2.send_data(number, b"body")
        self.client.h2.send_headers(number, [("x-trailer", "a")], end_stream=True)
        self.client.flush()
        self.assertEqual(self.bodies(), [b"body"])
        self.assertFalse(self.keeping.requests[0].requestHeaders.hasHeader(b"X-Trailer"))

    def test_no_body(self) -> None:
        """A request that ends with its head has no body."""
        self.client.ask("POST", "/")
        (request,) = self.keeping.requests
        self.assertEqual((request.content.read(), request.getHeader("transfer-encoding")), (b"", None))

    def test_other_length(self) -> None:
        """A body that is longer or shorter than was told never reaches the door."""
        for length in ("3", "5"):
            client = self.connect()
            client.begin()
            number = client.open("POST", "/", ("content-length", length))
            client.flush()
            client.send(DataFrame(number, data=b"1234", flags=["END_STREAM"]).serialize())
            self.assertEqual([code for code, _ in client.farewells()], [ErrorCodes.PROTOCOL_ERROR])
        self.assertEqual(self.keeping.requests, [])

    def test_continue(self) -> None:
        """A client that asks before it sends its body is told to go on; what it sends need not be asked for."""
        number = self.client.open("POST", "/", ("expect", "100-continue"), ("content-length", "2"))
        self.client.flush()
        self.assertEqual(self.client.interim(number), ["100"])
        self.client.h2.send_data(number, b"12", end_stream=True)
        self.client.flush()
        self.assertEqual(self.bodies(), [b"12"])
        self.answer()
        self.assertEqual(self.client.reply(number).status, 200)

    def test_slow_body(self) -> None:
        """A byte now and then buys no time for a body; the client is told, and listened to no longer."""
        number = self.client.open("POST", "/")
        self.client.flush()
        for _ in range(60):
            self.client.h2.send_data(number, b"x")
            self.client.flush()
            self.clock.advance(1)
        self.assertEqual(self.client.reply(number).status, 408)
        self.clock.pump([5, 0])
        self.assertEqual(self.client.resets(), {number: ErrorCodes.NO_ERROR})
        self.assertEqual((self.keeping.requests, len(self.site.crowd)), ([], 1))

    def test_script_has_its_time(self) -> None:
        """While an answer is made, the client is waited for without end."""
        number = self.client.ask("POST", "/", body=b"1")
        self.clock.pump([60] * 60)
        self.answer()
        self.assertEqual(self.client.reply(number).status, 200)

    def test_large_body(self) -> None:
        """A large body comes through, padded or not, as the client is told that it has been taken."""
        self.site.guard = type(self.site.guard)(max_body=1 << 21)
        number = self.client.open("POST", "/")
        for _ in range(100):
            self.client.h2.send_data(number, b"x" * 16_000, pad_length=255)
            self.client.flush()
            self.client.hear()
        self.client.h2.end_stream(number)
        self.client.flush()
        self.assertEqual(self.bodies(), [b"x" * 1_600_000])

    def test_not_taken(self) -> None:
        """While the channel does not take a body, the client is not told to send more, and what comes is kept."""
        number = self.client.open("POST", "/", ("content-length", "1000"))
        self.client.flush()
        (channel,) = (one for one in self.site.channels if hasattr(one, "requests"))
        channel.transport.pauseProducing()
        before = self.client.h2.local_flow_control_window(number)
        self.client.h2.send_data(number, b"x" * 1000, end_stream=True)
        self.client.flush()
        self.assertEqual((self.keeping.requests, self.client.h2.local_flow_control_window(number)), ([], before - 1000))
        channel.transport.resumeProducing()
        self.assertEqual(self.bodies(), [b"x" * 1000])

    def test_never_taken(self) -> None:
        """What was not taken when a stream is over does not count against the connection."""
        for _ in range(3):
            number = self.client.open("POST", "/")
            self.client.flush()
            (channel,) = (one for one in self.site.channels if hasattr(one, "requests"))
            channel.transport.pauseProducing()
            for _ in range(16):
                self.client.h2.send_data(number, b"x" * 16_000)
            self.client.h2.reset_stream(number, ErrorCodes.CANCEL)
            for data in frames(self.client.h2.data_to_send()):
                self.client.send(data)
        self.client.hear()
        given = sum(e.delta for e in self.client.events if isinstance(e, WindowUpdated) and e.stream_id == 0)
        self.assertGreater(given, (1 << 20) - 65_535 + 500_000)


class EarlyTests(Http2TestCase):
    def test_too_large(self) -> None:
        """A body that is too large is answered before it is here; what still comes is dropped, and not in the way."""
        number = self.client.open("POST", "/", ("content-length", "2000000"))
        self.client.flush()
        self.assertEqual(self.client.reply(number).status, 413)
        for _ in range(100):
            self.client.h2.send_data(number, b"x" * 16_000)
            self.client.flush()
            self.client.hear()
        other = self.client.ask("POST", "/", body=b"1")
        self.answer()
        self.assertEqual(self.client.reply(other).status, 200)
        self.assertEqual(self.client.resets(), {})
        self.clock.pump([5, 0])
        self.assertEqual(self.client.resets(), {number: ErrorCodes.NO_ERROR})

    def test_grows_too_large(self) -> None:
        """So is one that turns out to be too large, and its client may end it."""
        number = self.client.open("POST", "/")
        self.client.h2.send_data(number, b"x" * 1001)
        self.client.flush()
        self.assertEqual(self.client.reply(number).status, 413)
        self.client.h2.end_stream(number)
        self.client.flush()
        self.clock.advance(0)
        self.assertEqual((self.client.resets(), len(self.site.crowd)), ({}, 1))

    def test_not_read(self) -> None:
        """What comes after the channel has closed, while its client has not read the answer, is nothing to it."""
        self.client.takes = False
        self.client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
        number = self.client.open("POST", "/", ("content-length", "2000"))
        self.client.flush()
        (channel,) = (one for one in self.site.channels if hasattr(one, "requests"))
        self.clock.advance(5)
        self.assertTrue(channel.transport.disconnecting)
        self.client.h2.send_data(number, b"x" * 2000, end_stream=True)
        self.client.flush()
        self.assertEqual(len(channel.requests), 1)
        self.clock.pump([30, 0])
        self.assertEqual(self.client.resets(), {number: ErrorCodes.CANCEL})

    def test_still_coming(self) -> None:
        """What comes on a stream that is over counts for nobody, and does not use up what others may send."""
        number = self.client.open("POST", "/", ("content-length", "2000000"))
        self.client.flush()
        self.clock.pump([5, 0])
        for _ in range(100):
            self.client.send(DataFrame(number, data=b"x" * 16_000).serialize())
        self.client.hear()
        given = sum(e.delta for e in self.client.events if isinstance(e, WindowUpdated) and e.stream_id == 0)
        self.assertGreater(given, 1_500_000)
        self.assertFalse(self.client.transport.disconnecting)


class AnswerTests(Http2TestCase):
    def request(self, method: str = "GET") -> tuple[int, Request]:
        """Ask for something, and return the number of the stream, and what has arrived."""
        return self.client.ask(method, "/"), self.keeping.requests.pop()

    def test_head(self) -> None:
        """An answer to HEAD has the length that there would be, and no body."""
        number, request = self.request("HEAD")
        body.send(request, [b"12345"])
        self.clock.advance(0)
        reply = self.client.reply(number)
        self.assertEqual((reply.status, reply.headers["content-length"], reply.body), (200, "5", b""))
        self.assertEqual(self.client.of(number, DataReceived), [])

    def test_none(self) -> None:
        """An answer without a body ends with its head."""
        number, request = self.request()
        request.setResponseCode(204)
        request.finish()
        self.clock.advance(0)
        self.assertEqual(self.client.reply(number).status, 204)

    def test_unknown_length(self) -> None:
        """An answer of which nobody knows the length comes without one."""
        number, request = self.request()
        for piece in (b"a", b"bc"):
            request.write(piece)
        request.finish()
        self.clock.advance(0)
        reply = self.client.reply(number)
        self.assertEqual((reply.body, "content-length" in reply.headers), (b"abc", False))

    def test_in_one(self) -> None:
        """The end of an answer is told with its last piece."""
        number, request = self.request()
        body.send(request, [b"12345"])
        data = self.client.transport.value()
        self.assertTrue(data.endswith(DataFrame(number, data=b"12345", flags=["END_STREAM"]).serialize()))

    def test_cut(self) -> None:
        """An answer that is not whole does not look as if it were."""
        number, request = self.request()
        request.setHeader(b"Content-Length", b"10")
        request.write(b"12345")
        request.loseConnection()
        self.clock.advance(0)
        self.assertEqual(self.client.resets(), {number: ErrorCodes.INTERNAL_ERROR})
        self.assertEqual(self.client.of(number, StreamEnded), [])

    def test_none_at_all(self) -> None:
        """Nor is no answer one."""
        number, request = self.request()
        request.loseConnection()
        self.clock.advance(0)
        self.assertEqual(self.client.resets(), {number: ErrorCodes.INTERNAL_ERROR})

    def test_abort(self) -> None:
        """A channel that is cut off is the end of its stream, and of no other."""
        number, request = self.request()
        request.channel.abort()
        self.clock.advance(0)
        self.assertEqual(self.client.resets(), {number: ErrorCodes.CANCEL})
        self.assertFalse(self.client.transport.disconnecting)

    def test_abort_in_between(self) -> None:
        """What a channel still writes that has been cut off goes nowhere."""
        number, request = self.request()
        request.channel.abort()
        request.channel.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.clock.advance(0)
        self.assertEqual((self.client.interim(number), self.client.resets()), ([], {number: ErrorCodes.CANCEL}))

    def test_client_leaves_after_it(self) -> None:
        """A client that leaves right after its answer leaves nothing behind on the clock."""
        _, request = self.request()
        request.finish()
        self.client.leave()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_too_crowded(self) -> None:
        """What nobody has looked at is told as such, so that it may be asked again at once."""
        self.site.crowd.most = 0
        self.site.crowd.told = 64
        number = self.client.ask("POST", "/", body=b"1")
        self.assertEqual(self.client.resets(), {number: ErrorCodes.REFUSED_STREAM})
        self.site.crowd.told = 0
        self.clock.advance(0)

    def test_large(self) -> None:
        """A large answer is made as the client takes it, and never there twice."""
        self.client.takes = False
        number = self.client.ask("POST", "/", body=b"1")
        pieces = Pieces(self.keeping.requests.pop())
        pieces.begin()
        # The fourth does not fit into the window, by one byte.
        self.assertEqual(pieces.given, 4)
        self.client.hear()
        for window in range(1, 17):
            self.client.h2.increment_flow_control_window(16384, number)
            self.client.h2.increment_flow_control_window(16384)
            self.client.flush()
            self.client.hear()
            self.assertEqual(pieces.given, min(19, 4 + window))
        self.clock.advance(0)
        got = b"".join(event.data for event in self.client.of(number, DataReceived))
        self.assertEqual(got, b"".join(bytes([piece]) * 16384 for piece in range(19)))
        self.assertEqual(len(self.client.of(number, StreamEnded)), 1)

    def test_full(self) -> None:
        """While the transport below is full, nothing is made either, though there is a window for it."""
        number = self.client.ask("POST", "/", body=b"1")
        self.client.h2.increment_flow_control_window(1 << 20)
        self.client.h2.increment_flow_control_window(1 << 20, number)
        self.client.flush()
        self.client.transport.producer.pauseProducing()
        pieces = Pieces(self.keeping.requests.pop())
        pieces.begin()
        self.assertEqual(pieces.given, 1)
        self.client.transport.producer.resumeProducing()
        self.assertEqual(pieces.given, 19)
        self.clock.advance(0)
        self.assertEqual(len(self.client.reply(number).body), 19 * 16384)

    def test_does_not_read(self) -> None:
        """A client that leaves its answer has its stream reset when its time is over; others go on."""
        self.client.takes = False
        number = self.client.ask("POST", "/", body=b"1")
        self.answer(b"x" * 100_000)
        self.clock.advance(1000)
        self.assertEqual(self.client.resets(), {})
        self.clock.pump([30, 0])
        self.assertEqual(self.client.resets(), {number: ErrorCodes.CANCEL})
        self.assertEqual(len(self.site.crowd), 1)
        other = self.client.ask("HEAD", "/")
        self.answer(b"")
        self.assertEqual(self.client.reply(other).status, 200)

    def test_leaves_meanwhile(self) -> None:
        """A client that resets a stream in the middle of an answer is made no more of it."""
        self.client.takes = False
        number = self.client.ask("POST", "/", body=b"1")
        pieces = Pieces(self.keeping.requests.pop())
        pieces.begin()
        self.client.h2.reset_stream(number)
        self.client.flush()
        self.assertTrue(pieces.stopped)
        self.assertEqual((pieces.given, len(self.site.crowd)), (4, 1))


class Pieces:
    """An answer of nineteen pieces, each made when the one before has been sent."""

    def __init__(self, request: Request) -> None:
        self._request: Any = request
        self._paused = False
        self.given = 0
        self.stopped = False

    def begin(self) -> None:
        self._request.setHeader(b"Content-Length", str(19 * 16384).encode())
        self._request.notifyFinish().addErrback(self.stop)
        self._request.registerProducer(self, True)
        self.resumeProducing()

    def stop(self, _: object) -> None:
        self.stopped = True

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        while not (self._paused or self.given == 19):
            self.given += 1
            self._request.write(bytes([self.given - 1]) * 16384)
        if not self._paused:
            self._request.unregisterProducer()
            self._request.finish()

    def stopProducing(self) -> None:
        self.stopped = True
