"""A fork of a warm parent for each request: C{socketserver.ForkingMixIn}, with no confinement."""

from __future__ import annotations

from socketserver import ForkingMixIn

from benchmarks import drawing
from benchmarks.peers.answering import Answering, Serving


class _Executing(Answering):
    def draw(self, source: bytes) -> bytes:
        return drawing.run(source)


class _Forking(ForkingMixIn, Serving):
    """Forks for each connection."""


def serve(port: int, workers: int) -> None:
    """Serve on loopback for good, with at most so many scripts at once."""
    drawing.warm()
    with _Forking(("127.0.0.1", port), _Executing) as server:
        server.max_children = workers
        server.serve_forever()
