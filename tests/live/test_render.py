"""C{POST /render} of a real server: its statuses, its problems, and answers of every size."""

from __future__ import annotations

import hashlib
import io
import json
import socket
from typing import Any
from xml.etree import ElementTree

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.formats import PICTURES
from tests.live.running import Reply, Running, serving, shared

LIMITS = ("--timeout", "2", "--memory", "256M", "--max-output", "1M")

#: Each way in which a script can give nothing: what it is, its status at /render, and the last part of its type.
FAILURES = (
    ("raise ValueError('no')", 422, "raised"),
    ("plto(", 422, "raised"),
    ("import sys; sys.exit(3)", 422, "exited"),
    ("x = 1", 422, "no-response"),
    ("b'x' * (1 << 40)", 422, "memory"),
    ("response = bytes(2 << 20)", 422, "output"),
    ("import ctypes; ctypes.string_at(0)", 422, "crashed"),
    ("import time; time.sleep(60)", 504, "timeout"),
    ("while True: pass", 504, "timeout"),
)
WORDS = "raise ValueError('costs $5 or $6, 100 %, \\x07, \\u202e, größer ' + 'x' * 500)"


class StatusTests(SynchronousTestCase):
    """A server with narrow limits."""

    @property
    def server(self) -> Running:
        return shared(*LIMITS)

    def test_each_cause(self) -> None:
        """Each cause is told apart by its type, with one status at /render and 501 at the classic door."""
        for script, status, kind in FAILURES:
            reply = self.server.post(script, "/render")
            self.assertEqual((reply.status, reply.media_type), (status, "application/problem+json"), script)
            told = json.loads(reply.body)
            self.assertEqual(told["type"], f"urn:cpyrender:problem:{kind}", script)
            self.assertEqual(told["status"], status, script)
            self.assertLessEqual({"title", "detail", "stdout", "stderr"}, set(told), script)
            self.assertIn("run;dur=", reply.headers["server-timing"], script)
            self.assertEqual(self.server.post(script).status, 501, script)

    def test_warnings(self) -> None:
        """What Python warned of before a script failed is told with the failure."""
        reply = self.server.post("import warnings; warnings.warn('careful'); 1 / 0", "/render")
        self.assertEqual(json.loads(reply.body)["warnings"], ["UserWarning: careful"])

    def test_unacceptable(self) -> None:
        """Who accepts nothing that there is gets 406 and the list of what there is, at both doors."""
        script = "import pylab; pylab.plot([1])"
        for path in ("/", "/render"):
            reply = self.server.post(script, path + "?errors=json", {"Accept": "video/mp4"})
            self.assertEqual(reply.status, 406)
            self.assertIn("image/png", json.loads(reply.body)["available"])
        self.assertEqual(self.server.post(script, "/render?format=svg", {"Accept": "video/mp4"}).status, 200)


class ImageTests(SynchronousTestCase):
    """C{errors=image}."""

    def test_formats(self) -> None:
        """The problem is a picture in every format, of the wanted size, with the problem's status."""
        for kind, media_type in PICTURES.items():
            reply = shared().post(WORDS, f"/render?errors=image&format={kind}&width=400&height=300")
            self.assertEqual((reply.status, reply.media_type), (422, media_type))
            self.check(kind, reply)

    def check(self, kind: str, reply: Reply) -> None:
        if kind == "pdf":
            self.assertTrue(reply.body.startswith(b"%PDF-"))
        elif kind == "svg":
            root = ElementTree.fromstring(reply.body)
            points = [round(float(root.attrib[side].removesuffix("pt")), 3) for side in ("width", "height")]
            self.assertEqual(points, [288, 216])
        elif kind in {"eps", "ps"}:
            self.assertTrue(reply.body.startswith(b"%!PS"))
        else:
            with Image.open(io.BytesIO(reply.body)) as picture:
                self.assertEqual(picture.size, (400, 300), kind)

    def test_doors_and_levels(self) -> None:
        """It works at both doors, at every level of isolation, and for what is wrong with the request itself."""
        for server in (shared(), shared(level="confined")):
            for path, body, status in (
                ("/render?errors=image", "1 / 0", 422),
                ("/?errors=image", "1 / 0", 501),
                ("/render?errors=image&dpi=x", "1", 400),
                ("/render?errors=image", "", 400),
            ):
                reply = server.post(body, path)
                self.assertEqual((reply.status, reply.media_type), (status, "image/png"), path)

    def test_by_accept(self) -> None:
        """What an C{<img>} accepts best is what it gets."""
        for accepted, media_type in (
            ("image/avif,image/webp,image/png;q=0.9,*/*;q=0.5", "image/webp"),
            ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/png"),
        ):
            self.assertEqual(
                shared().post("1 / 0", "/render?errors=image", {"Accept": accepted}).media_type, media_type
            )


class LargeTests(SynchronousTestCase):
    """Answers far larger than any buffer on their way."""

    SIZE = 48 << 20
    SCRIPT = f"response = bytes(range(256)) * {SIZE >> 8}"

    def test_whole(self) -> None:
        """A large answer arrives whole, and so does one in base64."""
        expected = hashlib.sha256(bytes(range(256)) * (self.SIZE >> 8)).digest()
        reply = shared().post(self.SCRIPT, "/render")
        self.assertEqual(hashlib.sha256(reply.body).digest(), expected)
        reply = shared().post(self.SCRIPT, "/render?format=json")
        self.assertEqual(reply.headers["content-length"], str(len(reply.body)))
        told: dict[str, Any] = json.loads(reply.body)
        self.assertEqual(len(told["outputs"][0]["data"]), self.SIZE // 3 * 4)

    def test_memory(self) -> None:
        """Afterwards the server holds nothing of it, and while it goes out hardly more than the one buffer."""
        with serving("--slots", "1") as server:
            server.post("response = 'x'", "/render")
            before = resident(server.process.pid)
            for path in ("/render", "/render?format=json", "/render"):
                with asking(server, path, self.SCRIPT) as client:
                    # The answer has begun, and is not read.
                    client.recv(1, socket.MSG_PEEK)
                    self.assertLess(resident(server.process.pid) - before, self.SIZE + (8 << 20), path)
                server.post("response = 'x'", "/render")
                self.assertLess(resident(server.process.pid) - before, 8 << 20, path)


def asking(server: Running, path: str, script: str) -> socket.socket:
    """Return a connection on which a script has been posted."""
    client = socket.create_connection(("127.0.0.1", server.port))
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(script)}\r\n\r\n"
    client.sendall(head.encode() + script.encode())
    return client


def resident(pid: int) -> int:
    """Return the bytes of memory that a process holds and does not share as a file."""
    with open(f"/proc/{pid}/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["RssAnon"].split()[0]) * 1024 + int(lines["RssShmem"].split()[0]) * 1024
