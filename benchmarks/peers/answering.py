"""A request's script, and its answer, on the standard library's HTTP server."""

from __future__ import annotations

from abc import abstractmethod
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from threading import BoundedSemaphore


class Answering(BaseHTTPRequestHandler):
    """Answers a POST with what comes of its body. A connection is for one request, as in 2005."""

    @abstractmethod
    def draw(self, source: bytes) -> bytes:
        """Return what the script makes."""

    def do_POST(self) -> None:
        """Run the body, and answer."""
        answer = self.draw(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *words: object) -> None:  # noqa: A002  # so the base class has it
        """Log nothing: it would be a part of what is measured."""


class Serving(HTTPServer):
    """Lets all clients of the benchmark wait to be accepted."""

    request_queue_size = 256


class ThreadServing(ThreadingHTTPServer):
    """A thread for each connection, and as many scripts at once as there are places."""

    request_queue_size = 256
    places: BoundedSemaphore

    @classmethod
    def serve(cls, answering: type[Answering], port: int, places: int) -> None:
        """Serve on loopback for good."""
        with cls(("127.0.0.1", port), answering) as server:
            server.places = BoundedSemaphore(places)
            server.serve_forever()
