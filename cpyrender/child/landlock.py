"""Which files a script may read, and where it may write: Landlock, which needs no privilege (landlock(7))."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cpyrender.child import linux
from cpyrender.child.calls import Call

_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_TRUNCATE = 1 << 14

_READ = _READ_FILE | _READ_DIR
_OF_A_FILE = _READ_FILE | _WRITE_FILE | _TRUNCATE
# Make no devices: MAKE_CHAR and MAKE_BLOCK, bits 6 and 11.
_NEVER = 1 << 0 | 1 << 6 | 1 << 11

# How many kinds of access to files each version of the interface knows: bits 0 to this one.
_KINDS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
_KINDS_SINCE_5 = 16
_NETWORK_SINCE = 4
_SCOPES_SINCE = 6

_DEVICES_TO_READ = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def ruleset(readable: Iterable[str], folder: str) -> int:
    """Return the descriptor of rules by which a process may read what is named, and write what is in a folder.

    It may connect and bind nowhere, and signal itself alone, as far as the kernel's version of Landlock goes: these are
    also barred by the system call filter. The rules hold for what is mounted below the folder later, too.

    @param readable: files and folders; those that are not there are passed over.
    @param folder: the job folder, or the one in which it will be mounted.
    @raise OSError: there is no Landlock.
    """
    version = linux.landlock_version()
    everything = (1 << _KINDS_BY_VERSION.get(version, _KINDS_SINCE_5)) - 1
    rules = linux.landlock_create_ruleset(
        everything,
        0b11 if version >= _NETWORK_SINCE else 0,
        0b11 if version >= _SCOPES_SINCE else 0,
    )
    for path in readable:
        if os.path.exists(path):
            linux.landlock_allow(rules, path, _READ if os.path.isdir(path) else _READ_FILE)
    for path in _DEVICES_TO_READ:
        linux.landlock_allow(rules, path, _READ_FILE)
    linux.landlock_allow(rules, "/dev/null", _OF_A_FILE & everything)
    linux.landlock_allow(rules, folder, everything & ~_NEVER)
    return rules


def to_live_by(ruleset: int) -> list[Call]:
    """Return the calls after which rules hold for a process and all that it starts, and their descriptor is closed."""
    return [linux.to_landlock_restrict_self(ruleset), linux.to_close(ruleset)]
