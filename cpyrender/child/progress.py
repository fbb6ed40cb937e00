"""L{Progress}: what a script has reported of how far it is."""

from __future__ import annotations

import os
import time
from _thread import allocate_lock

from cpyrender import wire

_MOST = 100
_LONGEST = 100
# A person looks at it: more often than this, in seconds, there is nothing to be seen.
_BETWEEN = 0.05


class Progress:
    """Keeps the reports of a script, the newest of which are sent at once.

    @ivar reports: newest last; only so many are kept.
    """

    def __init__(self, result: int | None) -> None:
        """@param result: the descriptor to send them on; C{None}: they are only kept."""
        self.reports: list[tuple[float, str]] = []
        self._result = result
        self._next = 0.0
        self._lock = allocate_lock()

    def __call__(self, fraction: float, text: str) -> None:
        """Take a report."""
        report = (fraction, text[:_LONGEST])
        with self._lock:
            self.reports.append(report)
            del self.reports[:-_MOST]
            if self._result is not None and time.monotonic() >= self._next:
                self._next = time.monotonic() + _BETWEEN
                # In one piece: several threads may report, and pipe(7) keeps what is short together.
                os.write(self._result, b"".join(wire.pack({"kind": "progress", "report": report})))

    def end(self) -> None:
        """Send nothing any more: what comes next is the answer."""
        with self._lock:
            self._result = None
