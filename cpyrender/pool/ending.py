"""How a child ended, as its template tells it; where it was, as Python tells it."""

from __future__ import annotations

import os
import re
import signal

from attrs import frozen

from cpyrender import wire


@frozen
class Ending:
    """The end of a child.

    @ivar code: as L{os.waitstatus_to_exitcode} gives it: the exit status, or a signal's number below zero.
    @ivar cpu: CPU seconds it used.
    @ivar peak: most bytes of memory it held.
    @ivar complaint: what it did that the template killed it for.
    """

    code: int
    cpu: float
    peak: int
    complaint: str | None = None

    @classmethod
    def parse(cls, word: bytes) -> Ending:
        """Read what the template wrote."""
        said = wire.loads(word)
        return cls(os.waitstatus_to_exitcode(said["status"]), said["cpu"], said["peak"], said.get("complaint"))

    def __str__(self) -> str:
        if self.code >= 0:
            return f"exit status {self.code}"
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"


# What Python's faulthandler writes.
_ABORTED = "Fatal Python error: Aborted"
_REPORT = "Fatal Python error:"
_LINE = re.compile(r'^  File "script\.py", line (\d{1,9}) in', re.MULTILINE)
_A_REPORT = "(most recent call first)"
# What it writes of a process that is asked where it is, and the last line of that which matters: a script's outermost
# call, or that there are too many.
_STACK = "Stack (most recent call first):\n"
_OUTERMOST = re.compile(r'^  (?:File "script\.py", line \d{1,9} in <module>|\.\.\.)\n', re.MULTILINE)
# Where none of the calls was the script's.
_EMPTY = re.compile(r"^Stack \(most recent call first\):\n(?!  )", re.MULTILINE)
# The last line may be cut where the script's process was killed, or its output is over the limit.
_NOT_OF_THE_SCRIPT = re.compile(
    r'^  File "(?!script\.py")(?:[^\n]*", line \d+ in [^\n]*\n|[^\n]*\Z)|\n?^Extension modules: [^\n]*(?:\n|\Z)',
    re.MULTILINE,
)


def own_frames(stderr: str) -> str:
    """Return what a script's process wrote, without what faulthandler tells of where this server and Python lie."""
    return _EMPTY.sub("", _NOT_OF_THE_SCRIPT.sub("", stderr)) if _A_REPORT in stderr else stderr


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
        # A script may have printed what looks like a report; the interpreter's own comes last.
        line = _LINE.search(stderr, max(0, stderr.rfind(_REPORT))) if _REPORT in stderr else None
        # Process 1 of a pid namespace cannot be aborted; the C library then makes it crash in another way.
        name = "SIGABRT" if _ABORTED in stderr else str(ending)
        return cls(name, int(line[1]) if line else None)


@frozen
class Stack:
    """What a process that was asked has told of where it is.

    @ivar line: the script's line, so far as it has come to that.
    @ivar whole: whether it has told of all of the script's calls.
    """

    line: int | None
    whole: bool

    @classmethod
    def of(cls, stderr: str) -> Stack:
        """Find it in what the process has written since it was asked; of several, the last one counts."""
        start = stderr.rfind(_STACK)
        if start < 0:
            return cls(None, False)
        line = _LINE.search(stderr, start)
        return cls(int(line[1]) if line else None, _OUTERMOST.search(stderr, start) is not None)
