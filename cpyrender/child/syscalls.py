"""The system call filter, seen from the process that it is put on. It is made in L{cpyrender.pool.syscalls}."""

from __future__ import annotations

import os
import struct

from cpyrender.child import linux

# struct sock_filter: code, jump if true, jump if false, constant.
_INSTRUCTION = struct.Struct("=HBBI")

#: Stands in a filter where the process's own id is to be, for it is not known when the filter is made.
OWN_PID = 0x50594350


def with_own_pid(program: bytes, pid: int) -> bytes:
    """Return the filter for a process with this id."""
    instructions = [_INSTRUCTION.unpack(program[at : at + 8]) for at in range(0, len(program), 8)]
    return b"".join(_INSTRUCTION.pack(*jump, pid if k == OWN_PID else k) for *jump, k in instructions)


def restrict(program: bytes) -> None:
    """Allow nothing from here on but what the filter lets through.

    @raise OSError: the kernel takes no filter.
    """
    linux.install_filter(with_own_pid(program, os.getpid()))
