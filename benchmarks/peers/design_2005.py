"""The design of 2005: one process, one thread, C{exec}."""

from __future__ import annotations

from benchmarks import drawing
from benchmarks.peers.answering import Answering, Serving


class _Executing(Answering):
    def draw(self, source: bytes) -> bytes:
        return drawing.draw(source)


def serve(port: int, workers: int) -> None:
    """Serve on loopback for good; there is one worker, whatever is asked for."""
    drawing.warm()
    with Serving(("127.0.0.1", port), _Executing) as server:
        server.serve_forever()
