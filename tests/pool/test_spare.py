"""Tests of L{cpyrender.pool.spare}."""

import os
import signal

from twisted.trial.unittest import SynchronousTestCase

from cpyrender import wire
from cpyrender.pool import spare
from cpyrender.pool.ending import Ending
from tests.pool.played import PlayedChild


class SpareTests(SynchronousTestCase):
    """L{cpyrender.pool.spare.Spare}."""

    def setUp(self) -> None:
        self.child = PlayedChild()
        self.addCleanup(self.child.close)
        self.spare = self.child.spare

    def test_killed(self) -> None:
        """A spare that is killed has been ended by the signal that nobody catches."""
        self.addCleanup(self.spare.close)
        self.spare.kill()

        self.assertTrue(self.child.was_killed())

    def test_killed_when_dead(self) -> None:
        """A spare that has ended and been reaped can be killed without harm."""
        self.addCleanup(self.spare.close)
        self.spare.kill()
        self.child.was_killed()

        self.spare.kill()

    def test_asked(self) -> None:
        """A spare can be asked where it is; it is not done any harm."""
        self.addCleanup(self.spare.close)
        self.spare.ask()

        self.assertTrue(self.child.was_asked())
        self.spare.kill()
        self.assertTrue(self.child.was_killed())

    def test_asked_when_dead(self) -> None:
        """A spare that has ended and been reaped can be asked without harm."""
        self.addCleanup(self.spare.close)
        self.spare.kill()
        self.child.was_killed()

        self.spare.ask()

    def test_closed(self) -> None:
        """A spare that is closed holds none of its descriptors."""
        held = [self.spare.script, self.spare.result, self.spare.stdout, self.spare.stderr, self.spare.ended]
        held.append(self.spare.pidfd)
        self.spare.close()

        for fd in held:
            self.assertRaises(OSError, os.fstat, fd)

    def test_removed(self) -> None:
        """A spare that is removed is dead, holds nothing, and its folder is gone."""
        self.spare.folder = self.mktemp()
        os.makedirs(os.path.join(self.spare.folder, "made", "by", "script"))
        self.spare.remove()

        self.assertTrue(self.child.was_killed())
        self.assertRaises(OSError, os.fstat, self.spare.result)
        self.assertFalse(os.path.exists(self.spare.folder))

    def test_tells_of_its_end(self) -> None:
        """Of a spare that has had a script it is known, once it is removed, how it ended."""
        self.spare.given = True
        self.child.end(signal.SIGKILL, cpu=1.5)
        self.spare.remove()

        self.assertEqual(self.spare.ending, Ending(code=-signal.SIGKILL, cpu=1.5, peak=0))

    def test_nobody_tells(self) -> None:
        """A spare of whose end nobody tells is waited for until it is dead, and removed without that."""
        for lose in (self.child.lose_template, lambda: None):
            self.patch(spare, "_MS_TO_TELL", 10)
            self.spare.given = True
            lose()
            self.spare.remove()
            self.assertTrue(self.child.was_killed())
            self.assertIsNone(self.spare.ending)
            self.child = PlayedChild()
            self.addCleanup(self.child.close)
            self.spare = self.child.spare
        self.spare.close()

    def test_dies_slowly(self) -> None:
        """Of a spare that is dead only after some time, the end is told all the same."""
        self.patch(spare, "_MS_TO_TELL", 10)
        self.patch(spare, "wait_for", self.wait)
        self.spare.given = True
        self.spare.remove()

        self.assertEqual(self.spare.ending, Ending(code=-signal.SIGKILL, cpu=0.0, peak=0))

    def wait(self, fd: int, milliseconds: int) -> None:
        """Wait; the template tells of the end only when somebody has waited for the process itself."""
        if fd == self.spare.pidfd:
            self.assertTrue(self.child.was_killed())
            self.child.end(signal.SIGKILL)

    def test_removed_without_a_folder(self) -> None:
        """A spare whose folder vanishes with it can be removed as well."""
        self.spare.folder = None
        self.spare.remove()

        self.assertTrue(self.child.was_killed())

    def assertReady(self, said: bytes, ready: bool) -> None:
        """Check whether a spare that has run a script, and then says this, can be given another one."""
        self.spare.kept()
        self.child.say(said)
        self.assertIs(self.spare.ready(), ready)

    def test_unused(self) -> None:
        """A spare that has run nothing is ready, and has not to say so."""
        self.addCleanup(self.spare.close)

        self.assertTrue(self.spare.ready())

    def test_kept(self) -> None:
        """A spare that is kept is ready when it says so, as long as it says no more, and has one script less to run."""
        self.addCleanup(self.spare.close)
        self.spare.runs = 3
        self.assertReady(wire.READY, True)
        self.assertTrue(self.spare.ready())
        self.assertEqual((self.spare.runs, self.spare.used), (2, True))
        self.child.say(b"x")
        self.assertFalse(self.spare.ready())

    def test_says_too_much(self) -> None:
        """A spare that says anything else, before it is ready or together with that, is not."""
        self.addCleanup(self.spare.close)
        self.assertReady(b"\x06" + wire.READY, False)

    def test_prints(self) -> None:
        """A spare in which something prints though no script is running is not ready."""
        for printed in ({"stdout": b"x"}, {"stderr": b"x"}):
            child = PlayedChild()
            self.addCleanup(child.close)
            self.addCleanup(child.spare.close)
            child.spare.kept()
            child.say(wire.READY)
            child.print(**printed)
            self.assertFalse(child.spare.ready(), printed)

    def test_ended(self) -> None:
        """A spare that ends instead of becoming ready is not ready."""
        self.addCleanup(self.spare.close)
        self.spare.kept()
        self.child.end(1)

        self.assertFalse(self.spare.ready())

    def test_never_ready(self) -> None:
        """A spare that says nothing is not waited for without end."""
        self.addCleanup(self.spare.close)
        self.patch(spare, "_MS_TO_CLEAR", 10)
        self.assertReady(b"", False)

    def test_unread(self) -> None:
        """What a child has not read of its script is counted, also when it is gone."""
        self.addCleanup(self.spare.close)
        counts = [self.spare.unread()]
        os.write(self.spare.script, b"x" * 100)
        counts.append(self.spare.unread())
        os.read(self.child.script, 40)
        counts.append(self.spare.unread())
        self.child.shut("script")
        counts.append(self.spare.unread())

        self.assertEqual(counts, [0, 100, 60, 60])

    def test_all_read(self) -> None:
        """Of a child that has read all, and is gone, nothing is unread."""
        self.addCleanup(self.spare.close)
        os.write(self.spare.script, b"x" * 100)
        os.read(self.child.script, 100)
        self.child.shut("script")

        self.assertEqual(self.spare.unread(), 0)
