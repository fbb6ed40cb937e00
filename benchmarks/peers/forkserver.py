"""C{multiprocessing}'s forkserver, warm by preload: a process for each script."""

from __future__ import annotations

from multiprocessing import get_context
from multiprocessing.connection import Connection

from benchmarks.peers.answering import Answering, ThreadServing

_context = get_context("forkserver")


def _run(source: bytes, answer: Connection) -> None:
    from benchmarks import drawing

    answer.send_bytes(drawing.run(source))


class _Forking(Answering):
    server: ThreadServing

    def draw(self, source: bytes) -> bytes:
        with self.server.places:
            ours, theirs = _context.Pipe(duplex=False)
            process = _context.Process(target=_run, args=(source, theirs))
            process.start()
            theirs.close()
            with ours:
                answer = ours.recv_bytes()
            process.join()
            return answer


def serve(port: int, workers: int) -> None:
    """Serve on loopback for good, with at most so many scripts at once."""
    _context.set_forkserver_preload(["benchmarks.peers.warmed", "benchmarks.peers.forkserver"])
    ThreadServing.serve(_Forking, port, workers)
