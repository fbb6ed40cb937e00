"""Tests of L{cpyrender.web.scripts}."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource

from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Cause, Drawn, Failed, Outcome, Output, Refused, TimedOut
from cpyrender.web.classic import ClassicDoor
from tests.live.running import Reply
from tests.web.requests import Connection, exchange, message, site_of
from tests.web.test_causes import TABLE

PICTURE = Drawn(outputs=(Output(data=b"\x89PNG", media_type="image/png"),))
RAISED = Failed(cause=Cause.RAISED, message="no", exception="ValueError")


def posted(outcome: Outcome, target: str = "/render", *lines: str, body: bytes = b"1") -> Reply:
    """Return the answer to a script of which this becomes."""
    return exchange(ClassicDoor(MemoryRenderer(outcome=outcome), 100), "POST", target, *lines, body=body)


class RenderDoorTests(SynchronousTestCase):
    def test_answer(self) -> None:
        """What a script made is the answer, as at the classic door."""
        for target in ("/render", "/render?format=png", "//render", "/%72ender", "/render/"):
            reply = posted(PICTURE, target)
            self.assertEqual((reply.status, reply.body, reply.media_type), (200, b"\x89PNG", "image/png"), target)

    def test_statuses(self) -> None:
        """Each cause has its own status at /render, and its own type."""
        for outcome, status, classic, kind in TABLE:
            for target, expected in (("/render", status), ("/", classic), ("/render.py", classic)):
                reply = posted(outcome, target, "Accept: application/json")
                self.assertEqual((reply.status, json.loads(reply.body)["type"]), (expected, kind), target)

    def test_json_by_default(self) -> None:
        """A problem at /render is JSON, unless text is asked for and JSON is not; at the classic door it is text."""
        for lines, media_type in (
            ((), "application/problem+json"),
            (("Accept: */*",), "application/problem+json"),
            (("Accept: image/png",), "application/problem+json"),
            (("Accept: text/html, */*;q=0.1",), "application/problem+json"),
            (("Accept: text/plain, application/json",), "application/problem+json"),
            (("Accept: text/plain",), "text/plain"),
            (("Accept: text/*, image/*",), "text/plain"),
        ):
            reply = posted(RAISED, "/render", *lines)
            self.assertEqual((reply.media_type, reply.headers["vary"]), (media_type, "Accept"), lines)
            self.assertEqual(posted(RAISED, "/render?errors=text", *lines).media_type, "text/plain")
        self.assertEqual(posted(RAISED, "/").media_type, "text/plain")

    def test_problems_of_the_request(self) -> None:
        """What is wrong with a request is told at /render in its way too."""
        for target, lines, body, status in (
            ("/render", (), b"", 400),
            ("/render?dpi=x", (), b"1", 400),
            ("/render", (), b"#" * 101, 413),
        ):
            reply = posted(PICTURE, target, *lines, body=body)
            self.assertEqual((reply.status, reply.media_type), (status, "application/problem+json"), target)

    def test_other_methods(self) -> None:
        """There is nothing to GET: 405, with what is understood; OPTIONS says it too."""
        for method in ("GET", "HEAD", "PUT", "TRACE", "post"):
            reply = exchange(ClassicDoor(MemoryRenderer(), 100), method, "/render")
            self.assertEqual((reply.status, reply.headers["allow"]), (405, "POST, OPTIONS"), method)
        reply = exchange(ClassicDoor(MemoryRenderer(), 100), "OPTIONS", "/render")
        self.assertEqual((reply.status, reply.headers["allow"]), (204, "POST, OPTIONS"))

    def test_below(self) -> None:
        """Nothing is below /render: who posts there is not taken for a client of 2005."""
        self.assertEqual(posted(PICTURE, "/render/a.py").status, 404)

    def test_mounted(self) -> None:
        """The door is below a resource at any place."""
        root = Resource()
        root.putChild(b"draw", ClassicDoor(MemoryRenderer(outcome=RAISED), 100))
        for target, status in (("/draw/render", 422), ("/draw", 501), ("/draw/a", 501)):
            self.assertEqual(exchange(root, "POST", target, body=b"1").status, status, target)

    def test_timing(self) -> None:
        """The answer to a script that was run says how long it took, whatever came of it."""
        for outcome in (PICTURE, RAISED, TimedOut(seconds=1)):
            self.assertIn("run;dur=", posted(outcome).headers["server-timing"])

    def test_renderer_fails(self) -> None:
        """A bug is 500, as JSON, and tells nothing of itself."""
        renderer = MemoryRenderer()
        connection = Connection(site_of(ClassicDoor(renderer, 100)))
        connection.send(message("POST", "/render", body=b"1"))
        renderer.waiting[0].errback(ZeroDivisionError("a secret"))
        reply = connection.reply()
        self.assertEqual((reply.status, reply.media_type), (500, "application/problem+json"))
        self.assertNotIn("secret", reply.text)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class ImageTests(SynchronousTestCase):
    """C{errors=image}, with a renderer that is told what becomes of each of the two scripts."""

    def post(self, target: str, *outcomes: Outcome, body: bytes = b"1", lines: tuple[str, ...] = ()) -> Reply:
        self.renderer = MemoryRenderer()
        self.connection = Connection(site_of(ClassicDoor(self.renderer, 100)))
        self.connection.send(message("POST", target, *lines, body=body))
        for number, outcome in enumerate(outcomes):
            self.renderer.waiting[number].callback(outcome)
        return self.connection.reply()

    def test_drawn(self) -> None:
        """The problem is drawn by a script of ours that is given the words; the picture has the problem's status."""
        for target, status in (("/render?errors=image", 422), ("/a.py?errors=image", 501)):
            reply = self.post(target, RAISED, PICTURE)
            self.assertEqual((reply.status, reply.media_type, reply.body), (status, "image/png", b"\x89PNG"))
            self.assertEqual(reply.reason, "ValueError: no")
            self.assertIn("run;dur=", reply.headers["server-timing"])
            words = self.renderer.submissions[1].params
            self.assertEqual(words["text"], "ValueError: no\n")
            self.assertEqual(words["heading"], f"{status} The script raised an exception")

    def test_bad_option(self) -> None:
        """A request that cannot be read is told by a picture too, if errors= can be."""
        reply = self.post("/render?errors=image&dpi=x&width=300&format=gif", PICTURE)
        self.assertEqual((reply.status, reply.media_type), (400, "image/png"))
        (submission,) = self.renderer.submissions
        self.assertEqual((submission.params["width"], submission.wanted.format), (300, "gif"))
        self.assertNotIn(b"dpi", submission.script)

    def test_nothing_twice(self) -> None:
        """Where the picture of a problem fails, the server draws it without the script's words, and that is all."""
        for second in (RAISED, TimedOut(seconds=10), Refused(reason="full")):
            reply = self.post("/render?errors=image&format=svg", Failed(cause=Cause.RAISED, message="first"), second)
            self.assertEqual((reply.status, reply.media_type), (422, "image/svg+xml"))
            self.assertIn("422 The script raised an exception", reply.text)
            self.assertNotIn("first", reply.text)
            self.assertEqual(len(self.renderer.submissions), 2)

    def test_no_room(self) -> None:
        """Where there was no room for the script there is none for a picture: the server draws that itself."""
        reply = self.post("/render?errors=image&format=svg", Refused(reason="full", retry_after=3))
        self.assertEqual((reply.status, reply.media_type, reply.headers["retry-after"]), (503, "image/svg+xml", "3"))
        self.assertIn("full; try again in 3 s", reply.text)
        self.assertEqual(len(self.renderer.submissions), 1)

    def test_client_leaves(self) -> None:
        """When the client leaves while its problem is drawn, that is cancelled, and no error."""
        self.renderer = MemoryRenderer()
        connection = Connection(site_of(ClassicDoor(self.renderer, 100)))
        connection.send(message("POST", "/render?errors=image", body=b"1"))
        self.renderer.waiting[0].callback(RAISED)
        connection.leave()
        self.assertEqual(self.renderer.cancelled, self.renderer.submissions[1:])
        self.assertEqual((connection.received, self.flushLoggedErrors()), (b"", []))

    def test_renderer_breaks(self) -> None:
        """A renderer that breaks over the picture costs its words alone; the log has the reason."""
        self.renderer = MemoryRenderer()
        connection = Connection(site_of(ClassicDoor(self.renderer, 100)))
        connection.send(message("POST", "/render?errors=image", body=b"1"))
        self.renderer.waiting[0].callback(RAISED)
        self.renderer.waiting[1].errback(ZeroDivisionError())
        self.assertEqual((connection.reply().status, connection.reply().media_type), (422, "image/png"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
