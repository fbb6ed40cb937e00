"""Tests of L{cpyrender.child.linux}."""

import errno

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import linux
from tests.child.apart import run_apart

_CLOSE_FROM = """
import os
from cpyrender.child import linux
for number in (3, 4, 50):
    os.dup2(0, number)
linux.close_from(4)
# The highest is that of the listing itself.
print(*sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1])
"""


class CallTests(SynchronousTestCase):
    """Calls that the kernel refuses, and what is made of that."""

    def test_refused(self) -> None:
        """A call that the kernel refuses raises an error with the kernel's number and the name of the call."""
        for call, name in (
            (lambda: linux.prctl(1 << 20, 0), "prctl"),
            (lambda: linux.unshare(1), "unshare"),
        ):
            error = self.assertRaises(OSError, call)
            self.assertEqual(error.errno, errno.EINVAL)
            self.assertIn(name, str(error))

    def test_mount_refused(self) -> None:
        """A mount that the kernel refuses raises an error that names the place."""
        error = self.assertRaises(OSError, linux.mount, "none", "/there is no such place", "tmpfs")

        self.assertIn(error.errno, {errno.ENOENT, errno.EPERM})
        self.assertIn("/there is no such place", str(error))

    def test_close_from(self) -> None:
        """All descriptors from a number on are closed, and none below it."""
        self.assertEqual(run_apart(_CLOSE_FROM).split(), ["0", "1", "2", "3"])
