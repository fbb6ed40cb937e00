"""Tests of L{cpyrender.web.site}."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Drawn, Output
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.site import RenderSite, path_of
from tests.live.running import Reply
from tests.web.requests import CHUNKED, Connection, Keeping, SiteTestCase, chunk, exchange, message

LIMIT = 10

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyTests(SiteTestCase):
    def test_within_the_limit(self) -> None:
        """A body of just the limit arrives, with its length said or in chunks."""
        self.connection.send(message("POST", "/", body=b"0123456789"))
        other = self.connect()
        other.send(message("POST", "/", CHUNKED) + chunk(b"01234") + chunk(b"56789") + chunk(b""))
        self.assertEqual(self.bodies, [b"0123456789"] * 2)

    def test_continue(self) -> None:
        """A client that asks before it sends a body within the limit is told to go on."""
        self.connection.send(message("POST", "/", "Expect: 100-continue", "Content-Length: 10"))
        self.assertEqual(self.connection.received, CONTINUE)
        self.connection.send(b"0123456789")
        self.assertEqual(self.bodies, [b"0123456789"])

    def test_forms_are_left_alone(self) -> None:
        """No body is searched for a form before a resource sees it, however much it claims to be one."""
        for kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
            connection = self.connect()
            connection.send(message("POST", "/", f"Content-Type: {kind}", body=b"a=1&b"))
            self.assertEqual(connection.received, b"")
        self.assertEqual(self.bodies, [b"a=1&b"] * 2)
        self.assertEqual([request.args for request in self.keeping.requests], [{}, {}])


class LogTests(SiteTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.events = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)

    @property
    def lines(self) -> list[str | None]:
        """What the site has logged at level info."""
        return [
            formatEvent(event)
            for event in self.events
            if event["log_namespace"] == "cpyrender.web.site.RenderSite" and event["log_level"].name == "info"
        ]

    def test_answered(self) -> None:
        """A request that has been answered is one line, which tells nothing of its query."""
        self.connection.send(message("POST", "/a/b?token=secret", body=b"1"))
        (request,) = self.keeping.requests
        self.assertEqual(self.lines, [])
        request.setResponseCode(501)
        request.write(b"four")
        request.finish()
        self.assertEqual(self.lines, ["POST /a/b 501 4 bytes to 127.0.0.1"])

    def test_refused(self) -> None:
        """A request that was refused is one line too, once all of it has come."""
        self.connection.send(message("POST", "/a?b", body=b"x" * 11))
        size = self.connection.reply().headers["content-length"]
        self.assertEqual(self.lines, [f"POST /a 413 {size} bytes to 127.0.0.1"])

    def test_cut_off(self) -> None:
        """A request that was refused is one line also where the client had to be cut off."""
        self.connection.send(message("POST", "/a?b", "Content-Length: 100"))
        size = self.connection.reply().headers["content-length"]
        self.clock.advance(30)
        self.connection.leave()
        self.assertEqual(self.lines, [f"POST /a 413 {size} bytes to 127.0.0.1"])


class TargetTests(SynchronousTestCase):
    """The forms that a request's target may have, on a whole tree of doors."""

    def ask(self, method: str, target: str, *lines: str, body: bytes | None = None) -> Reply:
        renderer = MemoryRenderer(outcome=Drawn(outputs=(Output(data=b"x", media_type="image/png"),)))
        return exchange(ClassicDoor(renderer, LIMIT), method, target, *lines, body=body)

    def test_path_of(self) -> None:
        """Of a target in absolute form the path is what follows the host."""
        for target, path in (
            (b"/a://b", b"/a://b"),
            (b"http://localhost/render", b"/render"),
            (b"http://localhost:99", b"/"),
            (b"HTTP://localhost//a", b"//a"),
            (b"*", b"*"),
        ):
            self.assertEqual(path_of(target), path)

    def test_absolute_form(self) -> None:
        """A target in absolute form, as proxies send it, means the same as its path (RFC 9112, 3.2.2)."""
        self.assertEqual(self.ask("GET", "http://localhost/health").status, 200)
        self.assertEqual(self.ask("GET", "http://localhost/render").status, 405)
        self.assertEqual(self.ask("POST", "http://localhost", body=b"1").status, 200)
        self.assertEqual(self.ask("POST", "http://localhost/render?dpi=x", body=b"1").status, 400)

    def test_asterisk(self) -> None:
        """OPTIONS of an asterisk asks about the whole server, and no other method has one."""
        reply = self.ask("OPTIONS", "*")
        self.assertEqual((reply.status, reply.body, reply.headers["server"]), (204, b"", "cpyrender"))
        self.assertEqual(reply.headers["allow"], "GET, HEAD, POST, OPTIONS")
        self.assertFalse([name for name in reply.headers if name.startswith("access-control")])
        for method in ("GET", "TRACE"):
            self.assertEqual(self.ask(method, "*").status, 400, method)
        self.assertEqual(self.ask("POST", "*", body=b"1").status, 400)

    def test_every_answer(self) -> None:
        """Every answer names the server without its version, has a date and a length, and is kept by nobody."""
        for method, target in (
            ("GET", "/health"), ("HEAD", "/ready"), ("GET", "/render"), ("GET", "/x"), ("POST", "/"), ("BREW", "/"),
            ("OPTIONS", "/render"), ("OPTIONS", "*"), ("GET", "*"), ("TRACE", "/"), ("POST", "/render/x"),
        ):  # fmt: skip
            reply = self.ask(method, target, body=b"1" if method == "POST" else None)
            self.assertEqual((reply.headers["server"], reply.headers["cache-control"]), ("cpyrender", "no-store"))
            self.assertIn("date", reply.headers)
            self.assertEqual("content-length" in reply.headers, reply.status != 204, (method, target))

    def test_too_long(self) -> None:
        """A target, or a header, that is longer than any should be is answered before the connection is closed."""
        for sent, status in (
            (b"GET /" + b"a" * 20_000, b"414 "),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000, b"431 "),
        ):
            connection = Connection(RenderSite(Keeping(), Clock(), LIMIT))
            connection.send(sent)
            connection.send(b"a" * 20_000)
            self.assertTrue(connection.received.startswith(b"HTTP/1.1 " + status), connection.received)
            self.assertEqual(connection.received.count(b"HTTP/1.1"), 1)
            self.assertTrue(connection.transport.disconnecting)
            connection.leave()

    def test_refused_early(self) -> None:
        """What is refused for its head is told as the door that it is for tells its problems."""
        for target, media_type in (
            ("/render", "application/problem+json"),
            ("http://localhost/render/", "application/problem+json"),
            ("/render?x", "application/problem+json"),
            ("/", "text/plain"),
            ("/a/render", "text/plain"),
        ):
            reply = self.ask("POST", target, f"Content-Length: {(1 << 20) + 1}")
            self.assertEqual((reply.status, reply.media_type), (413, media_type), target)
            self.assertIn("date", reply.headers)
