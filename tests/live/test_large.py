"""Answers of 50 MB, and what they do to the memory of the server's process."""

from __future__ import annotations

import json
import random
import resource
import socket
import subprocess
from base64 import b64decode
from collections.abc import Callable
from unittest import skipUnless

from tests.deposits import mapped, resident
from tests.live.running import Running, serving, until
from tests.live.test_classic import Served
from tests.live.test_listening import TlsTestCase, have

SIZE = 50_000_000
SCRIPT = f"import random\nrandom.seed(1)\nresponse = random.randbytes({SIZE})"
DATA = random.Random(1).randbytes(SIZE)
#: Bytes by which the memory of the server may grow for such an answer.
GROWTH = 2_000_000


def growth(server: Running, ask: Callable[[], bytes]) -> int:
    """Return by how many bytes the server's memory was larger at its peak, when something was asked a second time.

    What the first time takes, such as modules and what the C library keeps, is there then.
    """
    for _ in range(2):
        server.forget_peak()
        before = server.memory("VmRSS")
        if ask() != DATA:
            raise AssertionError("this is not what the script made")
    return server.memory("VmHWM") - before


class PeakTests(Served):
    def test_alone(self) -> None:
        """A large answer passes by the memory of the server's process."""
        self.assertLess(growth(self.server, lambda: self.server.post(SCRIPT).body), GROWTH)

    def test_in_json(self) -> None:
        """So does one in JSON, with the base64 that is made of it."""

        def ask() -> bytes:
            (output,) = json.loads(self.server.post(SCRIPT, "/render?format=json").body)["outputs"]
            return b64decode(output["data"])

        self.assertLess(growth(self.server, ask), GROWTH)

    def test_in_a_row(self) -> None:
        """Nothing of large answers stays, neither in the server's memory nor beside it."""

        def ask() -> bytes:
            for _ in range(5):
                body = self.server.post(SCRIPT).body
            return body

        self.assertLess(growth(self.server, ask), GROWTH)
        until(lambda: mapped(self.server.process.pid) == 0, "an answer that is gone")

    def test_slow_reader(self) -> None:
        """What a client has not read yet is beside the server's memory, and gone when the client is."""
        pid, script = self.server.process.pid, SCRIPT.encode()
        with socket.create_connection(("127.0.0.1", self.server.port)) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(script) + script)
            self.assertEqual(client.recv(12), b"HTTP/1.1 200")
            self.assertGreaterEqual(mapped(pid), SIZE)
            self.assertLess(resident(pid), GROWTH)
        until(lambda: mapped(pid) == 0, "an answer that is gone")

    def test_cannot_be(self) -> None:
        """A server that cannot put large answers beside its memory answers as well, out of that."""
        with serving() as server:
            self.assertEqual(server.post("response = 'drawn'").body, b"drawn")
            # No file may become as large, one in the system's memory neither.
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
            self.assertEqual(server.post(SCRIPT).body, DATA)
            self.assertNotIn("Traceback", server.log)


@skipUnless(have("curl", "openssl"), "curl and openssl are not installed")
class Http2PeakTests(TlsTestCase):
    def test_alone(self) -> None:
        """Over HTTP/2, too, a large answer passes by the memory of the server's process."""
        command = ["curl", "-sS", "--max-time", "60", "--http2", "--cacert", str(self.certificate), "-d", SCRIPT]

        def ask() -> bytes:
            return subprocess.run([*command, self.url], capture_output=True, check=True, timeout=90).stdout

        self.assertLess(growth(self.server, ask), GROWTH)
