"""Tests of L{cpyrender.web.site}."""

from __future__ import annotations

from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher

from tests.web.requests import CHUNKED, SiteTestCase, chunk, message

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
