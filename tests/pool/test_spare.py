"""Tests of L{cpyrender.pool.spare}."""

import os

from twisted.trial.unittest import SynchronousTestCase

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

    def test_closed(self) -> None:
        """A spare that is closed holds none of its descriptors, even where the script's had been closed before."""
        held = [self.spare.script, self.spare.result, self.spare.stdout, self.spare.stderr, self.spare.ended]
        held.append(self.spare.pidfd)
        self.spare.close_script()
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

    def test_removed_without_a_folder(self) -> None:
        """A spare whose folder vanishes with it can be removed as well."""
        self.spare.folder = None
        self.spare.remove()

        self.assertTrue(self.child.was_killed())

    def test_script_closed(self) -> None:
        """Closing the script's pipe shows the child the end of its script, and may be done twice."""
        self.addCleanup(self.spare.close)
        self.spare.close_script()
        self.spare.close_script()

        self.assertEqual(os.read(self.child.script, 1), b"")
