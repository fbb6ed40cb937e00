"""Stopping and reloading a real server by signals: nothing that was taken is lost, and nothing is left behind.

twistd, when all has been let go, ends by the signal that it was sent, as the parent of a process expects.
"""

from __future__ import annotations

import http.client
import signal
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import TAKEN_OVER, Reply, Running, alive, serving, until

SLEEP = "import time; time.sleep({})\nresponse = 'slept'"
LARGE = "response = b'x' * 20_000_000"


class SignalTestCase(SynchronousTestCase):
    """Each test has a server of its own."""

    def serve(self, *options: str) -> Running:
        server = serving("--slots", "2", *options).__enter__()
        self.addCleanup(server.stop)
        self.threads = ThreadPoolExecutor(16)
        self.addCleanup(self.threads.shutdown)
        return server

    def kept(self, server: Running) -> http.client.HTTPConnection:
        """Return a connection that has been used and is kept."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.addCleanup(connection.close)
        self.ask(connection, "GET", "/health")
        return connection

    def ask(self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> Reply:
        connection.request(method, path, body)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, response.reason, headers, response.read())

    def until_busy(self, server: Running, waiting: int) -> None:
        there = f'"busy": 2, "queue": 64, "waiting": {waiting}'.encode()
        until(lambda: there in server.get("/health").body, f"two busy slots and {waiting} scripts that wait")

    def until_closed(self, server: Running) -> None:
        def closed() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", server.port)) != 0

        until(closed, "a closed port")


class DrainTests(SignalTestCase):
    def test_running_and_waiting(self) -> None:
        """SIGTERM: what runs and what waits is answered, newcomers are told to go, and then the server ends."""
        server = self.serve()
        kept, looking = self.kept(server), self.kept(server)
        taken = [self.threads.submit(server.post, SLEEP.format(1)) for _ in range(4)]
        self.until_busy(server, waiting=2)
        below = server.pids()
        server.process.send_signal(signal.SIGTERM)
        self.until_closed(server)
        ready = self.ask(looking, "GET", "/ready")
        self.assertEqual((ready.status, ready.headers["connection"]), (503, "close"))
        self.assertIn(b"draining", ready.body)
        refused = self.ask(kept, "POST", "/", b"1")
        self.assertEqual((refused.status, refused.headers["connection"]), (503, "close"))
        self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)
        replies = [one.result() for one in taken]
        self.assertEqual([reply.body for reply in replies], [b"slept"] * 4)
        self.assertEqual({reply.headers["connection"] for reply in replies}, {"close"})
        self.assertEqual(server.process.wait(30), -signal.SIGTERM)
        self.assertEqual([pid for pid in below if alive(pid)], [])

    def test_slow_reader(self) -> None:
        """An answer that is being read when the server is told to stop is read to its end."""
        server = self.serve()
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            connection.settimeout(60)
            head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(LARGE)}\r\n\r\n{LARGE}"
            connection.sendall(head.encode())
            got = len(connection.recv(1 << 12))
            server.process.send_signal(signal.SIGTERM)
            self.until_closed(server)
            while data := connection.recv(1 << 20):
                got += len(data)
        self.assertGreater(got, 20_000_000)
        self.assertEqual(server.process.wait(30), -signal.SIGTERM)

    def test_grace(self) -> None:
        """A script that takes longer than the grace is cut off, and its client is told so."""
        server = self.serve("--grace", "0.5")
        taken = self.threads.submit(server.post, SLEEP.format(60))
        until(lambda: b'"busy": 1' in server.get("/health").body, "a busy slot")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(taken.result().status, 503)
        self.assertEqual(server.process.wait(30), -signal.SIGTERM)

    def test_second_signal(self) -> None:
        """A second signal, whichever of the two, ends the server at once, with all its processes."""
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            server = self.serve()
            self.threads.submit(server.post, SLEEP.format(50))
            until(lambda server=server: b'"busy": 1' in server.get("/health").body, "a busy slot")
            below = server.pids()
            server.process.send_signal(first)
            self.until_closed(server)
            server.process.send_signal(second)
            self.assertEqual(server.process.wait(15), -first)
            self.assertEqual([pid for pid in below if alive(pid)], [])


class ReloadTests(SignalTestCase):
    def test_under_load(self) -> None:
        """SIGHUP replaces the template while scripts come without end, and each of them is answered as ever."""
        server = self.serve()
        server.post("response = 'x'")
        before = server.template()
        replies = [self.threads.submit(server.post, f"response = '{n}'") for n in range(150)]
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual([reply.result().body for reply in replies], [str(n).encode() for n in range(150)])
        until(lambda: TAKEN_OVER in server.log, "a fresh template")
        self.assertFalse(alive(before))
        self.assertNotEqual(server.template(), before)
        self.assertIn(b'"restarts": 0', server.get("/health").body)

    def test_long_script(self) -> None:
        """A script that runs while the template is replaced runs on, and the old template ends after it."""
        server = self.serve()
        server.post("response = 'x'")
        before = server.template()
        taken = self.threads.submit(server.post, SLEEP.format(4))
        until(lambda: b'"busy": 1' in server.get("/health").body, "a busy slot")
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(taken.result().body, b"slept")
        until(lambda: not alive(before), "the end of the old template")

    def test_token(self) -> None:
        """SIGHUP reads the token anew."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "token"
            server = self.serve("--token-file", str(path))
            path.write_text("another")
            server.process.send_signal(signal.SIGHUP)
            shown = {"Authorization": "Bearer another"}
            until(lambda: server.post("response = 'in'", headers=shown).body == b"in", "the new token to count")


class BurstTests(SignalTestCase):
    """More scripts than there is room for."""

    def test_burst(self) -> None:
        """Of 500 at once, each is drawn or told in how many seconds to try again; then all is as before."""
        server = self.serve("--queue", "16")
        with ThreadPoolExecutor(100) as crowd:
            replies = list(crowd.map(lambda n: server.post(f"response = '{n}'"), range(500)))
        for number, reply in enumerate(replies):
            if reply.status == 200:
                self.assertEqual(reply.body, str(number).encode())
            else:
                self.assertEqual(reply.status, 503)
                self.assertIn(int(reply.headers["retry-after"]), range(1, 60))
        statuses = [reply.status for reply in replies]
        self.assertGreater(statuses.count(200), 16)
        until(lambda: b'"busy": 0, "queue": 16, "waiting": 0' in server.get("/ready").body, "an idle server")
        self.assertEqual(server.post("response = 'next'").body, b"next")

    def test_rate(self) -> None:
        """A client over its rate gets 429 until its time has come, and others do not."""
        server = self.serve("--rate", "3/6")
        statuses = [server.post("response = 'x'").status for _ in range(5)]
        self.assertEqual(statuses, [200, 200, 200, 429, 429])
        self.assertIn(int(server.post("1").headers["retry-after"]), (1, 2))
        connection = http.client.HTTPConnection("127.0.0.1", server.port, source_address=("127.0.0.2", 0))
        self.addCleanup(connection.close)
        self.assertEqual(self.ask(connection, "POST", "/", b"response = 'x'").status, 200)
        until(lambda: server.post("response = 'x'").status == 200, "the next script to be let in")
