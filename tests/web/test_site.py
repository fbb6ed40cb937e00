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
        self.counted: list[tuple[str, int, int]] = []
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
        self.connection.send(message("POST", "/a/b?token=secret", "X-Request-Id: me", body=b"1"))
        (request,) = self.keeping.requests
        self.assertEqual(self.lines, [])
        request.setResponseCode(501)
        request.write(b"four")
        request.finish()
        self.assertEqual(self.lines, ["POST /a/b 501 none - 0.000 s 4 bytes to 127.0.0.1 [me]"])

    def test_refused(self) -> None:
        """A request that was refused is one line too, once all of it has come."""
        self.connection.send(message("POST", "/a?b", "X-Request-Id: me", body=b"x" * 11))
        size = self.connection.reply().headers["content-length"]
        self.assertEqual(self.lines, [f"POST /a 413 none - 0.000 s {size} bytes to 127.0.0.1 [me]"])

    def test_cut_off(self) -> None:
        """A request that was refused is one line also where the client had to be cut off."""
        self.connection.send(message("POST", "/a?b", "X-Request-Id: me", "Content-Length: 100"))
        size = self.connection.reply().headers["content-length"]
        self.clock.advance(30)
        self.connection.leave()
        self.assertEqual(self.lines, [f"POST /a 413 none - 30.000 s {size} bytes to 127.0.0.1 [me]"])

    def test_client_leaves(self) -> None:
        """A client that leaves before it has its answer is one line too, with the status that nginx has for that."""
        self.connection.send(message("POST", "/a?b", "X-Request-Id: me", body=b"1"))
        self.clock.advance(2)
        self.connection.leave()
        self.assertEqual(self.lines, ["POST /a 499 none - 2.000 s 0 bytes to 127.0.0.1 [me]"])

    def test_half_a_head(self) -> None:
        """Who leaves before the head of a request is here has asked nothing, and is no line."""
        self.connection.send(b"POST / HTTP/1.1\r\nHost: loc")
        self.connection.leave()
        self.assertEqual(self.lines, [])

    def test_counted(self) -> None:
        """Each request is counted, whatever became of it."""
        self.site.metrics = self
        self.connection.send(message("POST", "/a", body=b"x" * 11))
        other = self.connect()
        other.send(message("POST", "/a", body=b"x"))
        other.leave()
        size = int(self.connection.reply().headers["content-length"])
        self.assertEqual(self.counted, [("none", 413, size), ("none", 499, 0)])

    def answered(self, door: str, status: int, size: int) -> None:
        """Stand in for the metrics."""
        self.counted.append((door, status, size))


class IdleTests(SynchronousTestCase):
    def test_nothing_to_do(self) -> None:
        """A site to which nobody comes asks nothing of the reactor, and so never wakes it."""
        clock = Clock()
        site = RenderSite(Keeping(), clock, LIMIT)
        site.noisy = False
        site.doStart()
        asked = clock.getDelayedCalls()
        site.doStop()

        self.assertEqual((asked, clock.getDelayedCalls()), ([], []))


class IdTests(SiteTestCase):
    """C{X-Request-Id}."""

    def id_of(self, *lines: str) -> str:
        """Return what a request with these header lines is called by in its answer."""
        self.connection.transport.clear()
        self.connection.send(message("POST", "/", *lines, body=b"1"))
        request = self.keeping.requests.pop()
        request.setHeader(b"Content-Length", b"0")
        request.finish()
        return self.connection.reply().headers["x-request-id"]

    def test_taken(self) -> None:
        """A request that has a name keeps it."""
        for name in ("a", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "Root=1-67891233-abcdef", "x" * 80):
            self.assertEqual(self.id_of(f"X-Request-Id: {name}"), name)

    def test_made(self) -> None:
        """One without a name, with two, or with one that could break a log, is given a name of its own."""
        made = [
            self.id_of(*lines)
            for lines in (
                [],
                [],
                ["X-Request-Id: "],
                ["X-Request-Id: a b"],
                ["X-Request-Id: a\x1b[31m"],
                ["X-Request-Id: \xe9"],
                ["X-Request-Id: " + "x" * 81],
                ["X-Request-Id: a", "X-Request-Id: b"],
            )
        ]
        self.assertEqual(len({*made}), len(made))
        for name in made:
            self.assertRegex(name, r"^[0-9a-f]{18}$")

    def test_refused(self) -> None:
        """A request that is refused early is called by its name too."""
        self.connection.send(message("POST", "/", "X-Request-Id: me", "Content-Length: 11"))
        self.assertEqual(self.connection.reply().headers["x-request-id"], "me")


class DrainTests(SiteTestCase):
    """A site that is to stop."""

    def setUp(self) -> None:
        super().setUp()
        self.other = self.connect()

    def drain(self) -> None:
        self.site.drain(lambda: 7)

    def test_running(self) -> None:
        """A request that was here before is answered as always, and its connection is closed then."""
        self.connection.send(message("POST", "/", body=b"1"))
        self.drain()
        self.assertFalse(self.hung_up)
        self.answer()
        reply = self.connection.reply()
        self.assertEqual((reply.status, reply.headers["connection"], self.hung_up), (200, "close", True))

    def test_being_answered(self) -> None:
        """An answer of which a part has gone out is not cut, and its connection is closed after it."""
        self.connection.send(message("POST", "/", body=b"1"))
        (request,) = self.keeping.requests
        request.setHeader(b"Content-Length", b"4")
        request.write(b"ab")
        self.drain()
        self.assertFalse(self.hung_up)
        request.write(b"cd")
        request.finish()
        self.assertEqual((self.connection.reply().body, self.hung_up), (b"abcd", True))

    def test_newcomer(self) -> None:
        """A script that comes on a connection which was kept is told when to try again, and elsewhere."""
        self.connection.send(message("POST", "/", body=b"1"))
        self.answer()
        self.drain()
        self.connection.transport.clear()
        self.connection.send(message("POST", "/", "Content-Length: 9"))
        reply = self.connection.reply()
        self.assertEqual((reply.status, reply.headers["retry-after"], reply.headers["connection"]), (503, "7", "close"))

    def test_looking(self) -> None:
        """Who asks how the server is doing is answered by the resource, once more."""
        self.drain()
        self.connection.send(message("GET", "/ready") + message("GET", "/ready"))
        self.answer()
        self.assertEqual((self.connection.reply("GET").headers["connection"], self.hung_up), ("close", True))
        self.assertEqual(len(self.keeping.requests), 1)

    def test_half_a_head(self) -> None:
        """A request of which the head was only partly here is a newcomer."""
        self.connection.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n")
        self.drain()
        self.connection.send(b"Content-Length: 1\r\n\r\n1")
        self.assertEqual(self.connection.reply().status, 503)

    def test_close(self) -> None:
        """Closing ends idle connections at once, and waits for those on which there is something to be answered."""
        self.connection.send(message("POST", "/", body=b"1"))
        self.drain()
        closed = self.site.close()
        self.assertEqual((self.other.transport.disconnecting, self.hung_up), (True, False))
        self.answer()
        self.assertNoResult(closed)
        self.other.leave()
        self.assertNoResult(closed)
        self.connection.leave()
        self.successResultOf(closed)

    def test_close_when_nobody_is_here(self) -> None:
        """A site without connections is closed at once."""
        self.connection.leave()
        self.other.leave()
        self.successResultOf(self.site.close())

    def test_abort(self) -> None:
        """Aborting cuts all connections, whatever there is to be answered."""
        self.connection.send(message("POST", "/", body=b"1"))
        self.site.abort()
        self.assertTrue(self.connection.transport.disconnected)
        self.assertTrue(self.other.transport.disconnected)

    def answer(self) -> None:
        request = self.keeping.requests[-1]
        request.setHeader(b"Content-Length", b"0")
        request.finish()


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
