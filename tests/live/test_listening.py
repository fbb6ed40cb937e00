"""Every kind of place that the server can listen at, each with a real client."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import Running, free_port, twistd, until
from tests.ports import taken

SCRIPT = "response = 'drawn'"


def have(*programs: str) -> bool:
    """Return whether these are installed; those that only root is to use are not always on the PATH."""
    path = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/bin"
    return all(shutil.which(program, path=path) for program in programs)


def usable_by_anybody() -> bool:
    """Return whether a user who is nobody may run this Python."""
    try:
        return subprocess.run([sys.executable, "-c", "import cpyrender"], user=65534).returncode == 0
    except PermissionError:
        return False


class ListeningTestCase(SynchronousTestCase):
    """Each test has a server of its own, which beside what is tested listens on a port of the loopback."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cpyrender-listening-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def serve(self, *options: str, before: list[str] | None = None) -> Running:
        port = free_port()
        listen = ["--listen", f"tcp:{port}:interface=127.0.0.1"] if before is None else []
        command = [*(before or []), *twistd("cpyrender", *listen, *options)]
        server = Running(command, port).__enter__()
        self.addCleanup(server.stop)
        return server

    def curl(self, *words: str) -> str:
        """Post the script with curl, and return what it wrote."""
        command = ["curl", "-sS", "--max-time", "60", "--data-binary", SCRIPT, *words]
        run = subprocess.run(command, capture_output=True, text=True, timeout=90)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout


@skipUnless(have("curl"), "curl is not installed")
class PlainTests(ListeningTestCase):
    def test_tcp_6(self) -> None:
        """A port of IPv6's loopback."""
        port = free_port()
        server = self.serve("--listen", f"tcp:{port}:interface=\\:\\:1")
        self.assertEqual(self.curl(f"http://[::1]:{port}/"), "drawn")
        self.assertIn(f"cpyrender answers on http://[::1]:{port}/", server.log)

    def test_unix(self) -> None:
        """A Unix socket, whose file's mode says who may post, and which is gone when the server is."""
        path = self.folder / "a.sock"
        server = self.serve("--listen", f"unix:{path}:mode=600")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.curl("--unix-socket", str(path), "http://localhost/"), "drawn")
        self.assertIn(f"cpyrender answers on unix:{path}", server.log)
        server.stop()
        self.assertFalse(path.exists())

    def test_rights(self) -> None:
        """A port that only root may take is taken before the server becomes somebody else."""
        first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
        if os.geteuid() != 0 or first < 2 or not usable_by_anybody():
            self.skipTest("there is no such port, or nobody here is root, or this Python is root's alone")
        port = next(port for port in range(first - 1, 1, -1) if not taken(port))
        command = twistd("--uid", "65534", "--gid", "65534", "cpyrender", "--isolation", "none")
        server = Running([*command, "--listen", f"tcp:{port}:interface=127.0.0.1"], port).__enter__()
        self.addCleanup(server.stop)
        self.assertEqual(self.curl(f"http://127.0.0.1:{port}/"), "drawn")
        self.assertEqual(os.stat(f"/proc/{server.process.pid}").st_uid, 65534)


class TlsTestCase(ListeningTestCase):
    """The server of each test also speaks TLS, with a certificate for C{localhost}."""

    def setUp(self) -> None:
        super().setUp()
        self.key, self.certificate = self.folder / "key.pem", self.folder / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", str(self.key), "-out", str(self.certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        self.port, self.proxied = free_port(), free_port()
        described = "ssl:{}:interface=127.0.0.1:privateKey={}:certKey={}"
        plain, proxied = (described.format(port, self.key, self.certificate) for port in (self.port, self.proxied))
        self.server = self.serve("--listen", plain, "--listen", f"haproxy:{proxied}")
        self.url = f"https://localhost:{self.port}/"


@skipUnless(have("curl", "openssl"), "curl and openssl are not installed")
class TlsTests(TlsTestCase):
    def test_curl(self) -> None:
        """curl, which trusts the certificate, has its picture; the log says https."""
        self.assertEqual(self.curl("--cacert", str(self.certificate), f"https://localhost:{self.port}/"), "drawn")
        self.assertIn(f"cpyrender answers on https://127.0.0.1:{self.port}/", self.server.log)

    def test_http_1(self) -> None:
        """A client that would rather not speak HTTP/2 is answered in HTTP/1.1."""
        written = self.curl("--http1.1", "-w", "|%{http_version}", "--cacert", str(self.certificate), self.url)
        self.assertEqual(written, "drawn|1.1")

    def test_openssl(self) -> None:
        """openssl negotiates what HTTP it likes and TLS 1.2 or newer, and is refused with TLS 1.1."""
        there = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-servername", "localhost"]
        for offered, chosen in (("h2,http/1.1", b"h2"), ("http/1.1,h2", b"h2"), ("http/1.1", b"http/1.1")):
            command = [*there, "-CAfile", str(self.certificate), "-alpn", offered]
            run = subprocess.run(command, input=b"", capture_output=True, timeout=60)
            self.assertIn(b"ALPN protocol: " + chosen, run.stdout)
            self.assertIn(b"Verify return code: 0 (ok)", run.stdout)
        old = [*there, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]
        self.assertNotEqual(subprocess.run(old, input=b"", capture_output=True, timeout=60).returncode, 0)

    def test_slow_handshake(self) -> None:
        """A client that says nothing, or nothing that is TLS, is cut off, and the others do not notice."""
        with socket.create_connection(("127.0.0.1", self.port)) as silent:
            with socket.create_connection(("127.0.0.1", self.port)) as talking:
                talking.settimeout(60)
                talking.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertNotIn(b"HTTP/", talking.recv(100))
            self.assertEqual(self.curl("--cacert", str(self.certificate), f"https://localhost:{self.port}/"), "drawn")
            silent.settimeout(60)
            # The head's deadline holds for the handshake too.
            self.assertRaises(ConnectionResetError, silent.recv, 100)

    def test_drain(self) -> None:
        """A server that is told to stop also ends where a client keeps a connection of TLS."""
        command = ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{self.port}"]
        piped = subprocess.PIPE
        with subprocess.Popen(command, stdin=piped, stdout=piped, stderr=subprocess.DEVNULL) as client:
            assert client.stdin is not None and client.stdout is not None
            client.stdin.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.stdin.flush()
            self.assertIn(b"200", client.stdout.readline())
            self.server.process.terminate()
            self.assertEqual(self.server.process.wait(30), -15)
            client.kill()


class SystemdTests(ListeningTestCase):
    @skipUnless(have("systemd-socket-activate", "curl"), "systemd-socket-activate is not installed")
    def test_activated(self) -> None:
        """A socket that systemd has opened is served; the first client waits until the server is warm."""
        port = free_port()
        command = ["systemd-socket-activate", "--fdname=http", "--listen", f"127.0.0.1:{port}", *self.environment()]
        command += twistd("cpyrender", "--listen", "systemd:domain=INET:name=http")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as activated:
            try:
                until(lambda: self.connects(port), "an open socket")
                self.assertEqual(self.curl(f"http://127.0.0.1:{port}/"), "drawn")
            finally:
                activated.terminate()
                activated.wait(30)

    def environment(self) -> list[str]:
        return ["-E", "PATH", "-E", f"TMPDIR={self.folder}"]

    def connects(self, port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0


class ProxyTests(ListeningTestCase):
    """The PROXY protocol."""

    def ask(self, port: int, proxy: bytes, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.settimeout(60)
            connection.sendall(proxy + request)
            got = b""
            while data := connection.recv(1 << 16):
                got += data
            return got

    def test_by_hand(self) -> None:
        """The client is who the proxy says it is: in the log, for the rate, and for who may stop the server."""
        port = free_port()
        server = self.serve("--listen", f"haproxy:tcp:{port}:interface=127.0.0.1", "--rate", "1/60", "--allow-quit")
        request = (
            f"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(SCRIPT)}\r\n\r\n{SCRIPT}"
        ).encode()
        ours, others = (b"PROXY TCP4 192.0.2.%d 127.0.0.1 40000 80\r\n" % number for number in (1, 2))
        self.assertTrue(self.ask(port, ours, request).endswith(b"\r\n\r\ndrawn"))
        self.assertTrue(self.ask(port, ours, request).startswith(b"HTTP/1.1 429 "))
        self.assertTrue(self.ask(port, others, request).endswith(b"\r\n\r\ndrawn"))
        self.assertIn("bytes to 192.0.2.2 [", server.log)
        quitting = b"GET /quit HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.assertTrue(self.ask(port, ours, quitting).startswith(b"HTTP/1.1 403 "))
        self.assertEqual(self.ask(port, b"", request), b"")

    @skipUnless(have("haproxy", "curl"), "haproxy is not installed")
    def test_haproxy(self) -> None:
        """HAProxy in front: scripts are drawn, and the log has the address of the client."""
        port, front = free_port(), free_port()
        server = self.serve("--listen", f"haproxy:tcp:{port}:interface=127.0.0.1")
        configured = self.folder / "haproxy.cfg"
        configured.write_text(
            "defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
            f"frontend f\n bind 127.0.0.1:{front}\n default_backend b\n"
            f"backend b\n server s 127.0.0.1:{port} send-proxy-v2\n"
        )
        with subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", str(configured)], stderr=subprocess.DEVNULL) as proxy:
            try:
                until(lambda: self.answers(front), "an answer of HAProxy")
                written = self.curl("--interface", "127.0.0.9", "-4", f"http://localhost:{front}/")
                self.assertEqual(written, "drawn")
            finally:
                proxy.terminate()
                proxy.wait(30)
        self.assertIn("bytes to 127.0.0.9 [", server.log)

    def answers(self, port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
