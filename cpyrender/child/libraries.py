"""Libraries as a template has them in its memory: their code, which is never written to, and what lies beside it.

A child inherits no code. It finds what it needs in the page cache, whether its parent has looked at it or not; so what
a template has run once, to import and to draw, is of no use to anybody any more. What it does inherit is that there
are libraries: each is mapped in five parts or six, and a fork copies, and the end of a child undoes, each of these.
See dl_iterate_phdr(3), elf(5), mprotect(2).
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from typing import Any

from cpyrender.child import linux

_PT_LOAD = 1
_PT_DYNAMIC = 2
_PT_GNU_RELRO = 0x6474E552
_PF_X = 1
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
    return [
        _pages(base + segment.address, segment.size)
        for base, segments in _unpatched()
        for segment in segments
        if segment.type == _PT_LOAD and not segment.flags & _PF_W
    ]


def let_go() -> None:
    """Have none of it in this process' memory; what is run again comes back."""
    for start, length in code():
        linux.forget(start, length)


def join() -> None:
    """Let what lies side by side of a library be one mapping for the kernel, which makes one of what may be used alike.

    So all that is read may be run, and the tables that the linker has filled (RELRO) may be written to, as the data
    behind them may. Both are for those who have found a way to make a program do what it should not. A script does not
    need one: it may run whatever machine code it likes, by C{ctypes}, and what keeps it in is the kernel.
    """
    for base, segments in _unpatched():
        if not any(segment.type == _PT_LOAD and segment.flags & _PF_X for segment in segments):
            continue
        for segment in segments:
            if segment.type == _PT_LOAD and not segment.flags & (_PF_W | _PF_X):
                linux.protect(*_pages(base + segment.address, segment.size), mmap.PROT_READ | mmap.PROT_EXEC)
            elif segment.type == _PT_GNU_RELRO:
                linux.protect(*_whole_pages(base + segment.address, segment.size), mmap.PROT_READ | mmap.PROT_WRITE)


def _unpatched() -> Iterator[tuple[int, list[Any]]]:
    """Yield the address and the segments of each library that is in memory as it is in its file."""
    libc: Any = ctypes.CDLL(None)
    found: list[tuple[int, list[Any]]] = []

    def visit(library: Any, size: int, data: object) -> int:
        found.append((library.contents.base, library.contents.segments[: library.contents.count]))
        return 0

    if ctypes.sizeof(ctypes.c_void_p) == _BITS_64 and hasattr(libc, "dl_iterate_phdr"):
        libc.dl_iterate_phdr(_Visit(visit), None)
    for base, segments in found:
        if not any(segment.type == _PT_DYNAMIC and _is_patched(base + segment.address) for segment in segments):
            yield base, segments


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
    """Return all pages of which something lies there, as a start and a length in bytes."""
    first = start // mmap.PAGESIZE * mmap.PAGESIZE
    return first, -(-(start + size - first) // mmap.PAGESIZE) * mmap.PAGESIZE


def _whole_pages(start: int, size: int) -> tuple[int, int]:
    """Return those that the linker has protected: the last one is not, where something else begins on it."""
    return _pages(start, (start + size) // mmap.PAGESIZE * mmap.PAGESIZE - start)
