"""The guard over real sockets: what is refused, what hostile connections cannot do, and where one may listen."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import ROOT, Running, fds, free_port, serving, shared, twistd, until

SCRIPT = b'response = "done"'
SECRET = "a-token-of-this-test"
_PATIENCE = 60.0


def raw(port: int, *pieces: bytes) -> bytes:
    """Send pieces on a connection of their own, and return all that comes back until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return until_closed(connection)


def until_closed(connection: socket.socket) -> bytes:
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not piece:
            return received
        received += piece


def environment(pid: int) -> bytes:
    """Return what a process was started with; a spare may have made way for another meanwhile."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def head(*lines: str, method: str = "POST", host: str = "Host: localhost") -> bytes:
    return "\r\n".join([f"{method} / HTTP/1.1", *([host] if host else []), *lines, "", ""]).encode("latin-1")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


class GuardedTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.server = shared()

    def check_serves(self) -> None:
        """The server runs the next script."""
        self.assertEqual(self.server.post(SCRIPT).body, b"done")


class HeadTests(GuardedTestCase):
    def test_hosts(self) -> None:
        """One Host of ours is needed; a foreign, a malformed, a second and a missing one are refused."""
        for lines, expected in (
            (("Host: localhost",), 200), (("Host: 127.0.0.1:1",), 200), (("Host: [::1]",), 200),
            (("Host: evil.example",), 421), (("Host: 0.0.0.0",), 421), (("Host: a b",), 400),
            (("Host: localhost", "Host: localhost"), 400), ((), 400),
        ):  # fmt: skip
            length = f"Content-Length: {len(SCRIPT)}"
            answer = raw(self.server.port, head(*lines, "Connection: close", length, host="") + SCRIPT)
            self.assertEqual(status(answer), expected, lines)

    def test_pages(self) -> None:
        """Pages of other origins and sites are refused, our own and programs are not; nobody gets a CORS header."""
        own = f"http://127.0.0.1:{self.server.port}"
        for headers, expected in (
            ({}, 200), ({"Origin": own}, 200), ({"Origin": "null"}, 403), ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "http://127.0.0.1:1"}, 403), ({"Sec-Fetch-Site": "none"}, 200),
            ({"Sec-Fetch-Site": "same-origin", "Origin": own}, 200), ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
        ):  # fmt: skip
            for kind in ("text/plain", "application/x-www-form-urlencoded"):
                reply = self.server.post(SCRIPT, headers={**headers, "Content-Type": kind})
                self.assertEqual(reply.status, expected, headers)
                self.assertFalse([name for name in reply.headers if name.startswith("access-control")])
        self.assertNotIn("Traceback", self.server.log)

    def test_lengths(self) -> None:
        """Lengths that lie about themselves are bad requests, and no script of theirs runs."""
        body = b'open("ran", "w")'
        for lines in (
            ("Content-Length: 16", "Content-Length: 16"), ("Content-Length: 16", "Content-Length: 5"),
            ("Content-Length: -16",), ("Content-Length: 16, 16",), ("Content-Length: 1e1",),
            ("Content-Length: 16", "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked", "Content-Length: 16"),
            ("Transfer-Encoding: gzip, chunked",),
        ):  # fmt: skip
            before = self.server.log.count("POST / ")
            self.assertEqual(status(raw(self.server.port, head(*lines) + body)), 400, lines)
            self.assertEqual(self.server.log.count("POST / "), before, lines)
        self.check_serves()

    def test_short_body(self) -> None:
        """A client that leaves before its body is whole has run nothing, and leaves no descriptor behind."""
        self.check_serves()
        before = fds(self.server.process.pid)
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
                connection.sendall(head("Content-Length: 200000") + SCRIPT)
        # Spares that come and go have descriptors too, though fewer than so many clients.
        until(lambda: fds(self.server.process.pid) < before + 20, "the disconnects")
        self.check_serves()

    def test_before_the_body(self) -> None:
        """Each refusal is there before a byte of the body is, and without leave to send it."""
        for line, expected in (
            ("Origin: null", 403), ("Content-Length: 99999999999", 413), ("Content-Encoding: gzip", 415),
            ("Sec-Fetch-Site: cross-site", 403),
        ):  # fmt: skip
            length = () if "Length" in line else ("Content-Length: 1000",)
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=_PATIENCE) as connection:
                connection.sendall(head("Expect: 100-continue", line, *length))
                # The server has no reason to close before its lingering ends: what is here is what it said first.
                self.assertEqual(status(connection.recv(65536)), expected, line)
        self.assertEqual(status(raw(self.server.port, head("Expect: tea"))), 417)

    def test_large_body(self) -> None:
        """A client that sends more than is taken, and does not wait for leave, can read its refusal."""
        body = b"x" * (17 << 20)
        reply = raw(self.server.port, head(f"Content-Length: {len(body)}", "Origin: null"), body)
        self.assertEqual(status(reply), 403)
        self.check_serves()


class HostileTests(GuardedTestCase):
    def test_many_idle(self) -> None:
        """200 connections that say nothing, or half a head, or half a body, hinder nobody."""
        beginnings = (b"", b"POST / HTTP/1.1\r\nHost: loc", head("Content-Length: 9") + b"x")
        connections = []
        for number in range(200):
            connections.append(socket.create_connection(("127.0.0.1", self.server.port)))
            self.addCleanup(connections[-1].close)
            connections[-1].sendall(beginnings[number % 3])
        self.check_serves()

    def test_slow_head(self) -> None:
        """A client that never ends its head is told so and cut off, though it goes on sending."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=0.2) as connection:
            received = b""
            connection.sendall(b"POST / HTTP/1.1\r\nX: ")

            def drip() -> bool:
                nonlocal received
                try:
                    connection.sendall(b"x")
                    piece = connection.recv(1000)
                except TimeoutError:
                    return False
                except ConnectionError:
                    return True
                received += piece
                return not piece

            until(drip, "the end of the connection")
        self.assertEqual(status(received), 408)

    def test_too_many(self) -> None:
        """One connection too many of an address is told to come back later; when others have left it is served."""
        with serving() as server:
            connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(256)]
            try:
                reply = server.post(SCRIPT)
                self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "10"))
            finally:
                for connection in connections:
                    connection.close()
            until(lambda: server.post(SCRIPT).status == 200, "room for one more")


class TokenTests(SynchronousTestCase):
    def test_token(self) -> None:
        """With a token file nothing runs without the token; health may be asked; the log never has it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "token"
            with serving("--token-file", str(path)) as server:
                secret = path.read_text().strip()
                for headers, expected in (
                    ({}, 401), ({"Authorization": "Bearer x"}, 401), ({"Authorization": f"Basic {secret}"}, 401),
                    ({"Authorization": f"Bearer {secret}"}, 200),
                ):  # fmt: skip
                    self.assertEqual(server.post(SCRIPT, headers=headers).status, expected)
                self.assertEqual(server.post(SCRIPT, f"/?token={secret}").status, 401)
                self.assertEqual(server.post(SCRIPT).headers["www-authenticate"], "Bearer")
                self.assertEqual([server.get(path).status for path in ("/health", "/ready")], [200, 200])
                self.assertNotIn(secret, server.log)
                for pid in server.pids():
                    self.assertNotIn(secret.encode(), environment(pid))


class ListeningTests(SynchronousTestCase):
    def refused(self, *options: str) -> str:
        """Run a server that must end by itself, and return what it said about that."""
        command = twistd("cpyrender", *options)
        run = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL
        )
        said = run.stdout + run.stderr
        self.assertNotEqual(run.returncode, 0, said)
        self.assertNotIn("Traceback", said)
        return said

    def test_beyond_this_machine(self) -> None:
        """Every kind of endpoint that others can reach is refused without a token, and the option is named."""
        for kind in ("tcp:{}", "tcp:{}:interface=0.0.0.0", "haproxy:tcp:{}"):
            said = self.refused("--listen", kind.format(free_port()))
            self.assertIn("--token-file", said)

    def test_refused(self) -> None:
        """A port that is taken, an endpoint that is none, and a token file that others may read are named."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            place = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"
            self.assertIn(f"cannot listen on '{place}'", self.refused("--listen", place))
        self.assertIn("cannot listen on 'frob:1'", self.refused("--listen", "frob:1"))
        with tempfile.NamedTemporaryFile(mode="w") as file:
            file.write(SECRET)
            file.flush()
            Path(file.name).chmod(0o644)
            self.assertIn("mode 0644", self.refused("--token-file", file.name))
        self.assertIn("--public-name: 'a:80'", self.refused("--public-name", "a:80"))
        self.assertIn("--listen: ", self.refused("--listen", "tcp:0", "--port", "1"))

    def listening(self, port: int, endpoints: Iterable[str], *options: str) -> Running:
        words = [word for endpoint in endpoints for word in ("--listen", endpoint)]
        return Running(twistd("cpyrender", *words, *options), port)

    def test_unix(self) -> None:
        """A Unix socket serves beside a port, to curl too, and is gone with the server."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "socket"
            port = free_port()
            with self.listening(port, (f"unix:{path}", f"tcp:{port}:interface=127.0.0.1")) as server:
                self.assertEqual(server.post(SCRIPT).body, b"done")
                command = [
                    "curl",
                    "-s",
                    "--unix-socket",
                    str(path),
                    "--data-binary",
                    SCRIPT.decode(),
                    "http://localhost/",
                ]
                self.assertEqual(subprocess.run(command, capture_output=True, timeout=_PATIENCE).stdout, b"done")
                # twistd passes on the signal that it was ended with.
                self.assertEqual(server.stop(), -signal.SIGTERM)
            self.assertFalse(path.exists())

    def test_public_name(self) -> None:
        """With the token, a public name is ours in whatever case, and other names are not."""
        with tempfile.TemporaryDirectory() as folder:
            token = Path(folder) / "token"
            token.write_text(SECRET)
            token.chmod(0o600)
            port = free_port()
            options = ("--token-file", str(token), "--public-name", "render.example.org")
            with self.listening(port, (f"tcp:{port}:interface=127.0.0.1",), *options) as server:
                for host, expected in (("Render.Example.org", 200), ("localhost", 200), ("example.org", 421)):
                    headers = {"Host": host, "Authorization": f"Bearer {SECRET}"}
                    self.assertEqual(server.post(SCRIPT, headers=headers).status, expected, host)
