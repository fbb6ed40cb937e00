"""Tests of L{cpyrender.web.channel}."""

from __future__ import annotations

from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.settings import HttpSettings
from cpyrender.web.site import RenderSite
from tests.web.requests import Connection, Keeping, chunk, message

TIMES = HttpSettings(head=10, body=60, idle=30, answer=20, answer_rate=100)
LATE = b"HTTP/1.1 408 "


class ChannelTestCase(SynchronousTestCase):
    """A site, a connection to it, and its clock; whatever happens, nothing is left on the clock afterwards."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.keeping = Keeping()
        self.site = RenderSite(self.keeping, self.clock, 1000, http=TIMES)
        self.connection = Connection(self.site)
        self.addCleanup(self.check_clock)
        self.addCleanup(self.connection.leave)

    def check_clock(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(len(self.site.crowd), 0)

    @property
    def hung_up(self) -> bool:
        return bool(self.connection.transport.disconnecting)

    @property
    def cut_off(self) -> bool:
        return bool(self.connection.transport.disconnected)

    def drip(self, data: bytes, seconds: int) -> None:
        """Send a byte each second, so many seconds long."""
        for second in range(seconds):
            if self.hung_up:
                return
            self.connection.send(data[second % len(data) :][:1])
            self.clock.advance(1)

    def answer(self, size: int) -> None:
        """Answer the oldest request that waits."""
        request = self.keeping.requests.pop(0)
        request.setHeader(b"Content-Length", str(size).encode())
        request.write(b"x" * size)
        request.finish()

    def ask(self, *lines: str) -> None:
        self.connection.send(message("POST", "/", *lines, body=b"1"))


class SendingTests(ChannelTestCase):
    def test_silent_head(self) -> None:
        """Who connects and says nothing is let go in time, without a word."""
        self.clock.advance(9.9)
        self.assertFalse(self.hung_up)
        self.clock.advance(0.2)
        self.assertTrue(self.hung_up)
        self.assertEqual(self.connection.received, b"")

    def test_slow_head(self) -> None:
        """A byte now and then buys no time for the head, and the client is told."""
        self.drip(b"POST / HTTP/1.1\r\nX: " + b"x" * 100, 10)
        self.assertTrue(self.hung_up)
        self.drip(b"\r\n", 1)

    def test_half_a_head(self) -> None:
        """Who has begun a head and not ended it in time is told by a 408."""
        self.connection.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n")
        self.clock.advance(10)
        self.assertTrue(self.connection.received.startswith(LATE), self.connection.received)
        self.assertTrue(self.hung_up)

    def test_slow_body(self) -> None:
        """A byte now and then buys no time for a body, of a given length or in chunks; the client is told."""
        chunked = Connection(self.site)
        self.addCleanup(chunked.leave)
        self.connection.send(message("POST", "/", "Content-Length: 500"))
        chunked.send(message("POST", "/", "Transfer-Encoding: chunked"))
        for _ in range(60):
            self.assertEqual((self.connection.received, chunked.received), (b"", b""))
            self.connection.send(b"x")
            chunked.send(chunk(b"x"))
            self.clock.advance(1)
        for one in (self.connection, chunked):
            self.assertEqual(one.reply().status, 408)
        self.clock.advance(6)
        self.assertTrue(self.hung_up and chunked.transport.disconnecting)
        self.assertEqual(self.keeping.requests, [])

    def test_body_has_its_own_time(self) -> None:
        """The time of the head does not count for the body."""
        self.clock.advance(9)
        self.connection.send(message("POST", "/", "Content-Length: 1"))
        self.clock.advance(59)
        self.connection.send(b"1")
        self.assertEqual(len(self.keeping.requests), 1)

    def test_script_has_its_time(self) -> None:
        """While an answer is made, the client is waited for without end."""
        self.ask()
        self.clock.pump([60] * 60)
        self.assertFalse(self.hung_up)


class KeptTests(ChannelTestCase):
    def test_idle(self) -> None:
        """After an answer the connection is kept for a while."""
        self.ask()
        self.answer(1)
        self.clock.advance(29)
        self.assertFalse(self.hung_up)
        self.clock.advance(1)
        self.assertTrue(self.hung_up)

    def test_next_request(self) -> None:
        """The next request has its time from its own first byte."""
        self.ask()
        self.answer(1)
        self.clock.advance(29)
        self.connection.send(b"P")
        self.clock.advance(9)
        self.assertFalse(self.hung_up)
        self.connection.send(message("POST", "/", body=b"1")[1:])
        self.answer(1)
        self.assertEqual([reply.status for reply in self.connection.replies("POST", "POST")], [200, 200])

    def test_pipelined(self) -> None:
        """A head that had begun before the last answer was there has its time from the answer."""
        self.ask()
        self.connection.send(b"POST / HTTP/1.1\r\n")
        self.clock.advance(100)
        self.answer(1)
        self.clock.advance(9)
        self.assertFalse(self.hung_up)
        self.clock.advance(1)
        self.assertTrue(self.hung_up)
        self.assertIn(LATE, self.connection.received)


class ReadingTests(ChannelTestCase):
    @property
    def buffers(self) -> IPushProducer:
        """What the transport tells when its buffers are full, and when they are empty."""
        producer: IPushProducer = self.connection.transport.producer
        return producer

    def answer_into_full_buffers(self, size: int) -> None:
        """Answer as a transport does it whose client does not read."""
        self.ask()
        request = self.keeping.requests.pop(0)
        request.setHeader(b"Content-Length", str(size).encode())
        request.write(b"x" * size)
        self.buffers.pauseProducing()
        request.finish()

    def test_does_not_read(self) -> None:
        """A client that leaves its answer is cut off; a large answer gives it more time."""
        self.answer_into_full_buffers(1000)
        self.clock.advance(29)
        self.assertFalse(self.cut_off)
        self.clock.advance(3)
        self.assertTrue(self.cut_off)

    def test_reads(self) -> None:
        """A client that has read its answer is not cut off, and has the idle connection's time."""
        self.answer_into_full_buffers(1000)
        self.clock.advance(20)
        self.buffers.resumeProducing()
        self.clock.advance(9)
        self.assertFalse(self.hung_up)

    def test_reads_in_bits(self) -> None:
        """Reading a bit of an answer that is still being written buys no time."""
        self.ask()
        request = self.keeping.requests[0]
        request.write(b"x")
        for _ in range(22):
            self.buffers.pauseProducing()
            self.clock.advance(1)
            if self.cut_off:
                break
            self.buffers.resumeProducing()
        self.assertTrue(self.cut_off)

    def test_closing(self) -> None:
        """A connection that is to be closed when all is sent is cut off when the client does not let that happen."""
        self.ask("Connection: close")
        self.answer(10)
        self.assertTrue(self.hung_up)
        self.clock.advance(19)
        self.assertFalse(self.cut_off)
        self.clock.advance(2)
        self.assertTrue(self.cut_off)

    def test_each_answer_has_its_time(self) -> None:
        """What one answer took is not taken from the next."""
        self.answer_into_full_buffers(10)
        self.clock.advance(15)
        self.buffers.resumeProducing()
        self.answer_into_full_buffers(10)
        self.clock.advance(15)
        self.assertFalse(self.cut_off)


class LeavingTests(ChannelTestCase):
    def test_any_time(self) -> None:
        """A client that leaves at whatever moment leaves nothing behind on the clock."""
        whole = message("POST", "/", body=b"1" * 5)
        for length in range(len(whole) + 1):
            connection = Connection(self.site)
            connection.send(whole[:length])
            connection.leave()
            self.keeping.requests.clear()
        # The one that setUp made.
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
