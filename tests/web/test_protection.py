"""Tests of L{cpyrender.web.protection}, and of what a resource does for itself in a site that is not ours."""

from __future__ import annotations

import tempfile

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from cpyrender import RenderResource, protect
from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Drawn, Output
from tests.web.requests import Connection, Keeping, message

PICTURE = Drawn(outputs=(Output(data=b"\x89PNG", media_type="image/png", name="a.png"),))
REFUSED = (
    (403, "Origin: http://evil.example"), (403, "Origin: null"), (403, "Sec-Fetch-Site: same-site"),
    (415, "Content-Encoding: gzip"), (417, "Expect: tea"), (400, "Host: localhost"),
)  # fmt: skip


class ForeignSiteTestCase(SynchronousTestCase):
    """A site of somebody else's with a resource of ours at /draw."""

    def setUp(self) -> None:
        self.renderer = MemoryRenderer(outcome=PICTURE)
        self.door = RenderResource(self.renderer, public_names=["example.org"], max_body=10)
        self.keeping = Keeping()
        root = Resource()
        root.putChild(b"draw", self.door)
        root.putChild(b"other", self.keeping)
        self.clock = Clock()
        self.site = Site(root, reactor=self.clock)

    def send(self, data: bytes) -> Connection:
        connection = Connection(self.site)
        self.addCleanup(connection.leave)
        connection.send(data)
        return connection

    def status(self, path: str, *lines: str, body: bytes | None = b"1") -> int:
        return self.send(message("POST", path, *lines, body=body)).reply().status


class UnprotectedTests(ForeignSiteTestCase):
    def test_refuses(self) -> None:
        """The resource refuses by itself what the guard does, at each of its paths; no script runs."""
        for status, line in REFUSED:
            for path in ("/draw", "/draw/", "/draw/a/b", "/draw/health"):
                self.assertEqual(self.status(path, line), status, (path, line))
        self.assertEqual(self.status("/draw", body=b"x" * 11), 413)
        self.assertEqual(self.renderer.submissions, [])

    def test_names(self) -> None:
        """The site's public names are ours, and no others are."""
        for host, status in (("example.org", 200), ("localhost:80", 200), ("evil.example", 421)):
            data = message("POST", "/draw", body=b"1").replace(b"localhost", host.encode())
            self.assertEqual(self.send(data).reply().status, status, host)

    def test_own_page(self) -> None:
        """A page of the site itself may post scripts."""
        data = message("POST", "/draw", "Origin: https://example.org", body=b"1").replace(b"localhost", b"example.org")
        self.assertEqual(self.send(data).reply().status, 200)


class ProtectedTests(ForeignSiteTestCase):
    def setUp(self) -> None:
        super().setUp()
        protect(self.site, "/draw")

    def test_before_the_body(self) -> None:
        """Below the prefix requests are refused when the head is there, and no leave is given to send the body."""
        for status, line in (*REFUSED, (413, "X: x")):
            length = "Content-Length: 11" if status == 413 else "Content-Length: 9"
            for path in ("/draw", "/draw/a?b", "/%64raw/"):
                connection = self.send(message("POST", path, "Expect: 100-continue", line, length))
                self.assertEqual(connection.reply().status, status, (path, line))

    def test_grows(self) -> None:
        """A chunked body is refused as soon as it has grown too large."""
        connection = self.send(message("POST", "/draw", "Transfer-Encoding: chunked") + b"b\r\n" + b"x" * 11)
        self.assertEqual(connection.reply().status, 413)

    def test_as_its_door_tells(self) -> None:
        """What is refused early is JSON below the prefix's /render, and text elsewhere."""
        for path, kind in (("/draw/render", b"problem+json"), ("/draw/a", b"text/plain"), ("/draw/a/render", b"text/")):
            connection = self.send(message("POST", path, "Content-Length: 11"))
            self.assertEqual(connection.reply().status, 413)
            self.assertIn(kind, connection.received, path)

    def test_serves(self) -> None:
        """What is let in is served."""
        self.assertEqual(self.status("/draw"), 200)

    def test_leaves_others_alone(self) -> None:
        """Requests beside the prefix reach their resource as they did before."""
        for path in ("/other", "/other?/draw"):
            self.send(message("POST", path, "Origin: null", "Content-Encoding: gzip", body=b"x" * 100))
        self.assertEqual(len(self.keeping.requests), 2)

    def test_no_room(self) -> None:
        """Where there is no room for a body the client is told so, and what is for others fails as it did before."""

        def full() -> None:
            raise OSError("no room")

        self.patch(tempfile, "TemporaryFile", full)
        chunked = "Transfer-Encoding: chunked"
        self.assertEqual(self.status("/draw", chunked, body=None), 503)
        self.assertRaises(OSError, self.send, message("POST", "/other", chunked))

    def test_leaves_nothing_behind(self) -> None:
        """A refused client that leaves takes the clock's call with it."""
        connection = self.send(message("POST", "/draw", "Content-Length: 11"))
        connection.leave()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class InstallingTests(ForeignSiteTestCase):
    def test_nothing_there(self) -> None:
        """A prefix where there is no resource of ours is refused, unless the resource is given."""
        for prefix in ("/", "/other", "/none", "/draw/none"):
            self.assertRaises(ValueError, protect, self.site, prefix)
        protect(self.site, "/other", self.door)
        self.assertEqual(self.status("/other", "Origin: null"), 403)

    def test_own_request_class(self) -> None:
        """A site's own class of requests keeps working; a mere function in its place is refused."""

        class Own(Request):
            pass

        self.site.requestFactory = Own
        protect(self.site, "/draw")
        self.assertTrue(issubclass(self.site.requestFactory, Own))
        self.assertEqual(self.status("/draw", "Origin: null"), 403)
        self.assertEqual(self.status("/draw"), 200)
        self.site.requestFactory = lambda *args: Own(*args)
        self.assertRaises(TypeError, protect, self.site, "/draw")

    def test_twice(self) -> None:
        """Several prefixes have each their own rules; the longest counts."""
        inner = RenderResource(self.renderer, max_body=5)
        self.door.putChild(b"small", inner)
        protect(self.site, "/draw/")
        protect(self.site, "/draw/small")
        found = [self.status(path, body=b"x" * 8) for path in ("/draw", "/draw/small", "/draw/small/a")]
        self.assertEqual(found, [200, 413, 413])

    def test_whole_site(self) -> None:
        """A resource that is the whole site is protected at the root."""
        site = self.site = Site(self.door, reactor=self.clock)
        protect(site, "/")
        self.assertEqual([self.status("/x", "Origin: null"), self.status("/x")], [403, 200])
