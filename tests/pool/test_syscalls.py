"""Tests of L{cpyrender.pool.syscalls}."""

import struct
import sys

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cpyrender.child.syscalls import OWN_PID
from cpyrender.pool.syscalls import NoFilter, compile_filter


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

    def test_no_library(self) -> None:
        """Where libseccomp or its binding is missing, who asks is told what to install."""
        before = dict(sys.modules)
        self.addCleanup(sys.modules.update, before)
        self.addCleanup(sys.modules.pop, "pyseccomp")
        sys.modules["pyseccomp"] = None  # type: ignore[assignment]  # so an import of it fails

        self.assertIn("apt-get install libseccomp2", str(self.assertRaises(NoFilter, compile_filter)))
