"""Tests of L{cpyrender.web.health}."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

import cpyrender
from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Submission
from cpyrender.web.health import HealthDoor, ReadyDoor
from tests.live.running import Reply
from tests.web.requests import exchange, mounted


def started() -> MemoryRenderer:
    """Return a renderer that is ready."""
    renderer = MemoryRenderer()
    renderer.start()
    return renderer


def asked(door: HealthDoor, method: str = "GET") -> Reply:
    return exchange(mounted(door), method)


class HealthTests(SynchronousTestCase):
    def test_alive(self) -> None:
        """A server that lives is healthy, also before it is warm, and says what it lacks."""
        reply = asked(HealthDoor(MemoryRenderer()))
        self.assertEqual(reply.status, 200)
        self.assertEqual(
            json.loads(reply.body),
            {
                "version": cpyrender.__version__,
                "ready": False,
                "why_not": "it has not been started",
                "isolation": "none",
                "layers": [],
                "slots": 1,
                "busy": 0,
                "queue": 0,
                "waiting": 0,
                "restarts": 0,
                "spares": 0,
                "retry_after": 1,
                "uptime": 0.0,
                "free": 1,
            },
        )

    def test_busy(self) -> None:
        """What it tells is how things are now."""
        renderer = started()
        door = HealthDoor(renderer)
        self.assertEqual(json.loads(asked(door).body)["busy"], 0)
        renderer.render(Submission(script=b"1"))
        self.assertEqual(json.loads(asked(door).body)["busy"], 1)

    def test_headers(self) -> None:
        """The answer is JSON of a known length, and nobody keeps it."""
        reply = asked(HealthDoor(started()))
        for name, value in (
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("content-length", str(len(reply.body))),
        ):
            self.assertEqual(reply.headers[name], value)

    def test_other_methods(self) -> None:
        """HEAD asks the same without the body, and health cannot be posted."""
        for door in (HealthDoor(started()), ReadyDoor(started())):
            head = asked(door, "HEAD")
            self.assertEqual((head.status, head.body), (200, b""))
            post = asked(door, "POST")
            self.assertEqual((post.status, post.headers["allow"]), (405, "GET, HEAD, OPTIONS"))


class ReadyTests(SynchronousTestCase):
    def ready(self, renderer: MemoryRenderer) -> tuple[Reply, bool]:
        reply = asked(ReadyDoor(renderer))
        return reply, json.loads(reply.body)["ready"]

    def test_cold(self) -> None:
        """Before it is warm it is not ready."""
        reply, ready = self.ready(MemoryRenderer())
        self.assertEqual((reply.status, ready), (503, False))

    def test_warm(self) -> None:
        """Once it is warm it is ready."""
        reply, ready = self.ready(started())
        self.assertEqual((reply.status, ready), (200, True))

    def test_draining(self) -> None:
        """When it takes no more scripts it is ready no more, though it lives."""
        renderer = started()
        renderer.drain()
        reply, ready = self.ready(renderer)
        self.assertEqual((reply.status, ready), (503, False))
        self.assertEqual(asked(HealthDoor(renderer)).status, 200)
