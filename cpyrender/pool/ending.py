"""How a child ended, as its template tells it."""

from __future__ import annotations

import json
import os
import re
import signal

from attrs import frozen


@frozen
class Ending:
    """The end of a child.

    @ivar code: as L{os.waitstatus_to_exitcode} gives it: the exit status, or a signal's number below zero.
    @ivar cpu: CPU seconds it used.
    @ivar peak: most bytes of memory it held.
    """

    code: int
    cpu: float
    peak: int

    @classmethod
    def parse(cls, word: bytes) -> Ending:
        """Read what the template wrote."""
        said = json.loads(word)
        return cls(os.waitstatus_to_exitcode(said["status"]), said["cpu"], said["peak"])

    def __str__(self) -> str:
        if self.code >= 0:
            return f"exit status {self.code}"
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"


# What Python's faulthandler writes.
_ABORTED = "Fatal Python error: Aborted"
_FATAL = "Fatal Python error:"
_LINE = re.compile(r'^  File "script\.py", line (\d{1,9}) in', re.MULTILINE)


@frozen
class Crash:
    """What is known of a crash.

    @ivar signal: the signal's name.
    @ivar line: the script's line, where Python could still tell.
    """

    signal: str
    line: int | None

    @classmethod
    def of(cls, ending: Ending, stderr: str) -> Crash:
        """Put together what the kernel and what the dying interpreter said."""
        # Two searches, each of which looks at every character once: one for both would, of a stderr that a script has
        # filled for that purpose, look at each as often as there are lines.
        fatal = stderr.find(_FATAL)
        line = None if fatal < 0 else _LINE.search(stderr, fatal)
        # Process 1 of a pid namespace cannot be aborted; the C library then makes it crash in another way.
        name = "SIGABRT" if _ABORTED in stderr else str(ending)
        return cls(name, int(line[1]) if line else None)
