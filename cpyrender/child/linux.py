"""The few calls of Linux that Python's standard library lacks, through ctypes.

Man pages: prctl(2), mount(2), unshare(2).
"""

from __future__ import annotations

import ctypes
import os

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS = 0x00020000
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def prctl(option: int, value: int) -> None:
    """Change an attribute of this process; prctl(2).

    @raise OSError: the kernel refuses.
    """
    _checked(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl({option})")


def unshare(flags: int) -> None:
    """Leave the namespaces that C{flags} name for new ones; unshare(2).

    @raise OSError: the kernel refuses.
    """
    _checked(_libc.unshare(flags), f"unshare({flags:#x})")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system; mount(2).

    @raise OSError: the kernel refuses.
    """
    words = [os.fsencode(word) for word in (source, target, kind)]
    _checked(_libc.mount(*words, flags, os.fsencode(data)), f"mount({target})")


def close_from(lowest: int) -> None:
    """Close every file descriptor from C{lowest} on."""
    os.closerange(lowest, os.sysconf("SC_OPEN_MAX"))
