"""Tests of L{cpyrender.web.session}."""

from __future__ import annotations

import struct

from h2.errors import ErrorCodes
from h2.events import DataReceived, PingAckReceived, StreamEnded
from h2.settings import SettingCodes
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import IPushProducer
from zope.interface.verify import verifyObject

from tests.web.http2 import Client, Http2TestCase, head

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ANY = (1 << 31) - 1


class AskingTests(Http2TestCase):
    def test_one(self) -> None:
        """A request is answered as over HTTP/1.1, without what is of HTTP/1.1's connections."""
        number = self.client.ask("POST", "/a?b", ("x-request-id", "me"), body=b"script")
        (request,) = self.keeping.requests
        self.assertEqual((request.uri, request.content.read()), (b"/a?b", b"script"))
        self.answer(b"drawn")
        reply = self.client.reply(number)
        self.assertEqual((reply.status, reply.body, reply.headers["x-request-id"]), (200, b"drawn", "me"))
        self.assertFalse({"connection", "transfer-encoding"} & {*reply.headers})

    def test_several(self) -> None:
        """Requests of one connection do not wait for each other."""
        numbers = [self.client.ask("POST", f"/{which}", body=b"%d" % which) for which in range(3)]
        self.assertEqual([request.uri for request in self.keeping.requests], [b"/0", b"/1", b"/2"])
        for which in (2, 0, 0):
            self.answer(self.keeping.requests[which].uri, which)
        self.assertEqual([self.client.reply(number).body for number in numbers], [b"/0", b"/1", b"/2"])

    def test_kept(self) -> None:
        """After an answer the connection is kept for a while, and counts as one."""
        self.client.ask("GET", "/")
        self.answer()
        self.clock.advance(29)
        self.assertEqual(self.client.farewells(), [])
        number = self.client.ask("GET", "/")
        self.clock.advance(100)
        self.answer()
        self.assertEqual(self.client.reply(number).status, 200)
        self.assertEqual(len(self.site.crowd), 1)
        self.clock.advance(30)
        self.assertEqual(self.client.farewells(), [(0, number)])
        self.assertTrue(self.client.transport.disconnecting)

    def test_guarded(self) -> None:
        """What the guard refuses over HTTP/1.1 it refuses here, before the body is here."""
        for status, *more in (
            (403, ("origin", "https://example.org")), (403, ("sec-fetch-site", "cross-site")),
            (413, ("content-length", "1001")), (415, ("content-encoding", "gzip")), (417, ("expect", "a")),
        ):  # fmt: skip
            number = self.client.open("POST", "/", *more)
            self.client.flush()
            self.assertEqual(self.client.reply(number).status, status)
            self.client.h2.reset_stream(number)
            self.client.flush()
        number = self.client.h2.get_next_available_stream_id()
        self.client.h2.send_headers(
            number,
            [(*field[:1], field[1].replace("localhost", "example.org")) for field in head("GET", "/")],
            end_stream=True,
        )
        self.client.flush()
        self.assertEqual(self.client.reply(number).status, 421)
        self.assertEqual(self.keeping.requests, [])

    def test_no_request(self) -> None:
        """A stream that would be something else over HTTP/1.1 is reset, and its fellows are not."""
        good = self.client.ask("POST", "/good", body=b"1")
        bad = self.client.h2.get_next_available_stream_id()
        self.client.h2.send_headers(bad, head("GET /a", "/"))
        self.client.h2.send_data(bad, b"GET / HTTP/1.1\r\n\r\n", end_stream=True)
        self.client.flush()
        self.assertEqual(self.client.resets(), {bad: ErrorCodes.PROTOCOL_ERROR})
        self.assertEqual([request.uri for request in self.keeping.requests], [b"/good"])
        self.answer()
        self.assertEqual(self.client.reply(good).status, 200)

    def test_client_parts(self) -> None:
        """A client that says GOAWAY is still answered what it has asked, and the connection ends then."""
        number = self.client.ask("POST", "/", body=b"1")
        self.client.send(GoAwayFrame(0).serialize())
        self.assertFalse(self.client.transport.disconnecting)
        self.answer()
        self.assertEqual(self.client.reply(number).status, 200)
        self.assertTrue(self.client.transport.disconnecting)

    def test_client_parts_at_once(self) -> None:
        """So is one that asks and parts in one breath."""
        self.client.open("POST", "/", ends=True)
        self.client.send(self.client.h2.data_to_send() + GoAwayFrame(0).serialize())
        self.answer()
        self.assertEqual(self.client.reply(1).status, 200)
        self.assertTrue(self.client.transport.disconnecting)

    def test_client_parts_with_nothing_asked(self) -> None:
        """One that has asked nothing, or says that something is wrong, is let go at once, with what runs for it."""
        self.client.send(GoAwayFrame(0).serialize())
        self.assertTrue(self.client.transport.disconnecting)
        other = self.connect()
        other.begin()
        other.ask("POST", "/", body=b"1")
        left = self.keeping.requests[0].notifyFinish()
        other.send(GoAwayFrame(0, error_code=ErrorCodes.INTERNAL_ERROR).serialize())
        self.failureResultOf(left)
        self.assertTrue(other.transport.disconnecting)

    def test_producer(self) -> None:
        """A transport can tell it that its buffers are full."""
        verifyObject(IPushProducer, self.client.transport.producer)


class LeavingTests(Http2TestCase):
    def test_reset(self) -> None:
        """Who resets a stream has left, as far as its script is concerned, and its place is free."""
        self.client.ask("POST", "/0", body=b"1")
        self.client.ask("POST", "/1", body=b"1")
        left = [request.notifyFinish() for request in self.keeping.requests]
        self.client.h2.reset_stream(1, ErrorCodes.CANCEL)
        self.client.flush()
        self.failureResultOf(left[0])
        self.assertNoResult(left[1])
        self.assertEqual(len(self.site.crowd), 1)
        self.answer(which=1)
        self.assertEqual(self.client.reply(3).status, 200)

    def test_with_room(self) -> None:
        """A stream that is taken back in the breath that makes room for its answer is sent nothing more."""
        self.client.takes = False
        numbers = [self.client.ask("POST", "/", body=b"1") for _ in range(2)]
        for _ in numbers:
            self.answer(b"x" * 50_000)
        self.client.h2.increment_flow_control_window(1 << 20)
        self.client.h2.reset_stream(numbers[1])
        self.client.flush()
        self.client.hear()
        self.clock.advance(0)
        self.assertEqual(len(self.client.of(numbers[0], StreamEnded)), 1)
        self.assertEqual((len(self.site.crowd), self.client.farewells()), (1, []))

    def test_at_once(self) -> None:
        """What is asked and taken back in one breath is never begun."""
        number = self.client.open("POST", "/", ends=True)
        self.client.h2.reset_stream(number)
        self.client.flush()
        self.assertEqual((self.keeping.requests, self.client.farewells()), ([], []))

    def test_rapid_reset(self) -> None:
        """Who takes back what it has asked for over and over is cut off (CVE-2023-44487)."""
        # One has gone on the client's settings.
        for _ in range(199):
            number = self.client.ask("GET", "/")
            self.client.h2.reset_stream(number)
            self.client.flush()
        self.assertEqual(len(self.keeping.requests), 199)
        self.client.ask("GET", "/")
        left = self.keeping.requests[-1].notifyFinish()
        self.assertFalse(self.client.transport.disconnecting)
        self.client.h2.reset_stream(self.client.ask("GET", "/"))
        self.client.flush()
        self.failureResultOf(left)
        self.assertEqual([code for code, _ in self.client.farewells()], [ErrorCodes.ENHANCE_YOUR_CALM])
        self.assertTrue(self.client.transport.disconnecting)
        self.assertEqual(len(self.site.crowd), 1)

    def test_many_that_are_none(self) -> None:
        """Who begins streams that are no requests over and over is cut off as well (CVE-2025-8671)."""
        for _ in range(201):
            self.client.ask("GET /", "/")
            self.client.hear()
        self.assertEqual([code for code, _ in self.client.farewells()], [ErrorCodes.ENHANCE_YOUR_CALM])

    def test_any_time(self) -> None:
        """A client that leaves at whatever moment leaves nothing behind."""
        sent = self.recorded()
        for length in range(len(sent) + 1):
            client = self.connect()
            client.send(sent[:length])
            client.leave()
        self.clock.advance(0)
        self.assertEqual((len(self.site.crowd), len(self.clock.getDelayedCalls())), (1, 1))

    def recorded(self) -> bytes:
        """Return what a client sends that posts something, and takes something else back."""
        client = self.connect()
        client.h2.initiate_connection()
        sent = client.h2.data_to_send()
        client.open("POST", "/")
        client.open("POST", "/", ("content-length", "9"))
        client.h2.send_data(1, b"12345", end_stream=True)
        client.h2.reset_stream(3)
        sent += client.h2.data_to_send()
        client.leave()
        return sent

    @given(
        st.lists(
            st.tuples(st.integers(0, 12), st.integers(0, 255), st.integers(0, 5), st.binary(max_size=30)), max_size=6
        )
    )
    def test_any_frames(self, frames: list[tuple[int, int, int, bytes]]) -> None:
        """Whatever comes, the connection goes on, or it is closed; and nothing is left behind."""
        client = Client(self.site)
        try:
            client.begin()
            client.open("POST", "/")
            client.flush()
            for kind, flags, stream, data in frames:
                client.send(struct.pack(">I", len(data))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + data)
        finally:
            client.leave()
            self.keeping.requests.clear()
        self.clock.advance(0)
        self.assertEqual((len(self.site.crowd), len(self.clock.getDelayedCalls())), (1, 1))


class HostileTests(Http2TestCase):
    def is_cut_off(self, client: Client, code: ErrorCodes | None = None) -> bool:
        """Whether the site has closed a connection, and said why."""
        said = [one for one, _ in client.farewells()]
        return client.transport.disconnecting and (code is None or said[-1] == code)

    def test_preface(self) -> None:
        """The preface has to be there in time, byte by byte or not."""
        slow = self.connect()
        for byte in struct.unpack("10c", PREFACE[:10]):
            self.assertFalse(slow.transport.disconnecting)
            slow.send(byte)
            self.clock.advance(1)
        self.assertTrue(slow.transport.disconnecting)
        slow.send(PREFACE[10:])
        self.clock.advance(20)
        self.assertTrue(slow.transport.disconnected)

    def test_other_preface(self) -> None:
        """What does not begin as HTTP/2 does is no client."""
        for data in (b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\0" * 100):
            client = self.connect()
            client.send(data)
            self.assertTrue(client.transport.disconnecting)

    def test_idle(self) -> None:
        """Who asks nothing is let go, whatever else it sends."""
        for second in range(30):
            self.assertFalse(self.client.transport.disconnecting, second)
            self.client.h2.ping(b"12345678")
            self.client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 1 << 16})
            self.client.h2.increment_flow_control_window(1)
            self.client.flush()
            self.clock.advance(1)
        self.assertTrue(self.client.transport.disconnecting)

    def test_half_a_head(self) -> None:
        """A head that is begun and not ended buys no time."""
        frame = HeadersFrame(1, data=b"")
        self.client.send(frame.serialize())
        self.clock.advance(29)
        self.client.send(ContinuationFrame(1, data=b"").serialize())
        self.clock.advance(1)
        self.assertTrue(self.client.transport.disconnecting)

    def test_continuations(self) -> None:
        """A head that never ends is cut off (CVE-2024-27316)."""
        self.client.send(HeadersFrame(1, data=b"").serialize())
        for _ in range(64):
            self.client.send(ContinuationFrame(1, data=b"x" * 16384).serialize())
        self.assertTrue(self.is_cut_off(self.client, ErrorCodes.PROTOCOL_ERROR))

    def test_bomb(self) -> None:
        """A head that is small on the wire, and large when it is unpacked, is not unpacked (CVE-2016-6581)."""
        encoder = self.client.h2.encoder
        data = encoder.encode([*head("GET", "/"), ("x", "y" * 4000)])
        data += encoder.encode([("x", "y" * 4000)]) * 100
        self.assertLess(len(data), 4500)
        self.client.send(HeadersFrame(1, data=data, flags=["END_HEADERS", "END_STREAM"]).serialize())
        self.assertTrue(self.is_cut_off(self.client, ErrorCodes.ENHANCE_YOUR_CALM))

    def test_long_head(self) -> None:
        """A head that is too long for HTTP/1.1 is told so, as there."""
        for path, more, status in (("/" + "a" * 17_000, [], 414), ("/", [("x", "a" * 17_000)], 431),
                                   ("/", [(f"x{n}", "a" * 1000) for n in range(20)], 400)):  # fmt: skip
            number = self.client.ask("GET", path, *more)
            self.assertEqual(self.client.reply(number).status, status)
            self.clock.advance(0)
        self.assertEqual(self.keeping.requests, [])

    def test_too_many_streams(self) -> None:
        """Who opens more streams than it was told it may is cut off, with all of them."""
        for _ in range(10):
            self.client.ask("POST", "/", body=b"1")
        left = [request.notifyFinish() for request in self.keeping.requests]
        encoded = self.client.h2.encoder.encode(head("GET", "/"))
        self.client.send(HeadersFrame(21, data=encoded, flags=["END_HEADERS", "END_STREAM"]).serialize())
        self.assertTrue(self.is_cut_off(self.client))
        for one in left:
            self.failureResultOf(one)

    def test_pings(self) -> None:
        """So many pings are answered, and no more (CVE-2019-9512)."""
        ping = PingFrame(0, opaque_data=b"12345678").serialize()
        self.client.send(ping * 150)
        self.client.hear()
        self.assertEqual(sum(isinstance(event, PingAckReceived) for event in self.client.events), 150)
        self.client.send(ping * 100)
        self.assertTrue(self.is_cut_off(self.client, ErrorCodes.ENHANCE_YOUR_CALM))

    def test_not_listened_to(self) -> None:
        """Who is cut off is not listened to either, and has seconds to close the connection itself."""
        self.client.send(DataFrame(1, data=b"x").serialize())
        self.assertEqual(self.client.transport.producerState, "paused")
        self.assertFalse(self.client.transport.disconnected)
        self.clock.advance(5)
        self.assertTrue(self.client.transport.disconnected)

    def test_long_frame(self) -> None:
        """A frame that is longer than any may be is not waited for."""
        self.client.send(b"\xff\xff\xff\0\0\0\0\0\x01")
        self.client.send(b"x" * 16_000)
        self.assertFalse(self.client.transport.disconnecting)
        self.client.send(b"x" * 1000)
        self.assertTrue(self.is_cut_off(self.client, ErrorCodes.FRAME_SIZE_ERROR))

    def test_nothing(self) -> None:
        """Frames that have no effect are not read without end."""
        number = self.client.open("POST", "/")
        self.client.flush()
        self.client.send(DataFrame(number, data=b"").serialize() * 300)
        self.assertTrue(self.is_cut_off(self.client, ErrorCodes.ENHANCE_YOUR_CALM))

    def test_settings(self) -> None:
        """Nor are settings without end (CVE-2019-9515), nor ones that nobody knows, which would be kept."""
        self.client.send(SettingsFrame(0, settings={4: 1 << 16}).serialize() * 201)
        self.assertTrue(self.is_cut_off(self.client, ErrorCodes.ENHANCE_YOUR_CALM))
        other = self.connect()
        other.begin()
        unknown = b"".join(struct.pack(">HL", 1000 + number, 1) for number in range(33))
        other.send(struct.pack(">I", len(unknown))[1:] + b"\x04\0\0\0\0\0" + unknown)
        self.assertTrue(self.is_cut_off(other, ErrorCodes.ENHANCE_YOUR_CALM))

    def test_does_not_read(self) -> None:
        """Who does not read is not read from either, once enough is waiting for it, and is cut off in the end."""
        number = self.client.ask("GET", "/")
        self.client.h2.reset_stream(number)
        self.client.flush()
        self.client.hear()
        buffers = self.client.transport.producer
        buffers.pauseProducing()
        # Each of these is answered, as the stream is over.
        sent = 0
        while self.client.transport.producerState == "producing" and sent < 10_000:
            self.client.send(DataFrame(number, data=b"").serialize())
            sent += 1
        self.assertGreater(sent, 1000)
        self.assertLess(len(self.client.transport.value()), 17_000)
        self.clock.advance(19)
        buffers.resumeProducing()
        self.assertEqual(self.client.transport.producerState, "producing")
        buffers.pauseProducing()
        self.clock.advance(11)
        self.assertTrue(self.client.transport.disconnecting)
        self.clock.advance(20)
        self.assertTrue(self.client.transport.disconnected)

    def test_does_not_read_while_it_waits(self) -> None:
        """Nor does a script that runs buy time for buffers that are full."""
        self.client.ask("POST", "/", body=b"1")
        self.client.transport.producer.pauseProducing()
        self.clock.advance(19)
        self.assertFalse(self.client.transport.disconnected)
        self.clock.advance(1)
        self.assertTrue(self.client.transport.disconnected)

    def test_dribbled_window(self) -> None:
        """A client that takes its answer byte by byte is cut off when its time is over."""
        client = self.connect()
        client.takes = False
        client.begin()
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
        number = client.ask("POST", "/", body=b"1")
        self.answer(b"x" * 1000)
        for _ in range(29):
            client.h2.increment_flow_control_window(1, number)
            client.flush()
            self.assertEqual(client.resets(), {})
            self.clock.advance(1)
        # Twenty seconds, one for each hundred bytes, and some for the head.
        self.clock.advance(4)
        self.assertEqual(client.resets(), {number: ErrorCodes.CANCEL})
        self.assertEqual(sum(len(event.data) for event in client.of(number, DataReceived)), 29)
        self.assertEqual(len(self.site.crowd), 2)

    def test_window_overflow(self) -> None:
        """A window that is larger than there is is the end of a stream, and of what runs for it."""
        number = self.client.ask("POST", "/", body=b"1")
        left = self.keeping.requests[0].notifyFinish()
        self.client.send(WindowUpdateFrame(number, window_increment=ANY).serialize())
        self.failureResultOf(left)
        self.assertEqual(self.client.resets(), {number: ErrorCodes.FLOW_CONTROL_ERROR})

    def test_body_over_its_window(self) -> None:
        """Who sends more than it was allowed to is cut off."""
        number = self.client.open("POST", "/")
        self.client.flush()
        self.client.transport.producer.pauseProducing()
        self.client.send(b"".join(DataFrame(number, data=b"x" * 16384).serialize() for _ in range(17)))
        self.assertTrue(self.is_cut_off(self.client, ErrorCodes.FLOW_CONTROL_ERROR))


class DrainTests(Http2TestCase):
    def drain(self) -> None:
        self.site.drain(lambda: 7)

    def test_running(self) -> None:
        """What has been asked is answered, and the connection is closed then."""
        number = self.client.ask("POST", "/", body=b"1")
        self.drain()
        self.assertEqual(self.client.farewells(), [(0, ANY)])
        self.clock.advance(5)
        self.assertFalse(self.client.transport.disconnecting)
        self.assertEqual(self.client.farewells(), [(0, ANY), (0, number)])
        self.answer()
        self.assertEqual(self.client.reply(number).body, b"drawn")
        self.assertTrue(self.client.transport.disconnecting)

    def test_being_answered(self) -> None:
        """An answer of which a part has gone out is not cut."""
        number = self.client.ask("POST", "/", body=b"1")
        (request,) = self.keeping.requests
        request.setHeader(b"Content-Length", b"4")
        request.write(b"ab")
        self.client.hear()
        self.drain()
        closed = self.site.close()
        request.write(b"cd")
        self.assertNoResult(closed)
        request.finish()
        self.clock.advance(0)
        data = self.client.transport.value()
        self.assertIn(DataFrame(number, data=b"cd", flags=["END_STREAM"]).serialize(), data)
        self.assertNoResult(closed)
        self.client.leave()
        self.successResultOf(closed)

    def test_on_its_way(self) -> None:
        """A script that was on its way is told when to try again; who looks is answered."""
        self.client.ask("POST", "/", body=b"1")
        self.drain()
        post = self.client.ask("POST", "/", body=b"1")
        self.client.ask("GET", "/ready")
        self.assertEqual([request.method for request in self.keeping.requests], [b"POST", b"GET"])
        reply = self.client.reply(post)
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "7"))

    def test_newcomer(self) -> None:
        """What comes later than that has not been looked at, and its client is told so."""
        self.client.ask("POST", "/", body=b"1")
        self.drain()
        self.clock.advance(1)
        late = self.client.ask("POST", "/late", body=b"1")
        data = self.client.transport.value()
        self.assertIn(RstStreamFrame(late, error_code=ErrorCodes.REFUSED_STREAM).serialize(), data)
        self.assertEqual(len(self.keeping.requests), 1)

    def test_idle(self) -> None:
        """A connection without requests is closed after a moment, or when the site is."""
        self.drain()
        self.assertFalse(self.client.transport.disconnecting)
        self.clock.advance(1)
        self.assertEqual(self.client.farewells(), [(0, ANY), (0, 0)])
        self.assertTrue(self.client.transport.disconnecting)

    def test_close(self) -> None:
        """Closing the site ends connections without requests at once."""
        self.drain()
        closed = self.site.close()
        self.assertTrue(self.client.transport.disconnecting)
        self.client.leave()
        self.successResultOf(closed)

    def test_late_client(self) -> None:
        """A client that connects while the site drains is told so."""
        self.drain()
        client = self.connect()
        client.begin()
        self.assertEqual(client.farewells(), [(0, ANY)])

    def test_abort(self) -> None:
        """Aborting cuts all connections, whatever there is to be answered."""
        self.client.ask("POST", "/", body=b"1")
        self.site.abort()
        self.assertTrue(self.client.transport.disconnected)


class FairnessTests(Http2TestCase):
    def test_shared_window(self) -> None:
        """Answers that wait for the same window take turns."""
        numbers = [self.client.ask("POST", "/", body=b"1") for _ in range(3)]
        for _ in numbers:
            self.answer(b"x" * 100_000)
        # What the connection's window lets through at first goes to the first; the client does not hear yet.
        for number in numbers:
            self.client.h2.increment_flow_control_window(100_000, number)
        for _ in range(6):
            self.client.h2.increment_flow_control_window(16384)
            self.client.flush()
        self.client.events += self.client.h2.receive_data(self.client.transport.value())
        got = [sum(len(event.data) for event in self.client.of(number, DataReceived)) for number in numbers]
        self.assertGreater(min(got[1:]), 30_000)
        self.assertEqual(sum(got), 65_535 + 6 * 16384)
        self.assertFalse(any(isinstance(event, StreamEnded) for event in self.client.events))
