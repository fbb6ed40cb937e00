"""Tests of L{cpyrender.child.burial}. What a script abandons is tried in L{tests.child.test_template}."""

import json
import os
import subprocess

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.burial import Child, children_of_this_process
from tests.child.scarce import descriptors


class BuryTests(SynchronousTestCase):
    """The end of a child, as its template sees it."""

    def child(self, *command: str) -> Child:
        """Start a process that leads a group, and return it as the template's child."""
        self.process = subprocess.Popen(command, process_group=0, stdout=subprocess.PIPE)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.wait)
        self.said, ended = os.pipe()
        self.addCleanup(os.close, self.said)
        return Child(self.process.pid, os.pidfd_open(self.process.pid), ended, "")

    def test_told(self) -> None:
        """How a child ended, what it used and what was wrong with it is written to the server, and that is all."""
        child = self.child("sh", "-c", "exit 3")
        child.complaint = "drew a sheep"
        child.bury()
        said = json.loads(os.read(self.said, 1000))

        self.assertEqual((os.waitstatus_to_exitcode(said["status"]), said["complaint"]), (3, "drew a sheep"))
        self.assertGreater(said["peak"], 0)
        self.assertGreaterEqual(said["cpu"], 0)
        self.assertEqual(os.read(self.said, 1000), b"")

    def test_lets_go(self) -> None:
        """Of a buried child no process and no descriptor is left."""
        before = descriptors()
        child = self.child("true")
        child.bury()
        self.process.stdout.close()

        self.assertNotIn(child.pid, children_of_this_process())
        self.assertEqual(len(descriptors()), len(before) + 1)

    def test_group(self) -> None:
        """What a child left running in its group dies with it."""
        self.child("sh", "-c", "(sleep 20; echo lived) & echo started").bury()

        # The pipe ends when the last of those has that held it.
        self.assertEqual(self.process.stdout.read(), b"started\n")

    def test_server_does_not_listen(self) -> None:
        """A child whose server has gone is buried all the same."""
        child = self.child("true")
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), self.said)
        child.bury()

        self.assertNotIn(child.pid, children_of_this_process())


class ChildrenTests(SynchronousTestCase):
    """L{children_of_this_process}."""

    def test_comes_and_goes(self) -> None:
        """A process is among the children from its start until it has been reaped."""
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
            self.assertIn(process.pid, children_of_this_process())

        self.assertNotIn(process.pid, children_of_this_process())
