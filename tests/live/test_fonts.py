"""Fonts of the operator's own, at every level of isolation."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.child.test_fonts import NAME, make_font
from tests.live.running import free_port, serving, twistd

SCRIPT = f"""
from matplotlib import font_manager, pyplot as plt
from PIL import ImageFont
path = font_manager.findfont({NAME!r}, fallback_to_default=False)
plt.title("0123", family={NAME!r})
plt.savefig("a.png")
response = [path, ImageFont.truetype(path, 12).getname()[0]]
"""


class FontsTests(SynchronousTestCase):
    """C{--fonts}."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="cpyrender-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "fonts"
        self.folder.mkdir()
        make_font(self.folder / "trial.ttf")
        (self.folder / "broken.ttf").write_bytes(b"no font")

    def test_each_level(self) -> None:
        """matplotlib finds a font of the folder by its name, Pillow by its path, and a broken file is in the log."""
        for level in ("full", "jail", "confined", "none"):
            # As a person's own folder may be; only root passes what stands above it, at the weaker levels nobody else.
            private = level in {"full", "jail"} and os.geteuid() == 0
            self.folder.parent.chmod(0o700 if private else 0o755)
            with serving("--fonts", str(self.folder), level=level) as server:
                reply = server.post(SCRIPT)
                self.assertEqual(reply.status, 200, (level, reply.body[:1000]))
                self.assertEqual(json.loads(reply.body), [str(self.folder / "trial.ttf"), NAME], level)
                self.assertIn(f"A font is not used: {self.folder / 'broken.ttf'}", server.log, level)

    def test_folder_that_scripts_cannot_read(self) -> None:
        """A folder that only root can reach, where scripts run as somebody else, keeps the server from starting."""
        if os.geteuid() != 0:
            self.skipTest("only root can read what scripts cannot")
        self.folder.parent.chmod(0o700)
        env = {**os.environ, "PATH": "/nonexistent"}
        command = twistd("cpyrender", "--port", str(free_port()), "--fonts", str(self.folder))
        run = subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(f"{self.folder} cannot be read by the user that scripts run as", run.stdout + run.stderr)
