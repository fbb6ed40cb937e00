"""Tests of L{cpyrender.web.watching}."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.bearer import Token
from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Drawn, Output, Report
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.guard import Guard
from cpyrender.web.site import RenderSite
from tests.web.requests import Clock, Connection, message, site_of

DRAWN = Drawn(outputs=(Output(data=b"x", media_type="image/png"),))


class WatchTests(SynchronousTestCase):
    """A script that is watched while it runs, in a renderer that waits."""

    def setUp(self) -> None:
        self.renderer = MemoryRenderer()
        self.site = site_of(ClassicDoor(self.renderer, 100))

    def post(self, target: str, *lines: str) -> Connection:
        connection = Connection(self.site)
        self.addCleanup(connection.leave)
        connection.send(message("POST", target, *lines, body=b"1"))
        return connection

    def ask(self, called: str) -> tuple[int, object]:
        connection = Connection(self.site)
        connection.send(message("GET", f"/progress/{called}"))
        reply = connection.reply()
        return reply.status, json.loads(reply.body) if reply.status == 200 else None

    def test_reports(self) -> None:
        """At either door, the last report is told while the script runs, and nothing after it."""
        for number, target in enumerate(("/", "/a/b", "/render")):
            self.assertEqual(self.ask("me"), (404, None))
            self.post(target, "X-Request-Id: me")
            self.assertEqual(self.ask("me"), (200, {}))
            tell = self.renderer.submissions[number].on_progress
            tell(Report(fraction=0.25, text="a"))
            tell(Report(fraction=0.5, text="é"))
            self.assertEqual(self.ask("me"), (200, {"fraction": 0.5, "text": "é"}))
            self.renderer.waiting[number].callback(DRAWN)
            self.assertEqual(self.ask("me"), (404, None))

    def test_without_a_name(self) -> None:
        """A request without a name of its own is not watched."""
        self.post("/")

        self.assertIsNone(self.renderer.submissions[0].on_progress)

    def test_client_leaves(self) -> None:
        """When the client leaves, there is nothing left to be told."""
        self.post("/", "X-Request-Id: me").leave()

        self.assertEqual(self.ask("me"), (404, None))

    def test_same_name(self) -> None:
        """Of two requests with one name the later is told of, and is not forgotten with the earlier."""
        self.post("/", "X-Request-Id: me")
        self.post("/", "X-Request-Id: me")
        self.renderer.submissions[1].on_progress(Report(fraction=1.0))
        self.renderer.waiting[0].callback(DRAWN)

        self.assertEqual(self.ask("me"), (200, {"fraction": 1.0, "text": ""}))

    def test_others(self) -> None:
        """There is nothing at the folder itself, nor below a name, and no other method."""
        for method, target, status in (
            ("GET", "/progress", 404),
            ("GET", "/progress/", 404),
            ("GET", "/progress/a/b", 404),
            ("POST", "/progress/a", 405),
        ):
            connection = Connection(self.site)
            connection.send(message(method, target, body=b"1" if method == "POST" else None))
            self.assertEqual(connection.reply().status, status, target)

    def test_called(self) -> None:
        """Log and metrics call it by its path, whatever is asked for there."""
        asked: list[tuple[str, int]] = []
        self.patch(self.site, "log", lambda request: asked.append((request.door, request.code)))
        self.post("/", "X-Request-Id: me")
        for target in ("/progress/me", "/progress/you", "/progress"):
            connection = Connection(self.site)
            connection.send(message("GET", target))
        self.assertEqual(asked, [("progress", 200), ("progress", 404), ("progress", 404)])

    def test_token(self) -> None:
        """Where there is a token, it has to be shown here too."""
        guard = Guard(max_body=100, token=Token.of(b"secret"))
        site = RenderSite(ClassicDoor(self.renderer, 100, guard), Clock(), 100, guard)
        connection = Connection(site)
        connection.send(message("GET", "/progress/me"))
        self.assertEqual(connection.reply().status, 401)
