"""A new interpreter for each script, as C{cgi-bin} had it."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.peers.answering import Answering, ThreadServing

_COMMAND = [sys.executable, "-m", "benchmarks.drawing"]


class _Starting(Answering):
    server: ThreadServing

    def draw(self, source: bytes) -> bytes:
        with self.server.places:
            return subprocess.run(_COMMAND, input=source, stdout=subprocess.PIPE, check=True).stdout


def serve(port: int, workers: int) -> None:
    """Serve on loopback for good, with at most so many scripts at once."""
    ThreadServing.serve(_Starting, port, workers)
