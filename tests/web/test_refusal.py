"""Tests of L{cpyrender.web.refusal}, in a site of ours: the guard's word counts before the body is there."""

from __future__ import annotations

import errno
import json
import tempfile
from typing import IO

from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.bearer import Token
from cpyrender.web.guard import Guard
from cpyrender.web.site import RenderSite
from tests.web.requests import CHUNKED, Connection, Keeping, SiteTestCase, chunk, message

REFUSED = (
    (403, "Origin: null"), (403, "Sec-Fetch-Site: cross-site"), (401, "Authorization: Bearer mine"),
    (415, "Content-Encoding: gzip"), (417, "Expect: tea"), (400, "Host: localhost"), (413, "Content-Length: 11"),
)  # fmt: skip
TOKEN = "Authorization: Bearer secret"


class GuardedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.keeping = Keeping()
        self.site = RenderSite(self.keeping, Clock(), 10, Guard(max_body=10, token=Token.of(b"secret")))

    def connect(self) -> Connection:
        connection = Connection(self.site)
        self.addCleanup(connection.leave)
        return connection

    def test_before_the_body(self) -> None:
        """Each refusal is there with the head's last byte and not before it, and is not to be stored."""
        for status, line in REFUSED:
            lines = [line] if status == 401 else [line, TOKEN]
            head = message("POST", "/a?b", *lines, *(() if status == 413 else ("Content-Length: 10",)))
            connection = self.connect()
            connection.send(head[:-1])
            self.assertEqual(connection.received, b"", line)
            connection.send(head[-1:])
            reply = connection.reply()
            self.assertEqual((reply.status, reply.headers["cache-control"], reply.headers["connection"]),
                             (status, "no-store", "close"), line)  # fmt: skip
            self.assertFalse([name for name in reply.headers if name.startswith("access-control")])
        self.assertEqual(self.keeping.requests, [])

    def test_no_continue(self) -> None:
        """A client that waits for leave to send its body gets the refusal and no leave."""
        for status, line in REFUSED:
            lines = [line] if status == 401 else [line, TOKEN]
            connection = self.connect()
            connection.send(message("POST", "/", "Expect: 100-continue", *lines, "Content-Length: 10"))
            self.assertTrue(connection.received.startswith(b"HTTP/1.1 4"), (line, connection.received))

    def test_without_a_body(self) -> None:
        """Methods without a body are refused as well, OPTIONS too; HEAD gets no body."""
        for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            connection = self.connect()
            connection.send(message(method, "/", "Origin: http://evil.example", TOKEN))
            reply = connection.reply(method)
            self.assertEqual((reply.status, bool(reply.body)), (403, method != "HEAD"), method)
            self.assertFalse([name for name in reply.headers if name.startswith("access-control")])
        self.assertEqual(self.keeping.requests, [])

    def test_pipelined(self) -> None:
        """What follows a refused request on its connection is not served."""
        connection = self.connect()
        good = message("POST", "/", TOKEN, body=b"1")
        connection.send(message("POST", "/", "Origin: null", TOKEN, body=b"1") + good)
        connection.send(good)
        self.assertEqual(connection.reply().status, 403)
        self.assertEqual(self.keeping.requests, [])

    def test_twisted_refuses(self) -> None:
        """Doubled, negative and unreadable lengths, and a length with chunks, are bad requests."""
        for lines in (
            ("Content-Length: 1", "Content-Length: 1"), ("Content-Length: 1", "Content-Length: 2"),
            ("Content-Length: -1",), ("Content-Length: +1",), ("Content-Length: 1, 1",), ("Content-Length: 0x1",),
            ("Content-Length: ",), ("Content-Length: 1", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: chunked", "Content-Length: 1"), ("Transfer-Encoding: gzip, chunked",),
            ("Content-Length : 1",),
        ):  # fmt: skip
            connection = self.connect()
            connection.send(message("POST", "/", TOKEN, *lines) + b"1\r\n1\r\n0\r\n\r\n")
            if self.keeping.requests:
                self.fail(f"{lines} was served")
            self.assertTrue(connection.received.startswith(b"HTTP/1.1 400 "), (lines, connection.received))
            self.assertTrue(connection.transport.disconnecting, lines)

    def test_identity(self) -> None:
        """A body in no coding at all is not said to be in one, as was done long ago (RFC 9112, 6.3)."""
        for lines in (
            ("Transfer-Encoding: identity",), ("transfer-encoding:IDENTITY",), ("Transfer-Encoding: \t Identity \t ",),
            ("Transfer-Encoding:", " identity"), ("Transfer-Encoding: identity", "Content-Length: 1"),
            ("Content-Length: 1", "Transfer-Encoding: identity"), ("Transfer-Encoding: identity", CHUNKED),
            (CHUNKED, "Transfer-Encoding: identity"), ("Transfer-Encoding: identity, chunked",),
            ("Transfer-Encoding: chunked, identity",), ("Transfer-Encoding: identity", "Accept: */*"),
        ):  # fmt: skip
            connection = self.connect()
            connection.send(message("POST", "/", TOKEN, *lines) + b"1\r\n1\r\n0\r\n\r\n")
            self.assertEqual(connection.received, b"HTTP/1.1 400 Bad Request\r\n\r\n", lines)
            self.assertTrue(connection.transport.disconnecting, lines)
        self.assertEqual(self.keeping.requests, [])

    def test_log(self) -> None:
        """No line of the log has the token or the query in it, of requests that are let in or refused."""
        events: list[LogEvent] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        for line in (TOKEN, "Authorization: Bearer secret2"):
            connection = self.connect()
            connection.send(message("GET", "/a?q=hidden", line))
            for request in self.keeping.requests:
                request.finish()
            self.keeping.requests.clear()
        lines = [formatEvent(event) or "" for event in events]
        self.assertEqual([line[:10] for line in lines], ["GET /a 200", "GET /a 401"])
        self.assertNotIn("secret", "".join(lines))
        self.assertNotIn("hidden", "".join(lines))


class TooLargeTests(SiteTestCase):
    def test_by_content_length(self) -> None:
        """A body that is said to be too large is refused before a byte of it is here."""
        self.connection.send(message("POST", "/a?b", "Content-Length: 11"))
        reply = self.connection.reply()
        self.assertEqual((reply.status, reply.reason), (413, "the body is over the limit of 10 bytes"))
        self.assertEqual((reply.headers["connection"], reply.headers["server"]), ("close", "cpyrender"))

    def test_while_it_grows(self) -> None:
        """A chunked body is refused as soon as it has grown too large, and not before."""
        self.connection.send(message("POST", "/", CHUNKED))
        for _ in range(2):
            self.connection.send(chunk(b"01234"))
            self.assertEqual(self.connection.received, b"")
        self.connection.send(b"1\r\n5")
        self.assertEqual(self.connection.reply().status, 413)

    def test_as_json(self) -> None:
        """A refusal is written as the client wants its errors."""
        self.connection.send(message("POST", "/", "Accept: application/json", "Content-Length: 11"))
        self.assertEqual(json.loads(self.connection.reply().body)["status"], 413)

    def test_unreadable_accept(self) -> None:
        """A client is refused also where it cannot be read what it accepts."""
        self.connection.send(message("POST", "/", "Accept: \xff", "Content-Length: 11"))
        self.assertEqual(self.connection.reply().status, 413)

    def test_old_client(self) -> None:
        """A client of HTTP/1.0 is refused in its own version."""
        self.connection.send(message("POST", "/", "Content-Length: 11", version="HTTP/1.0"))
        self.assertTrue(self.connection.received.startswith(b"HTTP/1.0 413 "), self.connection.received)

    def test_no_resource_is_asked(self) -> None:
        """A request that is refused reaches no resource, even when the whole of it comes."""
        self.connection.send(message("POST", "/", body=b"x" * 11))
        other = self.connect()
        other.send(message("POST", "/", CHUNKED) + chunk(b"x" * 11) + chunk(b""))
        self.assertEqual(self.keeping.requests, [])


class NoRoomTests(SiteTestCase):
    """Where the disk is full on which large bodies are kept until they are whole."""

    def setUp(self) -> None:
        super().setUp()
        self.events = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        self.files: list[IO[bytes]] = []
        self.patch(tempfile, "TemporaryFile", self.full)

    def full(self) -> IO[bytes]:
        self.files.append(open("/dev/full", "w+b"))
        return self.files[-1]

    def none_left(self) -> IO[bytes]:
        raise OSError(errno.EMFILE, "Too many open files")

    def check(self, why: str) -> None:
        """The client has been told to come back later, and the log has why, in one line beside the request's own."""
        reply = self.connection.reply()
        self.assertEqual((reply.status, reply.reason), (503, "the server has no room for the body"))
        self.assertEqual((reply.headers["retry-after"], reply.headers["connection"]), ("10", "close"))
        self.connection.leave()
        said, line = [formatEvent(event) or "" for event in self.events]
        self.assertEqual(said, f"There is no room for the body of a request: {why}")
        self.assertEqual(line[:10], "POST / 503")
        self.assertEqual([file.closed for file in self.files], [True] * len(self.files))
        self.assertEqual((self.keeping.requests, self.clock.getDelayedCalls()), ([], []))

    def test_full(self) -> None:
        """A body is refused with the first piece for which there is no room, and what follows is read over."""
        self.connection.send(message("POST", "/", CHUNKED))
        self.assertEqual(self.connection.received, b"")
        self.connection.send(chunk(b"1"))
        self.assertEqual(self.connection.reply().status, 503)
        self.connection.send(chunk(b"2") + chunk(b""))
        self.assertTrue(self.hung_up)
        self.check("[Errno 28] No space left on device")

    def test_large(self) -> None:
        """So is one whose length is known, also while it is on its way; its client may leave."""
        self.site.guard = Guard(max_body=1 << 20)
        self.connection.send(message("POST", "/", body=bytes(1 << 20))[: 1 << 19])
        self.check("[Errno 28] No space left on device")

    def test_no_file(self) -> None:
        """Where there is not even a file for it, it is refused before it has come, and gets no leave to."""
        self.patch(tempfile, "TemporaryFile", self.none_left)
        self.connection.send(message("POST", "/", CHUNKED, "Expect: 100-continue"))
        self.check("[Errno 24] Too many open files")

    def test_small(self) -> None:
        """A small body needs no file, and arrives."""
        self.connection.send(message("POST", "/", body=b"1"))
        self.assertEqual((self.bodies, self.files), ([b"1"], []))


class ChunkTests(SiteTestCase):
    """Chunked bodies that cannot be read (RFC 9112, 7.1)."""

    def test_unreadable(self) -> None:
        """A size that is none, or a chunk that does not end where it should, is a bad request, and is logged as one."""
        events = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        unreadable = (b"x\r\n", b"-1\r\n", b"0x1\r\n1\r\n", b"1\r\n12\r\n", b"1;\0\r\n1\r\n", b"1" * 2000)
        for sent in unreadable:
            connection = self.connect()
            connection.send(message("POST", "/a", CHUNKED) + sent)
            reply = connection.reply()
            self.assertEqual((reply.status, reply.reason), (400, "the chunks of the body cannot be read"), sent)
            self.assertEqual(reply.headers["connection"], "close")
            connection.leave()
        lines = [formatEvent(event) or "" for event in events]
        self.assertEqual([line[:11] for line in lines], ["POST /a 400"] * len(unreadable))
        self.assertEqual(self.keeping.requests, [])

    def test_what_follows(self) -> None:
        """Nothing that follows is a request, or is kept; the client has a moment to read why, however it goes on."""
        self.connection.send(message("POST", "/", CHUNKED) + b"x\r\n")
        for sent in (chunk(b"") + message("POST", "/", body=b"1"), b"x\r\n", message("GET", "/"), b"#" * 100):
            self.connection.send(sent)
            self.clock.advance(1)
        self.assertFalse(self.hung_up)
        self.clock.advance(1)
        self.assertTrue(self.hung_up)
        self.assertEqual((self.connection.reply().status, self.keeping.requests), (400, []))

    def test_refused_before(self) -> None:
        """A request that has been refused already is not answered once more."""
        self.connection.send(message("POST", "/", CHUNKED) + chunk(bytes(11)) + b"x\r\n")
        self.assertEqual(self.connection.reply().status, 413)

    def test_next_head(self) -> None:
        """What is no head is answered for itself, though a request has been answered on its connection before."""
        self.connection.send(message("POST", "/", CHUNKED) + chunk(b"1") + chunk(b""))
        (request,) = self.keeping.requests
        request.setHeader(b"Content-Length", b"0")
        request.finish()
        self.connection.send(b"nothing\r\n\r\n")
        self.assertTrue(self.connection.received.endswith(b"\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n"))
        self.assertTrue(self.hung_up)


class LingeringTests(SiteTestCase):
    def refuse(self) -> None:
        self.connection.send(message("POST", "/", "Content-Length: 100"))

    def test_reads_on(self) -> None:
        """A client that is still sending is not cut off at once: that would take the answer from it."""
        self.refuse()
        self.connection.send(b"x" * 50)
        self.clock.advance(1)
        self.assertFalse(self.hung_up)
        self.assertEqual(self.connection.reply().status, 413)

    def test_hangs_up(self) -> None:
        """A client that goes on sending is cut off before long, however steadily it sends."""
        self.refuse()
        for _ in range(30):
            self.connection.send(b"x")
            self.clock.advance(1)
            if self.hung_up:
                break
        self.assertTrue(self.hung_up)
        self.connection.leave()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_client_has_sent_all(self) -> None:
        """A client that has sent all it wanted to is let go at once, with one answer, and leaves nothing behind."""
        self.refuse()
        self.connection.send(b"x" * 100 + message("POST", "/", body=b"1"))
        self.assertTrue(self.hung_up)
        self.assertEqual(self.connection.reply().status, 413)
        self.connection.leave()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_client_leaves(self) -> None:
        """A client that leaves on reading the answer leaves nothing behind."""
        self.refuse()
        self.connection.leave()
        self.assertEqual(self.clock.getDelayedCalls(), [])
