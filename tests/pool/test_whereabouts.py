"""Tests of L{cpyrender.pool.whereabouts}."""

import threading
import time

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool import whereabouts
from cpyrender.pool.printed import Printed
from cpyrender.pool.whereabouts import line_of
from tests.pool.played import PlayedChild

_STACK = """\
Stack (most recent call first):
  File "/usr/lib/python3/re.py", line 500 in match
  File "script.py", line {line} in f
  File "script.py", line 99 in <module>
"""
_LONG = 60.0


class LineOfTests(SynchronousTestCase):
    """L{line_of}."""

    def setUp(self) -> None:
        self.child = PlayedChild()
        self.addCleanup(self.child.close)
        self.thread = threading.Thread(target=self.print_on_and_on)
        self.addCleanup(self.join)
        # Closed first, so that the thread prints no more.
        self.addCleanup(self.child.spare.close)
        self.stderr = Printed(self.child.spare.stderr, 1 << 16)

    def line(self, *pieces: str, patience: float = _LONG) -> int | None:
        """Return the line of a script whose process says this when it is asked."""
        self.patch(whereabouts, "_SECONDS_TO_SAY", patience)
        self.child.spare.asked = lambda: [self.child.print(stderr=piece.encode()) for piece in pieces]
        return line_of(self.child.spare, self.stderr)

    def test_at_once(self) -> None:
        """The line is told as soon as it is known, and what was said is kept with what had been printed."""
        self.child.print(stderr=b"printed")

        self.assertEqual(self.line(_STACK.format(line=7)), 7)
        self.assertEqual(self.stderr.text(), "printed" + _STACK.format(line=7))
        self.assertTrue(self.child.was_asked())

    def test_piece_by_piece(self) -> None:
        """What comes in pieces is put together."""
        told = _STACK.format(line=7)
        self.patch(whereabouts, "wait_for", lambda fd, _: self.child.print(stderr=pieces.pop(0).encode()) or True)
        pieces = [told[:40], told[40:90], told[90:]]

        self.assertEqual(self.line(), 7)

    def test_silence(self) -> None:
        """One that says nothing is waited for a moment only, whatever it had printed before."""
        self.child.print(stderr=_STACK.format(line=7).encode())
        self.stderr.read()
        began = time.monotonic()

        self.assertIsNone(self.line(patience=0.01))
        self.assertTrue(0.01 <= time.monotonic() - began < _LONG)

    def test_half(self) -> None:
        """Of one that falls silent in the middle, the line is known if it was told until then."""
        told = _STACK.format(line=7)

        self.assertIsNone(self.line(told[:40], patience=0.01))
        self.assertEqual(self.line(told[:120], patience=0.01), 7)

    def test_shut(self) -> None:
        """One that has closed its stderr is not waited for."""
        self.child.shut("stderr")

        self.assertIsNone(self.line())

    def test_full(self) -> None:
        """One that has printed all that is kept is not asked."""
        self.stderr = Printed(self.child.spare.stderr, 10)
        self.child.print(stderr=b"0123456789")
        self.stderr.read()

        self.assertIsNone(self.line(_STACK.format(line=7)))
        self.assertFalse(self.child.was_asked())

    def test_full_meanwhile(self) -> None:
        """One whose words are cut at the end of what is kept is not waited for; the line counts if it is there."""
        for room, line in ((60, None), (120, 7)):
            self.stderr = Printed(self.child.spare.stderr, room)
            self.assertEqual(self.line(_STACK.format(line=7)), line, room)
            self.stderr.read_rest()

    def test_thief(self) -> None:
        """One that reads what it said itself is waited for on."""
        self.patch(whereabouts, "wait_for", lambda *_: True)

        self.assertIsNone(self.line(patience=0.01))

    def test_flood(self) -> None:
        """One that prints without end is listened to for so many bytes and no more."""
        self.stderr = Printed(self.child.spare.stderr, 1 << 30)
        self.thread.start()

        self.assertIsNone(self.line())
        self.assertLess(self.stderr.kept, 1 << 20)

    def print_on_and_on(self) -> None:
        """Print, as long as there is somebody to read it."""
        try:
            while True:
                self.child.print(stderr=b"again and again\n" * 100)
        except BrokenPipeError:
            pass

    def join(self) -> None:
        """Wait for what is printed to end."""
        if self.thread.ident is not None:
            self.thread.join()
