"""Where a script is when its time is over: its process is asked, and has a moment to say so.

What it writes to its stderr then is Python's own (L{cpyrender.child.whereabouts}). A script can prevent that, or write
the like of it itself: it is its own client that is told nothing, or nonsense.
"""

from __future__ import annotations

import time

from cpyrender.pool.ending import Stack
from cpyrender.pool.printed import Printed
from cpyrender.pool.spare import Spare, wait_for

_SECONDS_TO_SAY = 0.03
# Python tells of a hundred calls at most.
_LONGEST = 1 << 17


def line_of(spare: Spare, stderr: Printed) -> int | None:
    """Return the line that a script is on; C{None}: its process has not said so within that moment.

    @param stderr: what it prints there, of which what it says becomes a part.
    """
    if stderr.full:
        return None
    until = time.monotonic() + _SECONDS_TO_SAY
    before = stderr.kept
    spare.ask()
    stack = Stack(line=None, whole=False)
    while not (stack.whole or stderr.full or stderr.kept - before > _LONGEST) and _read(spare.stderr, stderr, until):
        stack = Stack.of(stderr.text(before))
    return stack.line


def _read(fd: int, stderr: Printed, until: float) -> bool:
    """Read what comes next; return whether there is more to wait for."""
    seconds = until - time.monotonic()
    if seconds <= 0 or not wait_for(fd, seconds * 1000):
        return False
    try:
        return stderr.read()
    except BlockingIOError:
        return True  # A script can read from its own end, and be faster.
