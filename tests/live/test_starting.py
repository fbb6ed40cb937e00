"""The command line as a person meets it: what is wrong is said in one line, and the exit status is not 0."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.child.test_hugepages import need_huge_pages
from tests.live.running import ROOT, free_port, serving, twistd


class RefusedTests(SynchronousTestCase):
    """Servers that do not start."""

    def refused(self, *options: str) -> str:
        """Run the server, which must end by itself with an error, and return what it said."""
        run = subprocess.run(
            twistd("cpyrender", *options),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        said = run.stdout + run.stderr
        self.assertNotEqual(run.returncode, 0, said)
        self.assertNotIn("Traceback", said)
        return said

    def test_bad_options(self) -> None:
        """An unknown option and each bad value are named."""
        for options, word in (
            (["--frobnicate"], "frobnicate"), (["--port", "70000"], "--port: 70000"),
            (["--port", "http"], "--port: 'http'"),
            (["--slots", "0"], "--slots: 0"), (["--timeout", "nan"], "--timeout: nan"),
            (["--memory", "1T"], "--memory: '1T'"),
            (["--memory", "1"], "--memory: 1"), (["--isolation", "perfect"], "--isolation: 'perfect'"),
            (["--preload", "os; import x"], "--preload"), (["stray"], "'stray'"),
        ):  # fmt: skip
            said = self.refused(*options)
            self.assertEqual(len([line for line in said.splitlines() if word in line]), 1, said)
            self.assertLess(len(said.splitlines()), 5, said)

    def test_taken_port(self) -> None:
        """A port that somebody else listens on is named."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.assertIn(f"cannot listen on 127.0.0.1:{port}", self.refused("--port", str(port)))

    def test_missing_module(self) -> None:
        """A module that is to be held warm and is not there is named."""
        said = self.refused("--port", str(free_port()), "--preload", "no_such_module_anywhere")
        self.assertIn("No module named 'no_such_module_anywhere'", said)


class ToldTests(SynchronousTestCase):
    """Servers that say something and end."""

    def told(self, *options: str) -> str:
        run = subprocess.run(twistd(*options), cwd=ROOT, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_help(self) -> None:
        """--help names every option."""
        said = self.told("cpyrender", "--help")
        for option in ("port", "isolation", "slots", "queue", "timeout", "cpu", "memory", "max-body", "max-output",
                       "max-log", "preload", "fonts", "allow-quit", "no-legacy",
                       "no-page"):  # fmt: skip
            self.assertIn(f"--{option}", said)

    def test_version(self) -> None:
        """--version is cpyrender's own."""
        self.assertRegex(self.told("cpyrender", "--version"), r"^cpyrender \d+\.\d+\.\d+\n$")

    def test_plugin_is_listed(self) -> None:
        """twistd knows the plugin."""
        self.assertIn("cpyrender", self.told("--help"))


class StartedTests(SynchronousTestCase):
    """A server that has just started."""

    def test_huge_pages(self) -> None:
        """What a request goes through in the server itself is in huge pages, of 2 MB each."""
        need_huge_pages()
        with serving("--slots", "1") as server:
            lines = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()
        (kilobytes,) = (int(line.split()[1]) for line in lines if line.startswith("AnonHugePages:"))

        self.assertGreaterEqual(kilobytes, 2048)
