"""Every script in C{examples/}, as it stands there, on a real server and in plain Python."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import tempfile

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import EXAMPLES, Reply, Running, shared

#: Those that serve, and so are not posted.
SERVERS = {"beside_flask.py", "beside_klein.py", "embed_site.py"}
OLD = "as_in_2005.py"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py") if path.name not in SERVERS)

#: What each is answered with that gives a file name; the others leave the choice to the server.
MEDIA_TYPES = {
    OLD: "image/jpeg",
    "animation_wave.py": "image/gif",
    "contour_field.py": "image/png",
    "heatmap_daylight.py": "image/webp",
    "pillow_tiles.py": "image/jpeg",
}


class Posted(SynchronousTestCase):
    """Tests that post examples to one server."""

    @property
    def server(self) -> Running:
        return shared()

    def post(self, name: str, query: str = "") -> Reply:
        reply = self.server.post((EXAMPLES / name).read_bytes(), "/" + query)
        self.assertEqual(reply.status, 200, f"{name}: {reply.body[:2000]!r}")
        return reply


class RenderedTests(Posted):
    """What comes back."""

    def test_pictures(self) -> None:
        """Each example is answered with a picture of the expected media type, which Pillow opens as what it says."""
        self.assertGreater(len(SCRIPTS), 7)
        for name in SCRIPTS:
            reply = self.post(name)
            with Image.open(io.BytesIO(reply.body)) as picture:
                picture.load()
                self.assertGreater(min(picture.size), 300, name)
                self.assertEqual(Image.MIME[picture.format or ""], reply.media_type, name)
            self.assertEqual(reply.media_type, MEDIA_TYPES.get(name, "image/png"), name)

    def test_file_names(self) -> None:
        """The name that a script gives its picture is the answer's."""
        self.assertEqual(
            self.post("heatmap_daylight.py").headers["content-disposition"], 'inline; filename="daylight.webp"'
        )

    def test_formats(self) -> None:
        """An example is had in another format by asking for it, over its own file name."""
        for wanted, media_type, magic in (
            ("pdf", "application/pdf", b"%PDF-"),
            ("svg", "image/svg+xml", b"<?xml"),
            ("jpg", "image/jpeg", b"\xff\xd8"),
        ):
            reply = self.post("heatmap_daylight.py", f"?format={wanted}")
            self.assertEqual((reply.media_type, reply.body[: len(magic)]), (media_type, magic))

    def test_second_figure(self) -> None:
        """Of an example that leaves two figures open, either can be had."""
        first, second = self.post("statistics_waiting.py"), self.post("statistics_waiting.py", "?figure=2")
        self.assertEqual({first.headers["figure-count"], second.headers["figure-count"]}, {"2"})
        self.assertNotEqual(first.body, second.body)

    def test_params(self) -> None:
        """The examples that read params draw something else when they are given others."""
        for name, query in (("params_patterns.py", "?steps=50&feed=0.03"), ("surface_3d.py", "?azimuth=20")):
            self.assertNotEqual(self.post(name, query).body, self.post(name).body, name)

    def test_upload(self) -> None:
        """The example for files draws the CSV files that come with it, one below the other."""
        script = (EXAMPLES / "csv_upload.py").read_text()
        files = {
            "tides.csv": b"hour,Cuxhaven\n0,1.2\n6,3.9\n12,1.1\n",
            "größe.csv": b"\xef\xbb\xbfx,y,z\r\n1,2,3\r\n\r\n2,1,4\r\n",
        }
        heights = []
        for count in range(3):
            encoded = {name: base64.b64encode(files[name]).decode() for name in list(files)[:count]}
            body = json.dumps({"script": script, "files": encoded, "format": "png"})
            reply = self.server.post(body, "/", {"Content-Type": "application/json"})
            self.assertEqual(reply.status, 200, reply.body[:2000])
            with Image.open(io.BytesIO(reply.body)) as picture:
                heights.append(picture.size[1])
        self.assertEqual(heights, [420, 420, 840])


class PlainTests(SynchronousTestCase):
    """The same files without a server."""

    def run_plainly(self, name: str) -> subprocess.CompletedProcess[str]:
        folder = tempfile.TemporaryDirectory(prefix="cpyrender-test-")
        self.addCleanup(folder.cleanup)
        return subprocess.run(
            [sys.executable, EXAMPLES / name],
            cwd=folder.name,
            env={**os.environ, "MPLBACKEND": "agg"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def test_run(self) -> None:
        """Each example runs to its end with C{python script.py}, the one for the old names excepted."""
        for name in set(SCRIPTS) - {OLD}:
            run = self.run_plainly(name)
            self.assertEqual(run.returncode, 0, f"{name}: {run.stderr}")

    def test_progress(self) -> None:
        """Without a server, progress is told on stderr."""
        said = self.run_plainly("params_patterns.py").stderr
        self.assertIn("  0% step 0 of 3000\n", said)
        self.assertIn("100% drawing\n", said)

    def test_old_names_are_gone(self) -> None:
        """The example for the names of 2005 needs the server: today's Python stops at its first import."""
        self.assertIn("No module named 'cStringIO'", self.run_plainly(OLD).stderr)
