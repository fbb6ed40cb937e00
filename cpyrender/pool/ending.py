"""How a child ended, as its template tells it."""

from __future__ import annotations

import json
import os
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
