"""The clients in C{examples/clients/}, as they stand there: each gets its picture, and each sees what went wrong."""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from threading import Thread

from PIL import Image
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live.running import EXAMPLES, shared

CLIENTS = EXAMPLES / "clients"
OLD_CALLS = EXAMPLES / "as_in_2005.py"


def needed(*commands: str) -> None:
    """Skip the test where a command is not to be had."""
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        raise SkipTest(f"{' and '.join(missing)}: not on PATH")


@cache
def compiled() -> str:
    """Return the path of the C# client, compiled once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="cpyrender-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "Post.exe"
    subprocess.run(["mcs", "-r:System.dll", f"-out:{program}", CLIENTS / "Post.cs"], check=True)
    return str(program)


class Wiretap:
    """Passes one connection on to a server, and keeps what both sides say."""

    def __init__(self, port: int) -> None:
        self.asked, self.answered = bytearray(), bytearray()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._passing = Thread(target=self._pass_on, args=(port,))

    def __enter__(self) -> Wiretap:
        self._passing.start()
        return self

    def __exit__(self, *why: object) -> None:
        self._passing.join()
        self._listening.close()

    def _pass_on(self, port: int) -> None:
        client, _ = self._listening.accept()
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            back = Thread(target=self._copy, args=(server, client, self.answered))
            back.start()
            self._copy(client, server, self.asked)
            back.join()

    def _copy(self, source: socket.socket, target: socket.socket, kept: bytearray) -> None:
        try:
            while piece := source.recv(65536):
                kept += piece
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # One side has hung up; so does the other, soon.


class ClientTests(SynchronousTestCase):
    """Each client takes the URL, the script and the file for the picture."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="cpyrender-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.picture = self.folder / "picture"

    def post(self, client: list[str], script: Path, port: int | None = None) -> subprocess.CompletedProcess[str]:
        url = f"http://127.0.0.1:{port or shared().port}/"
        return subprocess.run(
            [*client, url, script, self.picture], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )

    def check(self, client: list[str]) -> None:
        """Post a script with the old calls and one that fails."""
        run = self.post(client, OLD_CALLS)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("image/jpeg", run.stdout)
        self.assertIn(str(self.picture.stat().st_size), run.stdout)
        with Image.open(self.picture) as picture:
            self.assertEqual((picture.format, picture.size), ("JPEG", (640, 480)))
        self.picture.unlink()
        wrong = self.folder / "wrong.py"
        wrong.write_text("from pylab import *\nplto([1, 2])\n")
        run = self.post(client, wrong)
        self.assertNotEqual(run.returncode, 0)
        self.assertRegex(run.stdout + run.stderr, r"\b501\b.* NameError: name 'plto' is not defined")
        self.assertIn("line 2: plto([1, 2])\n", run.stderr)
        self.assertFalse(self.picture.exists())

    def test_curl(self) -> None:
        """curl keeps the picture, and shows the status, the exception and the line of a script that fails."""
        needed("curl")
        self.check([str(CLIENTS / "post.sh")])

    def test_curl_keeps_an_older_picture(self) -> None:
        """What lies where curl's picture would go is left alone when there is none, or no server."""
        needed("curl")
        self.picture.write_bytes(b"older")
        wrong = self.folder / "wrong.py"
        wrong.write_text("1 / 0\n")
        self.assertEqual(self.post([str(CLIENTS / "post.sh")], wrong).returncode, 22)
        self.assertEqual(self.picture.read_bytes(), b"older")

    def test_python(self) -> None:
        """So does urllib."""
        self.check([sys.executable, str(CLIENTS / "post.py")])

    def test_javascript(self) -> None:
        """So does node's fetch."""
        needed("node")
        self.check(["node", str(CLIENTS / "post.mjs")])

    def test_csharp(self) -> None:
        """So does .NET's HttpWebRequest."""
        needed("mcs", "mono")
        self.check(["mono", compiled()])

    def test_ironpython(self) -> None:
        """So does the same from IronPython."""
        needed("ipy")
        self.check(["ipy", str(CLIENTS / "post_ironpython.py")])

    def test_csharp_expects_to_continue(self) -> None:
        """.NET sends the script only after C{100 Continue}, calls it a form, and is answered image/jpeg."""
        needed("mcs", "mono")
        with Wiretap(shared().port) as tap:
            self.assertEqual(self.post(["mono", compiled()], OLD_CALLS, tap.port).returncode, 0)
        head, _, script = bytes(tap.asked).partition(b"\r\n\r\n")
        self.assertIn(b"expect: 100-continue", head.lower())
        self.assertIn(b"content-type: application/x-www-form-urlencoded", head.lower())
        self.assertEqual(script, OLD_CALLS.read_bytes())
        go_on, _, answer = bytes(tap.answered).partition(b"\r\n\r\n")
        self.assertEqual(go_on, b"HTTP/1.1 100 Continue")
        self.assertIn(b"\r\nContent-Type: image/jpeg\r\n", answer)
