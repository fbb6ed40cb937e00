"""Tests of L{cpyrender.web.door}."""

from __future__ import annotations

import gc
from http import HTTPStatus

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from twisted.web.server import Request

from cpyrender.web.door import Door
from cpyrender.web.problem import Problem
from tests.live.running import Reply
from tests.web.requests import Connection, exchange, message, mounted, site_of


class Greeting(Door):
    """Says hello to who GETs it, and understands PUT."""

    methods = ("GET", "PUT")

    async def answer_GET(self, request: Request) -> None:
        request.setHeader(b"Content-Length", b"5")
        request.write(b"hello")
        request.finish()


class Raising(Door):
    """Raises what it is given, and wants its errors as JSON."""

    methods = ("GET",)

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def answer_GET(self, request: Request) -> None:
        raise self._error

    def errors_for(self, request: Request) -> str | None:
        return "json"


class Stumbling(Greeting):
    """Says hello, and then raises something."""

    async def answer_GET(self, request: Request) -> None:
        await super().answer_GET(request)
        raise ZeroDivisionError


class Patient(Greeting):
    """Says hello once C{ready} has fired.

    @ivar given_up: whether waiting was cancelled.
    """

    def __init__(self) -> None:
        super().__init__()
        self.given_up = False
        self.ready: Deferred[None] = Deferred(self._give_up)

    def _give_up(self, ready: Deferred[None]) -> None:
        self.given_up = True

    async def answer_GET(self, request: Request) -> None:
        await self.ready
        await super().answer_GET(request)


class Empty(Door):
    """Has nothing at any path."""

    methods = ("GET",)

    def methods_for(self, request: Request) -> tuple[str, ...]:
        raise Problem(status=HTTPStatus.NOT_FOUND, detail="there is nothing")


def asked(door: Door, method: str, *lines: str) -> Reply:
    return exchange(mounted(door), method, "/", *lines)


class MethodTests(SynchronousTestCase):
    def test_understood(self) -> None:
        """A method that a door understands is answered by the coroutine of its name, in our own name."""
        reply = asked(Greeting(), "GET")
        self.assertEqual((reply.status, reply.body, reply.headers["server"]), (200, b"hello", "cpyrender"))

    def test_head(self) -> None:
        """HEAD is GET without the body."""
        got, head = asked(Greeting(), "GET"), asked(Greeting(), "HEAD")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["content-length"], got.headers["content-length"])

    def test_not_understood(self) -> None:
        """Any other method, in any case, is 405 with those that would be allowed."""
        for method in ("POST", "DELETE", "get", "BREW", "__class__"):
            reply = asked(Greeting(), method)
            self.assertEqual((reply.status, reply.headers["allow"]), (405, "GET, PUT, OPTIONS"), method)

    def test_options(self) -> None:
        """OPTIONS tells the methods, and no header of it allows anything to a page, not even to our own."""
        reply = asked(Greeting(), "OPTIONS", "Origin: http://localhost", "Access-Control-Request-Method: GET")
        self.assertEqual((reply.status, reply.body, reply.headers["allow"]), (204, b"", "GET, PUT, OPTIONS"))
        self.assertFalse([name for name in reply.headers if name.startswith("access-control")])

    def test_nothing_there(self) -> None:
        """Where a path has nothing, no method helps."""
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            self.assertEqual(asked(Empty(), method).status, 404, method)

    def test_below(self) -> None:
        """A path below a door that nobody claims is a problem like any other, not a page."""
        root = Resource()
        root.putChild(b"hello", Greeting())
        for path in ("/hello/", "/hello/you"):
            reply = exchange(root, "GET", path)
            self.assertEqual((reply.status, reply.media_type), (404, "text/plain"), path)


class FailureTests(SynchronousTestCase):
    def test_problem(self) -> None:
        """A problem that a door raises is written with its status and headers, as the request wants errors."""
        problem = Problem(status=HTTPStatus.TOO_MANY_REQUESTS, detail="slowly", headers={"Retry-After": "3"})
        reply = asked(Raising(problem), "GET")
        self.assertEqual((reply.status, reply.reason, reply.headers["retry-after"]), (429, "slowly", "3"))
        self.assertEqual(reply.media_type, "application/problem+json")

    def test_bug(self) -> None:
        """Any other exception is logged once, and answered by a 500 that tells nothing of it."""
        reply = asked(Raising(ZeroDivisionError("a secret")), "GET")
        self.assertEqual(reply.status, 500)
        self.assertNotIn("secret", reply.text + reply.reason)
        self.assertNotIn("Zero", reply.text + reply.reason)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_bug_after_the_answer(self) -> None:
        """What goes wrong after the answer is logged, and the answer stays what it was."""
        self.assertEqual(asked(Stumbling(), "GET").body, b"hello")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        # A Deferred's error that nobody took is logged when the Deferred goes.
        gc.collect()
        self.assertEqual(self.flushLoggedErrors(), [])


class WaitingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.door = Patient()
        self.connection = Connection(site_of(mounted(self.door)))
        self.connection.send(message("GET", "/"))

    def test_later(self) -> None:
        """An answer that is not there yet is sent once it is."""
        self.assertEqual(self.connection.received, b"")
        self.door.ready.callback(None)
        self.assertEqual(self.connection.reply("GET").body, b"hello")

    def test_client_leaves(self) -> None:
        """When the client leaves, what the answer waits for is cancelled, and that is no error."""
        self.connection.leave()
        self.assertTrue(self.door.given_up)
        self.assertEqual((self.connection.received, self.flushLoggedErrors()), (b"", []))

    def test_next_request(self) -> None:
        """A connection goes on after an answer: the next request has waited for its turn."""
        self.connection.send(message("HEAD", "/"))
        self.assertEqual(self.connection.received, b"")
        self.door.ready.callback(None)
        self.assertEqual([reply.status for reply in self.connection.replies("GET", "HEAD")], [200, 200])

    def test_cancelled_by_another(self) -> None:
        """When somebody else than the client cancels what is waited for, the client still gets an answer."""
        self.door.ready.cancel()
        self.assertGreaterEqual(self.connection.reply("GET").status, 500)
