"""What is in C{deploy/}, as far as it can be tried without a systemd and a container engine that run."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.config import read_config
from tests.live.running import ROOT, Running, free_port, twistd, until
from tests.live.test_listening import have

DEPLOY = ROOT / "deploy"
SCRIPT = "response = 'drawn'"
LOOP = "while True: pass"


class SystemdTests(SynchronousTestCase):
    @skipUnless(have("systemd-analyze"), "systemd is not installed")
    def test_units(self) -> None:
        """systemd finds nothing wrong with the units, but that the program is not installed where it should be."""
        units = [str(DEPLOY / f"cpyrender.{kind}") for kind in ("service", "socket")]
        run = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60)
        said = [line for line in run.stderr.splitlines() if "cpyrender" in line and "is not executable" not in line]
        self.assertEqual(said, [])

    @skipUnless(have("systemd-analyze"), "systemd is not installed")
    def test_exposure(self) -> None:
        """By systemd's own measure the unit is closed well: 3.5 of 10, where a unit without any of it has 9.6."""
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=35", str(DEPLOY / "cpyrender.service")]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout[-200:])

    def test_settings(self) -> None:
        """The settings file is one, and listens for the socket by the name that the socket's unit gives it."""
        (listen,) = read_config(str(DEPLOY / "cpyrender.toml")).values["listen"]
        name = re.search(r"^FileDescriptorName=(\w+)$", (DEPLOY / "cpyrender.socket").read_text(), re.MULTILINE)
        assert name is not None
        self.assertEqual(listen, f"systemd:domain=UNIX:name={name[1]}")

    def test_container(self) -> None:
        """The image's command line is one that the server understands, and its user is a number that is not root's."""
        text = (DEPLOY / "Containerfile").read_text()
        entry = re.search(r"^ENTRYPOINT (\[.*\])$", text, re.MULTILINE)
        user = re.search(r"^USER (\d+)", text, re.MULTILINE)
        assert entry is not None and user is not None
        self.assertGreater(int(user[1]), 0)
        words = tomllib.loads(f"words = {entry[1]}")["words"]
        options = words[words.index("cpyrender") + 1 :]
        run = subprocess.run(
            twistd("cpyrender", *options, "--print-config"), capture_output=True, text=True, cwd=ROOT, timeout=60
        )
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn('listen = ["tcp:9981"]', run.stdout)


@skipUnless(have("nginx", "curl", "openssl"), "nginx, curl and openssl are not installed")
class NginxTests(SynchronousTestCase):
    """The site for nginx, with nothing changed in it but its name, its port and where its files are."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cpyrender-nginx-"))
        self.addCleanup(shutil.rmtree, self.folder)
        # nginx started by root works as another user.
        self.folder.chmod(0o755)
        self.front = free_port()
        self.certificate = self.folder / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", str(self.folder / "key.pem"), "-out", str(self.certificate)],
            check=True, capture_output=True,
        )  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[Running]:
        """Run a server, and nginx before it."""
        port = free_port()
        path = self.folder / "cpyrender.sock"
        command = twistd("cpyrender", "--slots", "2", "--listen", f"tcp:{port}:interface=127.0.0.1")
        with Running([*command, "--listen", f"unix:{path}:mode=666"], port) as server:
            command = [shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx", "-p", str(self.folder)]
            with subprocess.Popen([*command, "-c", str(self.configured(path))]) as nginx:
                try:
                    until(self.listens, "nginx to listen")
                    yield server
                finally:
                    nginx.send_signal(signal.SIGTERM)
                    nginx.wait(30)

    def configured(self, path: Path) -> Path:
        """Return the path of a whole configuration that has the site in it."""
        site = (DEPLOY / "nginx.conf").read_text()
        for there, here in (
            ("unix:/run/cpyrender.sock", f"unix:{path}"),
            ("listen 443", f"listen 127.0.0.1:{self.front}"),
            ("server_name render.example.org", "server_name localhost"),
            ("/etc/ssl/certs/render.example.org.pem", str(self.certificate)),
            ("/etc/ssl/private/render.example.org.key", str(self.folder / "key.pem")),
        ):
            self.assertIn(there, site)
            site = site.replace(there, here)
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        log = f"access_log off;\nerror_log {self.folder}/error.log;\n"
        whole = f"daemon off;\npid {self.folder}/pid;\nevents {{}}\nhttp {{\n{log}{temporary}{site}\n}}\n"
        found = self.folder / "nginx.conf"
        found.write_text(f"error_log {self.folder}/error.log;\n{whole}")
        return found

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.front)) == 0

    def curl(self, *words: str, path: str = "/") -> str:
        there = f"https://localhost:{self.front}{path}"
        command = ["curl", "-sS", "-4", "--max-time", "60", "--http2", "--cacert", str(self.certificate), *words, there]
        return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout

    def test_site(self) -> None:
        """Clients speak HTTP/2 and have their pictures; requests have names; what is not for all is denied."""
        with self.running() as server:
            drawn = self.curl("--data-binary", SCRIPT, "-w", "|%{http_version}|%{http_code}")
            self.assertEqual(drawn, "drawn|2|200")
            head = self.curl("-I", path="/health").lower()
            (name,) = re.findall(r"^x-request-id: ([0-9a-f]{32})\s*$", head, re.MULTILINE)
            until(lambda: f"[{name}]" in server.log, "the name in the server's log")
            self.assertEqual(self.curl("-o", "/dev/null", "-w", "%{http_code}", path="/metrics"), "403")
            failed = self.curl("--data-binary", "1 / 0", "-w", "|%{http_code}")
            self.assertIn("ZeroDivisionError", failed)
            self.assertTrue(failed.endswith("|501"))

    def test_limit(self) -> None:
        """A client that posts without a pause is told so by nginx, and the server does not notice."""
        with self.running():
            many = [f"https://localhost:{self.front}/{number}" for number in range(60)]
            # All at once: however slow the machine is, they do not take so long that nginx lets all of them pass.
            written = self.curl(
                "--parallel", "--parallel-max", "60", "--data-binary", SCRIPT, "-w", "|%{http_code}\n", *many
            )
            statuses = re.findall(r"\|(\d+)$", written, re.MULTILINE)
            self.assertEqual({*statuses}, {"200", "429"})
            self.assertGreater(statuses.count("200"), 20)

    def test_client_leaves(self) -> None:
        """When a client goes away, nginx does too, and the server kills the script."""
        with self.running() as server:
            command = ["curl", "-s", "--cacert", str(self.certificate), "--data-binary", LOOP]
            with subprocess.Popen([*command, f"https://localhost:{self.front}/"], stdout=subprocess.DEVNULL) as client:
                until(lambda: b'"busy": 1' in server.get("/health").body, "a busy slot")
                client.kill()
            until(lambda: b'"busy": 0' in server.get("/health").body, "a free slot")
