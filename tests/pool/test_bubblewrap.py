"""Tests of L{cpyrender.pool.bubblewrap}: the words of its command line."""

import os
import shutil

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.bubblewrap import NoBubblewrap, jailed


class JailedTests(SynchronousTestCase):
    """L{jailed}."""

    def setUp(self) -> None:
        self.patch(shutil, "which", lambda name: f"/usr/bin/{name}")
        self.place = os.path.abspath(self.mktemp())
        os.makedirs(os.path.join(self.place, "shown"))
        os.symlink("shown", os.path.join(self.place, "link"))

    def words(self, level: str = "jail", uid: int = 1000) -> list[str]:
        """Return the command line for somebody."""
        self.patch(os, "geteuid", lambda: uid)
        return jailed(
            ["python", "-P"],
            level=level,
            readable=[f"{self.place}/shown", f"{self.place}/link"],
            spool="/spool/jobs",
            size=1000,
            environment={"LANG": "C"},
        )

    def line(self, level: str = "jail", uid: int = 1000) -> str:
        """Return the command line as one text."""
        return f" {' '.join(self.words(level, uid))} "

    def test_command(self) -> None:
        """bubblewrap runs the command, with no variable but those that are named."""
        self.assertEqual(self.words()[0], "/usr/bin/bwrap")
        self.assertEqual(self.words()[-3:], ["--", "python", "-P"])
        self.assertIn(" --clearenv --setenv LANG C ", self.line())

    def test_not_installed(self) -> None:
        """Where it is not installed, who asks is told what to install."""
        self.patch(shutil, "which", lambda name: None)

        self.assertIn("apt-get install bubblewrap", str(self.assertRaises(NoBubblewrap, self.words)))

    def test_shut_in(self) -> None:
        """At each level, for root and others, the jail has its own network and processes, and dies with the server."""
        for level in ("full", "jail"):
            for uid in (0, 1000):
                for word in ("--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"):
                    self.assertIn(f" {word} ", self.line(level, uid))

    def test_host_name(self) -> None:
        """In the jail the machine goes by a name that is not its own."""
        self.assertIn(" --hostname cpyrender ", self.line())

    def test_user_namespace(self) -> None:
        """Who is not root gets a user namespace, and none of its own within that."""
        self.assertIn(" --unshare-user --disable-userns ", self.line(uid=1000))
        self.assertNotIn("--unshare-user", self.line(uid=0))

    def test_means_to_make_namespaces(self) -> None:
        """Only at level full does the template keep the capabilities that namespaces for each script need."""
        self.assertIn(" --cap-add ALL ", self.line("full"))
        self.assertNotIn("--cap-add", self.line("jail"))

    def test_proc(self) -> None:
        """There is no /proc, but for root at level full, who has to describe its user namespace there."""
        seen = {(level, uid): "--proc" in self.words(level, uid) for level in ("full", "jail") for uid in (0, 1000)}

        self.assertEqual([case for case, there in seen.items() if there], [("full", 0)])

    def test_files(self) -> None:
        """What may be read is shown read-only, a link as the link it is, and nothing else of the machine."""
        line = self.line()

        self.assertIn(f" --ro-bind {self.place}/shown {self.place}/shown ", line)
        self.assertIn(f" --symlink shown {self.place}/link ", line)
        self.assertEqual(line.count("-bind "), 1)

    def test_folder(self) -> None:
        """The one folder that can be written to is in memory, and as large as it is said to be."""
        line = self.line()

        self.assertIn(" --perms 0755 --dir /spool --perms 0711 --size 1000 --tmpfs /spool/jobs ", line)
        self.assertIn(" --remount-ro / ", line)
