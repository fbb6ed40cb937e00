"""C{/health}: is it alive. C{/ready}: would it run a script."""

from __future__ import annotations

import json
from http import HTTPStatus

from attrs import asdict
from twisted.web.server import Request

import cpyrender
from cpyrender.pool.interfaces import IRenderer
from cpyrender.web import body
from cpyrender.web.door import Door
from cpyrender.web.guard import Guard


class HealthDoor(Door):
    """Answers 200 while the process lives."""

    methods = ("GET", "HEAD")

    def __init__(self, renderer: IRenderer, guard: Guard | None = None) -> None:
        super().__init__(guard)
        self._renderer = renderer

    async def answer_GET(self, request: Request) -> None:
        """Tell how the renderer is doing."""
        health = self._renderer.health()
        request.setResponseCode(self.status(health.ready))
        told = {"version": cpyrender.__version__, **asdict(health), "free": health.slots - health.busy}
        request.setHeader(b"Content-Type", b"application/json")
        body.send(request, [json.dumps(told | {"uptime": round(health.uptime, 3)}).encode() + b"\n"])

    def status(self, ready: bool) -> HTTPStatus:
        """Return the status to answer with."""
        return HTTPStatus.OK


class ReadyDoor(HealthDoor):
    """Answers 200 when it is warm and not shutting down, else 503."""

    def status(self, ready: bool) -> HTTPStatus:
        """Return the status to answer with."""
        return HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
