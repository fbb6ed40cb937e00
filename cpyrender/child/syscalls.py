"""The system call filter, seen from the process that it is put on. It is made in L{cpyrender.pool.syscalls}."""

from __future__ import annotations

import struct

from attrs import frozen

from cpyrender.child import linux
from cpyrender.child.calls import Call

# Of struct sock_filter: code, jump if true, jump if false; and the constant that follows.
_JUMP = 4
_CONSTANT = struct.Struct("=I")
_SIZE = _JUMP + _CONSTANT.size

#: Stands in a filter where the process's own id is to be, for it is not known when the filter is made.
OWN_PID = 0x50594350


@frozen
class Filter:
    """A filter without the id of the process that it is for.

    @ivar pieces: what stands before, between and after the places where the id is to be.
    """

    pieces: tuple[bytes, ...]

    @classmethod
    def parse(cls, program: bytes) -> Filter:
        """Find the places in a filter: once in a template, since each child has little time."""
        pieces, start = [], 0
        for constant in range(_JUMP, len(program), _SIZE):
            if _CONSTANT.unpack_from(program, constant)[0] == OWN_PID:
                pieces.append(program[start:constant])
                start = constant + _CONSTANT.size
        return cls((*pieces, program[start:]))

    def with_pid(self, pid: int) -> bytes:
        """Return the filter for a process with this id, as the kernel reads it."""
        return _CONSTANT.pack(pid).join(self.pieces)

    def to_restrict(self, pid: int) -> Call:
        """Return the call after which a process with this id may do nothing but what the filter lets through."""
        return linux.to_install_filter(linux.FilterProgram.of(self.with_pid(pid)))
