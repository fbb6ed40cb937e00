"""Tests of L{cpyrender.pool.running_template}: the server's side of a template, which is played here."""

import base64
import json
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from attrs import define, field
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.pages import Pages, Stock
from cpyrender.pool.running_template import CannotLearn, RunningTemplate, TemplateLost, let_kernel_wait


@define
class PlayedProcess:
    """A process that ends when it is killed, or, if it is polite, when it is waited for.

    @ivar calls: what was asked of it.
    """

    pid: int = 1
    polite: bool = True
    calls: list[str] = field(factory=list)

    def kill(self) -> None:
        self.calls.append("kill")
        self.polite = True

    def wait(self, timeout: float | None = None) -> int:
        self.calls.append("wait")
        if not self.polite:
            raise subprocess.TimeoutExpired("template", timeout or 0)
        return 0


class RunningTemplateTests(SynchronousTestCase):
    """L{RunningTemplate}."""

    def setUp(self) -> None:
        ours, self.its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(ours.close)
        self.addCleanup(self.its.close)
        let_kernel_wait(ours, 60)
        self.ours = ours
        self.process = PlayedProcess()
        self.template = RunningTemplate(self.process, ours)

    def send(self, count: int, **said: object) -> None:
        """Answer as a template does, with so many descriptors."""
        pipes = [os.pipe() for _ in range(count)]
        socket.send_fds(self.its, [json.dumps(said).encode()], [read for read, _ in pipes])
        for pair in pipes:
            for fd in pair:
                os.close(fd)

    def test_spare(self) -> None:
        """Asked for a spare, a template sends the name of its folder and descriptors that no child inherits."""
        self.send(6, folder="somewhere")
        spare = self.template.spare()
        self.addCleanup(spare.close)

        self.assertEqual((self.its.recv(100), spare.folder), (b"spare", "somewhere"))
        fds = {spare.script, spare.result, spare.stdout, spare.stderr, spare.ended, spare.pidfd}
        self.assertEqual([os.get_inheritable(fd) for fd in fds], [False] * 6)

    def test_lean(self) -> None:
        """All spares of a template that was taught no pages are lean; after that, those that were to be."""
        found, given, told = [], [], []
        for many in (Pages(), Pages(b"many")):
            self.template.teach(Stock(few=Pages(b"few"), many=many))
            told += [self.its.recv(100), self.its.recv(100)]
            for lean in (False, True):
                self.send(6, folder=None)
                spare = self.template.spare(lean)
                self.addCleanup(spare.close)
                found.append((self.its.recv(100), spare.lean))
            given.append(self.template.gives_pages)

        self.assertEqual(found, [(b"spare", True), (b"lean", True), (b"spare", False), (b"lean", True)])
        self.assertEqual(given, [False, True])
        self.assertEqual(told, [b"pages:", b"few pages:few", b"pages:many", b"few pages:few"])

    def test_ripe(self) -> None:
        """A template says whether it is ripe; spares from before are known as such."""
        found = []
        for ripe in (False, True):
            self.send(0, ripe=ripe, failed=None)
            found.append((self.template.ripe(), self.its.recv(100)))
            self.send(6, folder=None)
            spare = self.template.spare()
            self.addCleanup(spare.close)
            self.its.recv(100)
            found.append(spare.unripe)

        self.assertEqual(found, [(False, b"ripe"), True, (True, b"ripe"), False])

    def test_never_ripe(self) -> None:
        """What keeps a template from becoming as warm as it should be is logged; it is good enough."""
        self.send(0, ripe=True, failed="MemoryError: no more")
        with capturedLogs() as events:
            ripe = self.template.ripe()

        self.assertTrue(ripe)
        self.assertEqual([event["why"] for event in events], ["MemoryError: no more"])

    def test_written(self) -> None:
        """A template that learns says what scripts write to, or why it does not know."""
        self.send(0, written=base64.b64encode(b"names").decode())
        self.send(0, failed="no room")

        self.assertEqual(self.template.written(60), b"names")
        self.assertEqual(str(self.assertRaises(CannotLearn, self.template.written, 60)), "no room")

    def test_many_names(self) -> None:
        """There may be tens of thousands of names."""
        names = bytes(8 * 15_000)
        self.send(0, written=base64.b64encode(names).decode())

        self.assertEqual(self.template.written(60), names)

    def test_refused(self) -> None:
        """A template that cannot fork is not lost, and its reason is passed on."""
        self.send(0, refused="no more processes")

        self.assertEqual(str(self.assertRaises(OSError, self.template.spare)), "no more processes")

    def test_too_few(self) -> None:
        """Where descriptors are lost on the way, those that came are let go of."""
        before = os.listdir("/proc/self/fd")
        self.send(4, folder="somewhere")

        self.assertRaises(OSError, self.template.spare)
        self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_gone(self) -> None:
        """A template that has ended, before it was asked or after, is lost."""
        self.its.shutdown(socket.SHUT_WR)
        for ask in (self.template.spare, self.template.ripe, lambda: self.template.written(60)):
            self.assertRaises(TemplateLost, ask)
        self.its.close()

        for ask in (self.template.spare, self.template.ripe, lambda: self.template.written(60)):
            self.assertRaises(TemplateLost, ask)

    def test_silent(self) -> None:
        """A template that does not answer within its time is lost."""
        let_kernel_wait(self.ours, 0.01)
        lost = self.assertRaises(TemplateLost, self.template.spare)

        self.assertEqual(str(lost), "it does not answer")

    def test_learns_for_long(self) -> None:
        """One that learns has the time that it is given, and no more."""
        self.assertRaises(TemplateLost, self.template.written, 0.01)

    def test_closed(self) -> None:
        """A template that is closed hears so, and is waited for."""
        self.template.close()

        self.assertEqual((self.its.recv(1), self.process.calls), (b"", ["wait"]))

    def test_closed_while_it_is_asked(self) -> None:
        """A template that is closed while somebody waits for its answer hears so, and who waits is told at once."""
        self.its.settimeout(20)
        with ThreadPoolExecutor(1) as threads:
            asked = threads.submit(self.template.ripe)
            self.assertEqual(self.its.recv(100), b"ripe")
            self.template.close()

            self.assertEqual(self.its.recv(100), b"")
            self.assertRaises(TemplateLost, asked.result, 30)

    def test_killed_while_it_is_asked(self) -> None:
        """Whoever waits for a template that is killed is told, whatever becomes of the number that its socket had."""
        for ask in (RunningTemplate.ripe, lambda template: template.written(60)):
            self.setUp()
            numbers = []
            with ThreadPoolExecutor(1) as threads:
                asked = threads.submit(ask, self.template)
                while not self.template._turn.locked():
                    time.sleep(0.01)
                # By now it waits for what comes in.
                time.sleep(0.1)
                self.template.kill()
                try:
                    # Nothing comes out of these.
                    numbers = [fd for _ in range(20) for fd in os.pipe()]
                    self.its.shutdown(socket.SHUT_RDWR)

                    self.assertRaises(TemplateLost, asked.result, 10)
                finally:
                    for fd in numbers:
                        os.close(fd)

    def test_does_not_leave(self) -> None:
        """A template that does not leave when it is told to is killed."""
        self.process.polite = False
        self.template.close()

        self.assertEqual(self.process.calls, ["wait", "kill", "wait"])

    def test_killed(self) -> None:
        """A template that is killed is not asked first."""
        self.template.kill()

        self.assertEqual(self.process.calls, ["kill", "wait"])
