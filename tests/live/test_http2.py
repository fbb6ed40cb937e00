"""HTTP/2 over C{ssl:}, with real clients, and with ones that mean no good."""

from __future__ import annotations

import signal
import subprocess
from unittest import skipUnless

from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset

from tests.live.http2 import Http2
from tests.live.running import until
from tests.live.test_listening import SCRIPT, TlsTestCase, have

SLOW = "import time; time.sleep(2); response = b'x' * 3_000_000"
LOOP = "while True: pass"
LARGE = 50_000_000


def status(events: list[Event], number: int) -> str:
    """Return the status of the answer to a request."""
    (head,) = (dict(one.headers) for one in events if isinstance(one, ResponseReceived) and one.stream_id == number)
    return str(head[":status"])


@skipUnless(have("curl", "openssl"), "curl and openssl are not installed")
class CurlTests(TlsTestCase):
    def ask(self, *words: str, body: str = SCRIPT) -> list[str]:
        """Post something with curl, and return what it has written, line by line."""
        command = ["curl", "-sS", "--max-time", "60", "--http2", "--cacert", str(self.certificate)]
        run = subprocess.run([*command, "--data-binary", body, *words], capture_output=True, text=True, timeout=90)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout.splitlines()

    def test_script(self) -> None:
        """curl speaks HTTP/2, and has its picture, also where it waits to be told to go on."""
        for expect in ("Expect:", "Expect: 100-continue"):
            lines = self.ask("-H", expect, "-w", "|%{http_version}|%{http_code}", self.url)
            self.assertEqual(lines, ["drawn|2|200"])
        self.assertIn("POST / 200 classic drawn", self.server.log)

    def test_at_once(self) -> None:
        """Scripts run at once on one connection."""
        out = ["-o", "/dev/null"]
        lines = self.ask("-Z", "-w", "%{http_version} %{http_code} %{num_connects}\\n",
                         *(word for which in range(8) for word in (*out, f"{self.url}{which}")))  # fmt: skip
        self.assertEqual(sorted(lines), ["2 200 0"] * 7 + ["2 200 1"])

    def test_too_large(self) -> None:
        """A body that is too large is answered early, and the client, which is still sending it, gets the answer."""
        body = self.folder / "body"
        with body.open("wb") as file:
            file.truncate(40 << 20)
        for expect in ("Expect:", "Expect: 100-continue"):
            lines = self.ask("-H", expect, "-w", "|%{http_version}|%{http_code}", self.url, body=f"@{body}")
            self.assertEqual(lines, ["the body is over the limit of 16777216 bytes", "|2|413"])

    def test_large_answer(self) -> None:
        """A large answer comes whole."""
        made = self.folder / "made"
        script = f"response = b'0123456789' * {LARGE // 10}"
        self.ask("-o", str(made), self.url, body=script)
        self.assertEqual(made.read_bytes(), b"0123456789" * (LARGE // 10))

    def test_leaves(self) -> None:
        """A client that goes away takes its script with it."""
        command = ["curl", "-s", "--cacert", str(self.certificate), "--data-binary", LOOP, self.url]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as client:
            until(lambda: b'"busy": 1' in self.server.get("/health").body, "a busy slot")
            client.kill()
        until(lambda: b'"busy": 0' in self.server.get("/health").body, "a free slot")


@skipUnless(have("openssl"), "openssl is not installed")
class OwnTests(TlsTestCase):
    def connect(self, first: bytes = b"") -> Http2:
        client = Http2(self.proxied if first else self.port, self.certificate, first)
        self.addCleanup(client.__exit__)
        return client

    def test_proxied(self) -> None:
        """The client is who the proxy says it is, with HTTP/2 within TLS too."""
        client = self.connect(b"PROXY TCP4 192.0.2.7 127.0.0.1 40000 443\r\n")
        number = client.post("response = 'drawn'")
        self.assertEqual(status(client.until(StreamEnded, number), number), "200")
        self.assertIn("bytes to 192.0.2.7 [", self.server.log)

    def test_drain(self) -> None:
        """A server that is told to stop says so, answers to the end what it has taken, and takes no more."""
        client = self.connect()
        running = client.post(SLOW)
        until(lambda: b'"busy": 1' in self.server.get("/health").body, "a busy slot")
        self.server.process.send_signal(signal.SIGTERM)
        first = client.until(ConnectionTerminated)
        self.assertEqual(
            [one.last_stream_id for one in first if isinstance(one, ConnectionTerminated)], [(1 << 31) - 1]
        )
        late = client.post("response = 'late'")
        events = client.until(StreamEnded, late)
        self.assertEqual(status(events, late), "503")
        events += client.until(StreamEnded, running)
        self.assertEqual(status(events, running), "200")
        size = sum(len(one.data) for one in events if isinstance(one, DataReceived) and one.stream_id == running)
        self.assertEqual(size, 3_000_000)
        last = [one for one in events if isinstance(one, ConnectionTerminated)][-1]
        self.assertEqual((last.error_code, last.last_stream_id), (ErrorCodes.NO_ERROR, late))
        self.assertEqual(self.server.process.wait(60), -signal.SIGTERM)

    def test_late(self) -> None:
        """What is posted after the last word is refused, so that it may be tried elsewhere."""
        client = self.connect()
        running = client.post(SLOW)
        until(lambda: b'"busy": 1' in self.server.get("/health").body, "a busy slot")
        self.server.process.send_signal(signal.SIGTERM)
        client.until(ConnectionTerminated)
        client.until(ConnectionTerminated)
        late = client.post("response = 'late'")
        (reset,) = (one for one in client.until(StreamReset) if isinstance(one, StreamReset))
        self.assertEqual((reset.stream_id, reset.error_code), (late, ErrorCodes.REFUSED_STREAM))
        client.until(StreamEnded, running)

    def test_takes_back(self) -> None:
        """A script whose stream is reset is killed, and the connection lives on."""
        client = self.connect()
        number = client.post(LOOP)
        until(lambda: b'"busy": 1' in self.server.get("/health").body, "a busy slot")
        client.h2.reset_stream(number, ErrorCodes.CANCEL)
        client.flush()
        until(lambda: b'"busy": 0' in self.server.get("/health").body, "a free slot")
        number = client.post("response = 'drawn'")
        self.assertEqual(status(client.until(StreamEnded, number), number), "200")

    def test_rapid_reset(self) -> None:
        """Who takes back everything is cut off, and nobody else notices."""
        client, other = self.connect(), self.connect()
        for _ in range(250):
            client.h2.reset_stream(client.post(LOOP), ErrorCodes.CANCEL)
            client.flush()
        (farewell,) = (one for one in client.until(ConnectionTerminated) if isinstance(one, ConnectionTerminated))
        self.assertEqual(farewell.error_code, ErrorCodes.ENHANCE_YOUR_CALM)
        until(lambda: b'"busy": 0' in self.server.get("/health").body, "free slots")
        number = other.post("response = 'drawn'")
        self.assertEqual(status(other.until(StreamEnded, number), number), "200")
