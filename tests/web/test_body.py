"""Tests of L{cpyrender.web.body}."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import IPushProducer
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cpyrender.web.body import Base64, Part, pieces, send, whole
from tests.deposits import deposit_of, open_files, resident
from tests.web.requests import Connection, arrived

LARGE = bytes(range(256)) * 4096
ROOM = 1 << 16

parts = st.lists(st.binary(max_size=100) | st.binary(max_size=100).map(Base64))


def begun(*parts: Part, method: str = "POST") -> Connection:
    """Return a connection on which this is being sent."""
    request, connection = arrived(method)
    send(request, parts)
    return connection


class PiecesTests(SynchronousTestCase):
    @given(parts)
    def test_whole(self, parts: list[bytes | Base64]) -> None:
        """The pieces of a body are its parts, those that are to be encoded as if they had been all at once."""
        expected = b"".join(b64encode(part.data) if isinstance(part, Base64) else part for part in parts)
        self.assertEqual(whole(parts), expected)
        self.assertEqual(sum(map(len, parts)), len(expected))

    def test_large(self) -> None:
        """What is large comes in pieces that are not, and is the same all the same."""
        for part, expected in ((LARGE, LARGE), (memoryview(LARGE), LARGE), (Base64(LARGE), b64encode(LARGE))):
            self.assertEqual(b"".join(pieces([part])), expected)
            self.assertLessEqual(max(map(len, pieces([part]))), ROOM)

    def test_deposited(self) -> None:
        """Of a deposit no more is in this process' memory than some pieces, whether it is encoded or not."""
        data = LARGE * 4
        view = deposit_of(data)
        for part, expected in ((view, data), (view[3:].toreadonly(), data[3:]), (Base64(view), b64encode(data))):
            got, most = [], 0
            for piece in pieces([part]):
                got.append(piece)
                most = max(most, resident())
            self.assertEqual(b"".join(got), expected)
            self.assertLess(most, 12 * ROOM)


class SendTests(SynchronousTestCase):
    def test_small(self) -> None:
        """A small body goes out at once, with its length."""
        reply = begun(b"a", memoryview(b"b"), Base64(b"c")).reply()
        self.assertEqual((reply.body, reply.headers["content-length"]), (b"abYw==", "6"))

    def test_empty(self) -> None:
        """A body may be empty."""
        self.assertEqual(begun().reply().headers["content-length"], "0")

    def test_large(self) -> None:
        """A large body comes whole, with its length, and not in chunks; the connection goes on after it."""
        reply = begun(b"<", LARGE, b">").reply()
        self.assertEqual(reply.body, b"<" + LARGE + b">")
        self.assertEqual(reply.headers["content-length"], str(len(LARGE) + 2))
        self.assertNotIn("transfer-encoding", reply.headers)

    def test_head(self) -> None:
        """To HEAD the length is told, and no byte of the body is touched."""
        reply = begun(LARGE, method="HEAD").reply("HEAD")
        self.assertEqual((reply.body, reply.headers["content-length"]), (b"", str(len(LARGE))))

    def test_unfinished(self) -> None:
        """A body that is not to be finished is written, and the request stays open."""
        request, connection = arrived("POST")
        send(request, [b"x"], finish=False)
        self.assertEqual((connection.reply().body, request.finished), (b"x", 0))
        connection.leave()


class PressureTests(SynchronousTestCase):
    """A client that reads now and then: its connection's end of the transport pauses and resumes who writes."""

    def setUp(self) -> None:
        self.request, self.connection = arrived("POST")
        self.channel = self.request.channel
        self.pausing = self.connection.transport
        write = self.pausing.write

        def write_and_pause(data: bytes) -> None:
            write(data)
            self.channel.pauseProducing()

        self.pausing.write = write_and_pause
        send(self.request, [LARGE])

    def test_waits(self) -> None:
        """While the buffers are full, no more than a piece is written; the rest follows when they are empty."""
        verifyObject(IPushProducer, self.request.producer)
        self.assertLess(len(self.connection.received), 2 * ROOM)
        resumed = 0
        while not self.request.finished:
            before = len(self.connection.received)
            self.channel.resumeProducing()
            resumed += 1
            self.assertLess(len(self.connection.received) - before, 2 * ROOM)
        self.assertGreater(resumed, 8)
        self.assertEqual(self.connection.reply().body, LARGE)

    def test_client_leaves(self) -> None:
        """When the client leaves in the middle, nothing more is written, and the data is let go."""
        producer = self.request.producer
        producer.stopProducing()
        self.connection.leave()
        before = len(self.connection.received)
        producer.resumeProducing()
        self.assertEqual(len(self.connection.received), before)

    def test_deposit_is_gone(self) -> None:
        """When the client leaves, nothing is left of a deposit that was being sent."""
        request, connection = arrived("POST")
        channel = request.channel
        write = connection.transport.write
        connection.transport.write = lambda data: (write(data), channel.pauseProducing())
        send(request, [deposit_of(LARGE)])
        self.assertEqual(open_files(), 1)
        request.producer.stopProducing()
        connection.leave()
        self.assertEqual(open_files(), 0)
