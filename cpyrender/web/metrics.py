"""C{/metrics}: what Prometheus asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.web.server import Request

from cpyrender.web import body
from cpyrender.web.door import Door
from cpyrender.web.guard import Guard
from cpyrender.web.reading import header

if TYPE_CHECKING:
    from cpyrender.metrics import Metrics


class MetricsDoor(Door):
    """Answers with all metrics.

    It tells how often scripts fail, and how much work there is: where there is a token, it has to be shown here too.
    """

    methods = ("GET", "HEAD")

    def __init__(self, metrics: Metrics, guard: Guard | None = None) -> None:
        super().__init__(guard)
        self._metrics = metrics

    async def answer_GET(self, request: Request) -> None:
        """Tell them in the format that C{Accept} asks for."""
        content_type, text = self._metrics.exposed(header(request, "Accept") or "")
        request.setHeader(b"Content-Type", content_type.encode())
        request.setHeader(b"Vary", b"Accept")
        body.send(request, [text])
