"""Starting where something is missing, or silently broken: nothing is listened for, and it is said why."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Mapping

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.attacks.besieged import MACHINES, besieged
from tests.live.running import ROOT, denied, free_port, twistd

_NO_PROGRAMS = {"PATH": "/nonexistent"}


def _with(folder: str) -> dict[str, str]:
    """Return the environment of a machine; see L{tests.attacks.machines}."""
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(MACHINES / folder), str(ROOT), os.environ.get("PYTHONPATH")]))
    }


class RefusedTests(SynchronousTestCase):
    """Servers that must not start."""

    def refused(
        self, *options: str, lacks: tuple[str, ...] = (), env: Mapping[str, str] | None = None, port: int | None = None
    ) -> str:
        """Run a server, which must end by itself with an error and without a traceback, and return what it said."""
        port = port or free_port()
        run = subprocess.run(
            denied(lacks, twistd("cpyrender", "--port", str(port), *options)),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
        )
        said = run.stdout + run.stderr
        self.assertNotEqual(run.returncode, 0, said)
        self.assertNotIn("Traceback", said)
        return said

    def test_no_bubblewrap(self) -> None:
        """Without bubblewrap, full and jail are refused, and it is said how to get it."""
        for level in ("full", "jail"):
            said = self.refused("--isolation", level, env=_NO_PROGRAMS)
            self.assertIn("bubblewrap is missing (on Debian: apt-get install bubblewrap)", said)

    def test_no_namespaces(self) -> None:
        """Where namespaces are forbidden, full and jail are refused, and both are named with what bubblewrap says."""
        said = self.refused("--isolation", "jail", lacks=("namespaces",))
        self.assertRegex(said, r"full, jail: .*(not permitted|No permissions|namespace)")

    def test_no_pid_namespaces_inside(self) -> None:
        """Where bubblewrap works and a script can have no namespaces of its own, full is refused."""
        said = self.refused("--isolation", "full", lacks=("pidns",))
        self.assertIn("full: ", said)
        self.assertNotIn("jail: ", said)
        self.assertIn("unshare(0x20000000)", said)

    def test_only_confined(self) -> None:
        """Where only confined works, full is refused, never silently replaced."""
        self.assertIn("'full' is asked for", self.refused("--isolation", "full", env=_NO_PROGRAMS))

    def test_no_landlock(self) -> None:
        """Without Landlock every level but none is refused, and it is said what the kernel needs."""
        said = self.refused(lacks=("landlock",))
        self.assertIn("Linux 5.13", said)
        self.assertIn("full, jail, confined: the kernel has no Landlock", said)

    def test_no_libseccomp(self) -> None:
        """Without libseccomp every level but none is refused, and it is said how to get it."""
        said = self.refused(env=_with("without_pyseccomp"))
        self.assertIn("full, jail, confined: libseccomp is missing (on Debian: apt-get install libseccomp2)", said)

    def test_landlock_does_nothing(self) -> None:
        """A server on which Landlock silently does nothing does not listen: it has read the secret it had laid out."""
        said = self.refused(env={**_with("without_landlock"), **_NO_PROGRAMS})
        self.assertRegex(said, "confined: a script can .*read a secret")

    def test_landlock_does_nothing_in_a_jail(self) -> None:
        """So it is at the levels where the jail hides what Landlock would have hidden."""
        said = self.refused(env=_with("without_landlock"))
        for level in ("full", "jail", "confined"):
            self.assertRegex(said, rf"{level}\b[a-z, ]*: a script can .*list the root folder")

    def test_filter_does_nothing(self) -> None:
        """A server on which the system call filter silently lets everything through does not listen, at any level."""
        said = self.refused(env=_with("without_seccomp"))
        for level in ("full", "jail", "confined"):
            self.assertRegex(said, rf"{level}\b[a-z, ]*: a script can .*fork")

    def test_taken_port(self) -> None:
        """A port that somebody else listens on is named."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.assertIn(f"cannot listen on 127.0.0.1:{port}", self.refused(port=port))


class StartedTests(SynchronousTestCase):
    """Servers that start."""

    def test_level_is_told(self) -> None:
        """The level that was reached stands in /health and /ready, and a script there has no id of root's."""
        for level in ("full", "jail", "confined", "none"):
            try:
                server = besieged(level).server
            except SkipTest:
                continue
            for path in ("/health", "/ready"):
                self.assertIn(f'"isolation": "{level}"', server.get(path).text)
            ids = json.loads(
                server.post("import os; response = [*os.getresuid(), *os.getresgid(), *os.getgroups()]").body
            )
            self.assertNotIn(0, ids, level)
