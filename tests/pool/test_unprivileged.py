"""Tests of L{cpyrender.pool.unprivileged}."""

import os

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.unprivileged import unused_uid


class UnusedUidTests(SynchronousTestCase):
    """L{unused_uid}."""

    def be(self, uid: int) -> None:
        """Let this process seem to be somebody's."""
        self.patch(os, "geteuid", lambda: uid)

    def test_ordinary_user(self) -> None:
        """Who is not root has nobody else to become."""
        self.be(1000)

        self.assertIsNone(unused_uid())

    def test_range(self) -> None:
        """Root becomes one of those that systemd keeps for passing services."""
        self.be(0)

        self.assertIn(unused_uid(), range(61184, 65520))

    def test_taken(self) -> None:
        """A user id under which a process runs is not chosen."""
        self.be(0)
        first = unused_uid()
        seen = os.stat("/proc/self")
        self.patch(os, "stat", lambda path, **how: os.stat_result([*seen[:4], first, *seen[5:]]))

        self.assertNotEqual(unused_uid(), first)
