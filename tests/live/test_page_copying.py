"""What the page writes for other programs: each is run as it stands, against the server that the page is of."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from twisted.trial.unittest import SkipTest

from tests.live.browsing import BrowserTestCase, Visit
from tests.live.test_page_inputs import add_param, drop

# Much that quotes, escapes or ends something in one of the languages; the parameter's length is in the picture's width.
SCRIPT = """\
import numpy as np
name = params["name"]
print("it's", "\\\\ $HOME", 'TICK${1}TICK', \'\'\'three\'\'\')
height = 10 * len(files["in put.csv"].read_text()) if files else 40
response = np.full((height, len(name) * 10), 0.5)
""".replace("TICK", "`")
NAME = "a'b $(c) \"&"
MONO_HTTP = Path("/usr/lib/mono/4.5/System.Net.Http.dll")


class CopyTests(BrowserTestCase):
    def snippet(self, visit: Visit, kind: str) -> str:
        visit.page.locator("#copy").click()
        visit.page.locator(f"#copying input[value={kind}]").check()
        found: str = visit.wait(f"#snippet[data-kind={kind}]").evaluate("element => element.textContent")
        visit.page.keyboard.press("Escape")
        return found

    def execute(self, command: str, name: str, program: str) -> Image.Image:
        """Run a program, and return the picture that it left.

        @param command: for a shell, in the program's own folder.
        """
        folder = tempfile.TemporaryDirectory(prefix="cpyrender-test-")
        self.addCleanup(folder.cleanup)
        Path(folder.name, name).write_text(program)
        Path(folder.name, "in put.csv").write_text("123")
        ran = subprocess.run(command, shell=True, cwd=folder.name, capture_output=True, text=True, timeout=120)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr + program)
        with Image.open(Path(folder.name, "picture.png")) as picture:
            picture.load()
        return picture

    def check(self, kind: str, command: str, name: str) -> None:
        visit = self.visit()
        visit.page.locator("#inputs summary").click()
        add_param(visit, "name", NAME)
        visit.write(SCRIPT)
        without = self.execute(command, name, self.snippet(visit, kind))
        drop(visit, "in put.csv", "123")
        within = self.execute(command, name, self.snippet(visit, kind))
        width = 10 * len(NAME)
        self.assertEqual((without.size, within.size), ((width, 40), (width, 30)))

    def test_curl(self) -> None:
        """The command for a shell gets the picture, with and without a file."""
        self.check("curl", "bash program.sh", "program.sh")

    def test_requests(self) -> None:
        """So does the program with requests."""
        self.check("requests", f"{sys.executable} program.py", "program.py")

    def test_treq(self) -> None:
        """So does the one with treq."""
        self.check("treq", f"{sys.executable} program.py", "program.py")

    def test_fetch(self) -> None:
        """So does the one for Node."""
        if shutil.which("node") is None:
            raise SkipTest("node: not on PATH")
        self.check("fetch", "node program.mjs", "program.mjs")

    def test_csharp(self) -> None:
        """So does the one in C#."""
        if shutil.which("mcs") is None or shutil.which("mono") is None or not MONO_HTTP.exists():
            raise SkipTest("mcs, mono and its System.Net.Http: not all here")
        self.check("csharp", "mcs -r:System.Net.Http Draw.cs && mono Draw.exe", "Draw.cs")
