"""cpyrender in sites that are not its own: each example of it, started as it says itself, and C{twistd web --class}."""

from __future__ import annotations

import io
import signal
import socket
import sys
from typing import ClassVar
from xmlrpc.client import ServerProxy

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import EXAMPLES, Running, alive, free_port, twistd, until

SCRIPT = (EXAMPLES / "as_in_2005.py").read_bytes()

SLEEP = b"POST %b HTTP/1.0\r\nContent-Length: 27\r\n\r\nimport time; time.sleep(60)"


class EmbeddedMixin:
    """What holds for each of them.

    @cvar pages: by path, a piece of what the site's own pages say.
    @cvar draw: where cpyrender is.
    @cvar ends_with: the exit status after a SIGTERM.
    """

    pages: ClassVar[dict[str, bytes]]
    draw = "/draw"
    ends_with = 0

    def command(self, port: int) -> list[str]:
        raise NotImplementedError

    def serve(self) -> Running:
        port = free_port()
        server = Running(self.command(port), port).__enter__()
        self.addCleanup(server.stop)
        return server

    def check_pages(self, server: Running) -> None:
        for path, piece in self.pages.items():
            reply = server.get(path)
            self.assertEqual(reply.status, 200, path)
            self.assertIn(piece, reply.body, path)

    def test_draws_beside_other_pages(self) -> None:
        """Scripts posted to its place are answered, and the other pages answer before, between and after them."""
        server = self.serve()
        self.check_pages(server)
        for path in (self.draw, self.draw.rstrip("/") + "/", self.draw.rstrip("/") + "/deep/er.py?x=1"):
            reply = server.post(SCRIPT, path, {"Content-Type": "application/x-www-form-urlencoded"})
            self.assertEqual((reply.status, reply.media_type), (200, "image/jpeg"), reply.body[:2000])
            with Image.open(io.BytesIO(reply.body)) as picture:
                self.assertEqual(picture.size, (640, 480))
            self.check_pages(server)
        failed = server.post("nothing_of_that_name", self.draw)
        self.assertEqual(failed.status, 501)
        self.assertIn("NameError: name 'nothing_of_that_name' is not defined", failed.text)
        self.assertEqual(server.post("nothing_of_that_name", self.draw.rstrip("/") + "/render").status, 422)
        with ServerProxy(
            f"http://127.0.0.1:{server.port}{self.draw.rstrip('/')}/RPC2", use_builtin_types=True
        ) as remote:
            self.assertEqual(remote.render("response = '1'")["data"], b"1")
        self.check_pages(server)

    def test_leaves_nothing_behind(self) -> None:
        """SIGTERM ends it, its template, its spares, a script that is running, and the folders they had."""
        server = self.serve()
        running = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(running.close)
        running.sendall(SLEEP % self.draw.encode())
        health = self.draw.rstrip("/") + "/health"
        until(lambda: b'"ready": true' in server.get(health).body, "a warm template")
        until(lambda: b'"busy": 1' in server.get(health).body, "a running script")
        until(lambda: len(server.pids()) >= 3, "a template and two children")
        below = server.pids()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(60), self.ends_with, server.log)
        self.assertEqual([pid for pid in below if alive(pid)], [])
        self.assertEqual(list(server.spool.glob("cpyrender-*")), [])


class SiteTests(EmbeddedMixin, SynchronousTestCase):
    """C{examples/embed_site.py}."""

    pages: ClassVar = {"/": b"My own page", "/draw/health": b'"version": '}

    def command(self, port: int) -> list[str]:
        return [sys.executable, str(EXAMPLES / "embed_site.py"), "--port", str(port)]


class FlaskTests(EmbeddedMixin, SynchronousTestCase):
    """C{examples/beside_flask.py}."""

    pages: ClassVar = {"/": b"Flask's page", "/hello/you": b'{"hello":"you"}', "/draw/health": b'"version": '}

    def command(self, port: int) -> list[str]:
        return [sys.executable, str(EXAMPLES / "beside_flask.py"), "--port", str(port)]


class KleinTests(EmbeddedMixin, SynchronousTestCase):
    """C{examples/beside_klein.py}."""

    pages: ClassVar = {"/": b"Klein's page", "/hello/you": b"hello, you", "/draw/health": b'"version": '}

    def command(self, port: int) -> list[str]:
        return [sys.executable, str(EXAMPLES / "beside_klein.py"), "--port", str(port)]


class TwistdWebTests(EmbeddedMixin, SynchronousTestCase):
    """C{twistd web --class=cpyrender.RenderResource}."""

    pages: ClassVar = {"/health": b'"version": '}
    draw = "/"
    # twistd passes on the signal that it was ended with.
    ends_with = -signal.SIGTERM

    def command(self, port: int) -> list[str]:
        return twistd("web", "--class=cpyrender.RenderResource", f"--port=tcp:{port}:interface=127.0.0.1")
