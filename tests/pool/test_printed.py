"""Tests of L{cpyrender.pool.printed}."""

import os

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.printed import Printed


class PrintedTests(SynchronousTestCase):
    """L{Printed}."""

    def setUp(self) -> None:
        read, self.write = os.pipe()
        self.addCleanup(os.close, read)
        os.set_blocking(read, False)
        self.printed = Printed(read, 10)

    def test_beginning(self) -> None:
        """The beginning is kept, however it comes, and what is lost is counted."""
        for piece in (b"0123", b"456789ab", b"cdef"):
            os.write(self.write, piece)
            self.assertTrue(self.printed.read())
        os.close(self.write)

        self.assertFalse(self.printed.read())
        self.assertEqual((self.printed.text(), self.printed.lost), ("0123456789", 6))

    def test_so_far(self) -> None:
        """It is known how much has been kept and whether that is all that will be; what came later can be had alone."""
        self.addCleanup(os.close, self.write)
        for piece, kept, full, text in ((b"01234", 5, False, "34"), (b"567890", 10, True, "3456789")):
            os.write(self.write, piece)
            self.printed.read()
            self.assertEqual((self.printed.kept, self.printed.full, self.printed.text(3)), (kept, full, text))

    def test_nothing_yet(self) -> None:
        """Where nothing is there, that is said, and nothing is lost by it."""
        self.addCleanup(os.close, self.write)

        self.assertRaises(BlockingIOError, self.printed.read)
        self.printed.read_rest()
        self.assertEqual((self.printed.text(), self.printed.lost), ("", 0))

    def test_rest(self) -> None:
        """The rest is read to its end, or to where nothing more is there at the moment."""
        os.write(self.write, b"said")
        self.printed.read_rest()
        os.write(self.write, b", and more")
        os.close(self.write)
        self.printed.read_rest()

        self.assertEqual((self.printed.text(), self.printed.lost), ("said, and ", 4))

    def test_not_text(self) -> None:
        """What is not UTF-8, or has been cut within a character, is replaced."""
        os.write(self.write, b"012345678\xc3\xa9")
        os.close(self.write)
        self.printed.read_rest()

        self.assertEqual(self.printed.text(), "012345678\ufffd")
