"""The code of libraries, as far as a template has it in its memory: read from files, and never written to.

A child inherits none of that. It finds what it needs in the page cache, whether its parent has looked at it or not; so
what a template has run once, to import and to draw, is of no use to anybody any more. See dl_iterate_phdr(3), elf(5).
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Any

from cpyrender.child import linux

_PT_LOAD = 1
_PT_DYNAMIC = 2
_PF_W = 2
_DT_NULL = 0
_DT_TEXTREL = 22
_DT_FLAGS = 30
_DF_TEXTREL = 4
_BITS_64 = 8
# No library has half as many.
_MOST_ENTRIES = 1000


class _Segment(ctypes.Structure):
    """C{Elf64_Phdr}."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("offset", "address", "physical", "in_file", "size", "alignment")),
    )


class _Dynamic(ctypes.Structure):
    """C{Elf64_Dyn}."""

    _fields_ = (("tag", ctypes.c_int64), ("value", ctypes.c_uint64))


class _Library(ctypes.Structure):
    """The beginning of C{struct dl_phdr_info}."""

    _fields_ = (
        ("base", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("segments", ctypes.POINTER(_Segment)),
        ("count", ctypes.c_uint16),
    )


_Visit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Library), ctypes.c_size_t, ctypes.c_void_p)


def code() -> list[tuple[int, int]]:
    """Return where the parts of this program and its libraries are that are not written to.

    @return: pairs of a start and a length, both in bytes; none on machines of less than 64 bits.
    """
    libc: Any = ctypes.CDLL(None)
    found: list[tuple[int, int]] = []

    def visit(library: Any, size: int, data: object) -> int:
        base, segments = library.contents.base, library.contents.segments[: library.contents.count]
        if not any(segment.type == _PT_DYNAMIC and _is_patched(base + segment.address) for segment in segments):
            found.extend(
                _pages(base + segment.address, segment.size)
                for segment in segments
                if segment.type == _PT_LOAD and not segment.flags & _PF_W
            )
        return 0

    if ctypes.sizeof(ctypes.c_void_p) == _BITS_64 and hasattr(libc, "dl_iterate_phdr"):
        libc.dl_iterate_phdr(_Visit(visit), None)
    return found


def let_go() -> None:
    """Have none of it in this process' memory; what is run again comes back."""
    for start, length in code():
        linux.forget(start, length)


def _is_patched(dynamic: int) -> bool:
    """Whether the linker has written addresses into code, and not only into tables beside it: that is rare."""
    entry = ctypes.cast(dynamic, ctypes.POINTER(_Dynamic))
    for number in range(_MOST_ENTRIES):
        tag, value = entry[number].tag, entry[number].value
        if tag == _DT_NULL:
            return False
        if tag == _DT_TEXTREL or (tag == _DT_FLAGS and value & _DF_TEXTREL):
            return True
    return True


def _pages(start: int, size: int) -> tuple[int, int]:
    first = start // mmap.PAGESIZE * mmap.PAGESIZE
    return first, -(-(start + size - first) // mmap.PAGESIZE) * mmap.PAGESIZE
