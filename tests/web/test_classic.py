"""Tests of L{cpyrender.web.classic}."""

from __future__ import annotations

import json

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web import pages
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site

from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Cause, Drawn, Failed, Outcome, Output, Refused, TimedOut
from cpyrender.web.classic import ClassicDoor
from tests.live.running import Reply
from tests.web.requests import ELSEWHERE, Connection, exchange, message, site_of

PICTURE = Drawn(outputs=(Output(data=b"\x89PNG", media_type="image/png", name="a.png"),))
FORM = "Content-Type: application/x-www-form-urlencoded"


def door(renderer: MemoryRenderer, max_body: int = 100) -> ClassicDoor:
    return ClassicDoor(renderer, max_body)


def in_another_site(resource: IResource, *lines: str, body: bytes) -> Reply:
    """Post to a resource in a site that is not ours, which looks for forms in bodies and has no limit for them."""
    connection = Connection(Site(resource, reactor=Clock()))
    connection.send(message("POST", "/", *lines, body=body))
    return connection.reply()


class PostTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.renderer = MemoryRenderer(outcome=PICTURE)

    def test_answer(self) -> None:
        """The answer to a script is what the script made."""
        reply = exchange(door(self.renderer), "POST", body=b"x = 1")
        self.assertEqual((reply.status, reply.body, reply.media_type), (200, b"\x89PNG", "image/png"))

    def test_submission(self) -> None:
        """The renderer gets the script, its parameters, what is wanted and whom it is for."""
        exchange(
            door(self.renderer),
            "POST",
            "/?year=2024&format=svg&timeout=2",
            FORM,
            "Accept: image/gif",
            body=b"x = 1",
            peer=ELSEWHERE,
        )
        (submission,) = self.renderer.submissions
        self.assertEqual((submission.script, submission.params), (b"x = 1", {"year": "2024"}))
        self.assertEqual((submission.wanted.format, submission.wanted.acceptable), ("svg", ("gif",)))
        self.assertEqual((submission.timeout, submission.client), (2.0, "192.0.2.7"))

    def test_any_path(self) -> None:
        """A script may be posted to any path, with any depth, extension or trailing slash."""
        for path in ("/", "//", "/render.py", "/a/b/c", "/a/", "/%2e%2e/%00", "/health.png", "/x?dpi=90"):
            reply = exchange(door(self.renderer), "POST", path, body=b"1")
            self.assertEqual((reply.status, reply.body), (200, b"\x89PNG"), path)

    def test_mounted(self) -> None:
        """The door works at any place in a tree, and leaves the rest of the tree alone."""
        root = Resource()
        root.putChild(b"draw", door(self.renderer))
        root.putChild(b"other", pages.notFound())
        for path, status in (("/draw", 200), ("/draw/", 200), ("/draw/a/b.png", 200), ("/other", 404)):
            self.assertEqual(exchange(root, "POST", path, body=b"1").status, status, path)

    def test_outcomes(self) -> None:
        """A script that gives no picture is answered with the status of its reason, and says it."""
        outcomes: tuple[tuple[Outcome, int, str], ...] = (
            (Failed(cause=Cause.RAISED, message="no", exception="ValueError"), 501, "ValueError: no"),
            (Failed(cause=Cause.UNACCEPTABLE, message="not so"), 406, "not so"),
            (TimedOut(seconds=30), 501, "the script ran past its time limit of 30 s"),
            (Refused(reason="full", retry_after=9), 503, "full; try again in 9 s"),
        )
        for outcome, status, reason in outcomes:
            reply = exchange(door(MemoryRenderer(outcome=outcome)), "POST", body=b"1")
            self.assertEqual((reply.status, reply.reason), (status, reason), outcome)
            self.assertEqual(reply.headers["cache-control"], "no-store")

    def test_draining(self) -> None:
        """Who comes while the server shuts down is sent away, with a time to come back."""
        self.renderer.drain()
        reply = exchange(door(self.renderer), "POST", body=b"1")
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "1"))

    def test_refused_before_running(self) -> None:
        """A request that is not in order is refused, and costs no interpreter."""
        for target, lines, body, status in (
            ("/", (), b"", 400),
            ("/x?dpi=0", (), b"1", 400),
            ("/?a=%FF", (), b"1", 400),
            ("/", ("Content-Type: application/json",), b"{}", 400),
        ):
            reply = exchange(door(self.renderer), "POST", target, *lines, body=body)
            self.assertEqual((reply.status, self.renderer.submissions), (status, []), target)

    def test_unreadable_accept(self) -> None:
        """An Accept that is not UTF-8 keeps nobody from an answer, be it a picture or a problem."""
        for body, status in ((b"1", 200), (b"", 400)):
            self.assertEqual(exchange(door(self.renderer), "POST", "/", "Accept: \xff", body=body).status, status)


class ErrorsTests(SynchronousTestCase):
    def media_type(self, target: str, body: bytes = b"") -> str:
        """Return the media type of the answer to a request that is refused."""
        reply = exchange(door(MemoryRenderer()), "POST", target, body=body)
        self.assertEqual(reply.status, 400)
        return reply.media_type

    def test_asked_for(self) -> None:
        """Errors are written as errors= says, at every path."""
        for path in ("/", "/a/b"):
            self.assertEqual(self.media_type(f"{path}?errors=json"), "application/problem+json", path)
            self.assertEqual(self.media_type(f"{path}?errors=text"), "text/plain", path)

    def test_no_way_to_write_them(self) -> None:
        """A bad errors= is itself refused, as text."""
        self.assertEqual(self.media_type("/?errors=html", b"1"), "text/plain")

    def test_beside_a_bad_option(self) -> None:
        """A refusal of another option is written as errors= says too."""
        self.assertEqual(self.media_type("/?errors=json&dpi=x", b"1"), "application/problem+json")


class LimitTests(SynchronousTestCase):
    def test_in_another_site(self) -> None:
        """Where a site has no limit of its own, the door's holds: as much as it says, and not a byte more."""
        renderer = MemoryRenderer(outcome=PICTURE)
        self.assertEqual(in_another_site(door(renderer), body=b"#" * 100).status, 200)
        reply = in_another_site(door(renderer), body=b"#" * 101)
        self.assertEqual((reply.status, reply.reason), (413, "the body is over the limit of 100 bytes"))
        self.assertEqual(len(renderer.submissions), 1)

    def test_read_as_a_form(self) -> None:
        """A body in which another site has looked for a form is still the whole script, and no parameters."""
        renderer = MemoryRenderer(outcome=PICTURE)
        in_another_site(door(renderer), FORM, body=b"a='x&b=y'")
        self.assertEqual((renderer.submissions[0].script, renderer.submissions[0].params), (b"a='x&b=y'", {}))


class OtherMethodTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.door = door(MemoryRenderer(outcome=PICTURE))

    def test_not_understood(self) -> None:
        """Other methods are 405, at every path, with POST among what is allowed."""
        for path in ("/", "/a/b"):
            reply = exchange(self.door, "PUT", path, body=b"1")
            self.assertEqual((reply.status, reply.headers["allow"]), (405, "POST, OPTIONS"), path)

    def test_get_below(self) -> None:
        """There is nothing to GET at a path that nothing claims, so that it is 404 and not 405."""
        for method in ("GET", "HEAD"):
            self.assertEqual(exchange(self.door, method, "/plot.png").status, 404, method)

    def test_options(self) -> None:
        """OPTIONS tells that scripts are taken, at every path."""
        for path in ("/", "/a/b"):
            reply = exchange(self.door, "OPTIONS", path)
            self.assertEqual((reply.status, reply.headers["allow"]), (204, "POST, OPTIONS"), path)


class HealthTests(SynchronousTestCase):
    def test_below(self) -> None:
        """Health and readiness are told below the door, by the renderer that it uses."""
        renderer = MemoryRenderer()
        renderer.start()
        for path in ("/health", "/ready"):
            reply = exchange(door(renderer), "GET", path)
            self.assertEqual((reply.status, json.loads(reply.body)["ready"]), (200, True), path)


class WaitingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.renderer = MemoryRenderer()
        self.connection = Connection(site_of(door(self.renderer)))
        self.connection.send(message("POST", "/a", body=b"1"))

    def test_later(self) -> None:
        """The answer comes when the script is done, and not before."""
        self.assertEqual(self.connection.received, b"")
        self.renderer.waiting[0].callback(PICTURE)
        self.assertEqual(self.connection.reply().body, b"\x89PNG")

    def test_client_leaves(self) -> None:
        """When the client leaves, its script is cancelled."""
        self.connection.leave()
        self.assertEqual(self.renderer.cancelled, self.renderer.submissions)

    def test_renderer_fails(self) -> None:
        """When the renderer breaks, the client gets a bare 500, and the log the reason."""
        self.renderer.waiting[0].errback(ZeroDivisionError())
        self.assertEqual(self.connection.reply().status, 500)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
