"""Tests of L{cpyrender.web.refusal}, in a site of ours: the guard's word counts before the body is there."""

from __future__ import annotations

import json

from twisted.internet.task import Clock
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
