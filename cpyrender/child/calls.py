"""L{Calls}: functions of the C library called one after the other in one go, with no Python in between.

To run Python is to write to memory: it counts who refers to each object that it uses. A freshly forked child has to
copy each page that it writes to, and had copied 200 by the time it was confined, a millisecond of each script's. What
is to be called is the same in each child; so it is laid out once, where children are forked from.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

# An address and six arguments.
_PACKED = struct.Struct("=Q6q")
_ARGUMENTS = 6
_SIZE_OF_ONE = 8

_PROTOTYPE = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_long] * _ARGUMENTS, use_errno=True)

try:
    from cpyrender.child._calls import make as _make
except ImportError:  # there was no compiler

    def _make(packed: bytearray, /) -> tuple[int, int] | None:
        for number, (address, *arguments) in enumerate(_PACKED.iter_unpack(packed)):
            if _PROTOTYPE(address)(*arguments) == -1:
                return number, ctypes.get_errno()
        return None


@frozen
class Call:
    """A call of a function that returns an int, and -1 where it fails, with the reason in errno.

    @ivar what: what is called, for the error.
    @ivar arguments: at most six numbers, or addresses of what is kept.
    @ivar kept: what there has to be as long as the call may be made.
    """

    what: str
    address: int
    arguments: tuple[int, ...]
    kept: tuple[object, ...] = ()

    @classmethod
    def of(cls, what: str, function: Any, *arguments: int | str | ctypes.Array[Any] | ctypes.Structure | None) -> Call:
        """
        @param function: of a library that C{ctypes} has loaded.
        @param arguments: numbers; or texts and structures, the addresses of which are to be handed over.
        """
        numbers: list[int] = []
        kept: list[object] = []
        for argument in arguments:
            if argument is None or isinstance(argument, int):
                numbers.append(argument or 0)
                continue
            memory = ctypes.create_string_buffer(os.fsencode(argument)) if isinstance(argument, str) else argument
            numbers.append(ctypes.addressof(memory))
            kept.append(memory)
        address = ctypes.cast(function, ctypes.c_void_p).value
        assert address is not None
        return cls(what, address, tuple(numbers), tuple(kept))

    def make(self) -> None:
        """Call it now.

        @raise OSError: it fails.
        """
        Calls([self]).make()

    def packed(self) -> bytes:
        """Return it as C has it."""
        padding = [0] * (_ARGUMENTS - len(self.arguments))
        return _PACKED.pack(self.address, *self.arguments, *padding)


class Calls:
    """Calls to be made one after the other."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._calls = tuple(calls)
        self._packed = bytearray(b"".join(call.packed() for call in self._calls))

    @property
    def all(self) -> bytearray:
        """They as C has them: each an address and six arguments, numbers of 64 bits."""
        return self._packed

    def __add__(self, others: Calls) -> Calls:
        return Calls((*self._calls, *others._calls))

    def afresh(self) -> Calls:
        """Return the same ones, in another place."""
        fresh = Calls(self._calls)
        fresh._packed[:] = self._packed
        return fresh

    def give(self, number: int, value: int) -> None:
        """Let the first argument of one of the calls be this from now on.

        @param number: of the call, from 0.
        """
        struct.pack_into("=q", self._packed, number * _PACKED.size + _SIZE_OF_ONE, value)

    @contextmanager
    def to_no_effect(self) -> Iterator[None]:
        """Make none of them meanwhile, whoever asks for it."""
        packed, self._packed = self._packed, bytearray()
        try:
            yield
        finally:
            self._packed = packed

    def make(self) -> None:
        """Make them all.

        @raise OSError: one fails; those after it have not been made.
        """
        failed = _make(self._packed)
        if failed is not None:
            number, error = failed
            raise OSError(error, f"{self._calls[number].what}: {os.strerror(error)}")
