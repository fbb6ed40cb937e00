"""C{/RPC2} of a real server, called by Python's own client."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.marshalling import NOT_XML
from cpyrender.web.xmlrpc import FAULTS
from tests.live.running import EXAMPLES, shared
from tests.web.test_marshalling import LAUGHS

CLIENT = EXAMPLES / "clients" / "post_xmlrpc.py"


class CallTests(SynchronousTestCase):
    def render(self, *arguments: Any) -> Any:
        url = f"http://127.0.0.1:{shared().port}/RPC2"
        with ServerProxy(url, use_builtin_types=True, allow_none=True) as server:
            return server.render(*arguments)

    def test_picture(self) -> None:
        """A script is answered with its picture, in the format and size that the options name."""
        script = "import pylab; pylab.plot([1, 2])"
        answer = self.render(script)
        self.assertEqual((answer["media_type"], answer["data"][:4]), ("image/png", b"\x89PNG"))
        answer = self.render(script, {}, {"format": "pdf"})
        self.assertEqual((answer["media_type"], answer["data"][:5]), ("application/pdf", b"%PDF-"))

    def test_params(self) -> None:
        """Parameters reach the script with their types."""
        params = {"a": 1, "b": 1.5, "c": True, "d": None, "e": ["x", {"f": "é"}]}
        self.assertEqual(self.render("response = repr(params)", params)["data"].decode(), repr(params))

    def test_large(self) -> None:
        """A large script, which is parsed aside, and a large answer come through whole."""
        script = "#" + "x" * 3_000_000 + "\nresponse = bytes(range(256)) * 65536"
        self.assertEqual(self.render(script)["data"], bytes(range(256)) * 65536)

    def test_faults(self) -> None:
        """A script that fails is a fault with the code of its cause."""
        for script, kind in (
            ("raise ValueError('\\0 <&>')", "raised"),
            ("1 +", "raised"),
            ("import sys; sys.exit()", "exited"),
            ("x = 1", "no-response"),
        ):
            with self.assertRaises(Fault) as caught:
                self.render(script)
            self.assertEqual(caught.exception.faultCode, FAULTS[kind], script)

    def test_hostile(self) -> None:
        """Bombs of XML are faults, and the server goes on."""
        for body in (LAUGHS, b"<a>" * 1_000_000, b"<methodCall>" + b"<!-- -->" * 100_000):
            reply = shared().post(body, "/RPC2", {"Content-Type": "text/xml"})
            self.assertIn(str(NOT_XML), reply.text)
        self.assertEqual(self.render("response = 'x'")["data"], b"x")


class ClientTests(SynchronousTestCase):
    """C{examples/clients/post_xmlrpc.py}."""

    def post(self, script: Path, picture: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(CLIENT), f"http://127.0.0.1:{shared().port}/", str(script), str(picture)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def test_client(self) -> None:
        """It keeps the picture, and shows the fault of a script that fails."""
        folder = tempfile.TemporaryDirectory(prefix="cpyrender-test-")
        self.addCleanup(folder.cleanup)
        picture, wrong = Path(folder.name) / "picture.png", Path(folder.name) / "wrong.py"
        run = self.post(EXAMPLES / "contour_field.py", picture)
        self.assertEqual((run.returncode, run.stdout.split()[0]), (0, "image/png"), run.stderr)
        self.assertTrue(picture.read_bytes().startswith(b"\x89PNG"))
        wrong.write_text("plto([1, 2])\n")
        run = self.post(wrong, picture)
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"fault {FAULTS['raised']}\nNameError: name 'plto' is not defined", run.stderr)
