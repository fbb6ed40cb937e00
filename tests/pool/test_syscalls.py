"""Tests of L{cpyrender.pool.syscalls}."""

import json
import struct
import sys

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cpyrender.child.syscalls import OWN_PID
from cpyrender.pool.syscalls import NoFilter, compile_filter
from tests.child.apart import run_apart

_CALLED = """
import ctypes, errno, json, os, sys
from cpyrender.child import linux, syscalls
from cpyrender.pool.syscalls import compile_filter

def call(number):
    ctypes.set_errno(0)
    libc.syscall(ctypes.c_long(number), ctypes.c_long(-1), ctypes.c_long(0), ctypes.c_long(0))
    return errno.errorcode.get(ctypes.get_errno(), "done")

libc = ctypes.CDLL(None, use_errno=True)
linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
syscalls.Filter.parse(compile_filter()).to_restrict(os.getpid()).make()
print(json.dumps([call(int(number)) for number in sys.argv[1:]]))
"""


def filtered(*numbers: int) -> list[str]:
    """Return what a process with the filter on it is answered to calls of these numbers."""
    try:
        compile_filter()
    except NoFilter as error:
        raise SkipTest(str(error)) from None
    answers: list[str] = json.loads(run_apart(_CALLED, *numbers))
    return answers


class CompileFilterTests(SynchronousTestCase):
    """L{compile_filter}."""

    def test_program(self) -> None:
        """The filter is a whole number of instructions, and asks in places for the id that is yet to be known."""
        try:
            program = compile_filter()
        except NoFilter as error:
            raise SkipTest(str(error)) from None

        self.assertEqual(len(program) % 8, 0)
        self.assertIn(OWN_PID, [constant for _, constant in struct.iter_unpack("=II", program)])

    def test_unknown_numbers(self) -> None:
        """Numbers that no call has, and those of calls that are newer than the list, are answered as if not there."""
        self.assertEqual(filtered(337, 400, 423, 451, 500, 640, 9999, 0x3FFFFFFF), ["ENOSYS"] * 8)

    def test_known_numbers(self) -> None:
        """The numbers beside those that are not known have calls, and are allowed or refused as such."""
        # pidfd_send_signal, io_uring_setup, set_mempolicy_home_node; futex_waitv is allowed, and finds nothing.
        self.assertEqual(filtered(424, 425, 450, 449), ["EPERM", "EPERM", "EPERM", "EINVAL"])

    def test_no_library(self) -> None:
        """Where libseccomp or its binding is missing, who asks is told what to install."""
        before = dict(sys.modules)
        self.addCleanup(sys.modules.update, before)
        self.addCleanup(sys.modules.pop, "pyseccomp")
        sys.modules["pyseccomp"] = None  # type: ignore[assignment]  # so an import of it fails

        self.assertIn("apt-get install libseccomp2", str(self.assertRaises(NoFilter, compile_filter)))
