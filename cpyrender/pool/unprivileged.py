"""Whom scripts run as, where the server was started as root."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

# systemd's range for users that exist only while a service runs; no package creates accounts there.
_FIRST, _LAST = 61184, 65519


def unused_uid() -> int | None:
    """Return a user id that nobody has and no process runs under; C{None} where the server is not root itself."""
    if os.geteuid() != 0:
        return None
    taken = {entry.pw_uid for entry in pwd.getpwall()} | _running()
    candidates = range(_FIRST + os.getpid() % 4000, _LAST)
    return next(uid for uid in candidates if uid not in taken)


def _running() -> set[int]:
    found: set[int] = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.add(process.stat().st_uid)
        except OSError:
            continue
    return found
