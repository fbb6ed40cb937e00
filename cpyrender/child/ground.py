"""Fresh ground: one place in which all lies that a child makes.

malloc, and Python with it, hands out first what has been given back: places here and there among all that the template
has imported and drawn. Whatever a child puts there costs it a copy of the whole page, a thousand for a chart. So before
the template forks, all these places are taken and kept. What a child asks for then comes from the end of the heap,
which is empty and consists of huge pages. See mallopt(3), and C{PyObject_SetArenaAllocator} in Python's C API.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import mmap
from collections import Counter
from collections.abc import Mapping
from typing import Any

from attrs import define

from cpyrender.child import hugepages, linux

# In bytes. What is larger than this does not come from the heap: in a template, of which nothing large is to stay, all
# but Python's arenas, and its table of names; in a child, where it would have to come page by page, only what is
# largest of all.
_ARENA = 1 << 20
_LARGE_IN_TEMPLATE = 2 * _ARENA + (64 << 10)
_LARGE_IN_CHILD = 32 << 20
# So much is free at its end before the heap shrinks.
_SURPLUS = 256 << 20
# So much more than is asked for is there at its end whenever it grows, unless malloc is told otherwise.
_USUAL_MARGIN = 128 << 10
# The empty end of the heap, for charts. Before it lie a place for small things and an arena, which have small pages:
# they are enough for a child that waits, or does next to nothing.
_ROOM = 16 << 20
_LITTLE = 256 << 10
#: Bytes by which it may grow whenever it is cleared: these two, and what it takes to begin with a huge page.
GROWTH = 4 << 20
# What malloc puts before each thing; and the least that it keeps at the end.
_HEADER = 8
_LAST = 32
# Python takes from malloc what is larger, and else cuts it from arenas by itself, in steps.
_LARGEST_OBJECT = 512
_STEP = 16
_BYTES = 33
# Objects of one size lie in pools, each of which begins with what is known of it.
_POOL = 16 << 10
_POOL_HEADER = 48
# Of one size; a template of the usual size has a fifth of it to take of all. There may be something that we do not
# understand.
_MOST_PLACES = 1 << 16

_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3
_RAW_DOMAIN = 0

_keep = ctypes.pythonapi.Py_IncRef
_keep.argtypes = (ctypes.py_object,)
_keep.restype = None


class _Allocator(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in ("context", "malloc", "calloc", "realloc", "free"))


class _ArenaAllocator(ctypes.Structure):
    """C{PyObjectArenaAllocator}."""

    _fields_ = tuple((name, ctypes.c_void_p) for name in ("context", "alloc", "free"))

    @classmethod
    def current(cls) -> _ArenaAllocator:
        """Return the one in use."""
        it = cls()
        ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(it))
        return it

    @classmethod
    def of_malloc(cls) -> _ArenaAllocator:
        """Return one that uses malloc, through Python's functions for it."""
        raw = _Allocator()
        ctypes.pythonapi.PyMem_GetAllocator(_RAW_DOMAIN, ctypes.byref(raw))
        # They take what those of arenas take; but its size, with which an arena is freed, is not looked at.
        return cls(raw.context, raw.malloc, raw.free)

    def use(self) -> None:
        """Let Python take its arenas here."""
        ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(self))

    def free_no_more(self) -> None:
        """Let Python keep all arenas that it has, wherever they are from."""
        self.free = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p).value
        self.use()


@define
class Heap:
    """The heap of this process, with Python's arenas in it."""

    _libc: Any
    # Where the room at its end began, when it was last made.
    _room: int | None = None

    @classmethod
    def lay_out(cls) -> Heap | None:
        """Let Python take its arenas from the heap from now on; to be called before anything large is imported.

        @return: C{None} where that cannot be: without glibc, or where the heap does not grow at its end.
        """
        libc = _libc()
        if libc is None:
            return None
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_IN_TEMPLATE)
        before, wanted = _ArenaAllocator.current(), _ArenaAllocator.of_malloc()
        wanted.use()
        start = libc.malloc(_ARENA)
        libc.free(start)
        heap = cls(libc)
        # Arenas of before must never be given back to where they are not from: in those with room, something is kept;
        # the others are full of what Python itself began with.
        if not heap._take_objects(_LARGEST_OBJECT, start):
            before.use()
            return None
        # At its end Python gives back everything, also those.
        atexit.register(wanted.free_no_more)
        return heap

    def end_evenly(self) -> None:
        """Let it end where a huge page does; to be called before a fork with which this process goes on.

        What was there at the fork, and what the heap grows by later, are two mappings for the kernel; and no huge page
        is in both.
        """
        self._libc.mallopt(_M_TRIM_THRESHOLD, _SURPLUS)
        self._libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_IN_CHILD)
        self._libc.mallopt(_M_TOP_PAD, 0)
        start, end = self._end() - 2 * _HEADER, hugepages.end_around(self._libc.sbrk(0))
        self._libc.free(self._libc.malloc(end - start - _LAST - _HEADER))
        self._libc.mallopt(_M_TOP_PAD, _USUAL_MARGIN)
        self._libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_IN_TEMPLATE)

    def clear(self) -> None:
        """Keep all places that are free, so that what is asked for comes from the heap's end; make room there."""
        # Python keeps some of what it needs often to itself, until all garbage is collected.
        gc.collect()
        self._libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_IN_CHILD)
        self._libc.mallopt(_M_TRIM_THRESHOLD, _SURPLUS)
        end = self._end()
        # Whole pages that are free go back to the system: they need not be there to be taken.
        self._libc.malloc_trim(_SURPLUS)
        self._take_from_malloc(end)
        little = self._libc.malloc(_LITTLE)
        sizes = iter(range(_LARGEST_OBJECT, 0, -_STEP))
        # What this is done with lies among what is taken as well.
        for used in (sizes, end, little):
            _keep(used)
        for size in sizes:
            self._take_objects(size, little)
        # Where they were counted, as the count grew.
        self._take_from_malloc(end)
        self._make_room()
        self._libc.free(little)

    def _make_room(self) -> None:
        """Let the heap's end begin with a huge page, and none of it be there yet."""
        next_place = self._end()
        start, _ = hugepages.within(next_place + _HEADER, next_place + _ROOM)
        self._libc.malloc(start - next_place - _HEADER)
        self._end()
        if self._room is not None:
            # What lies there by now has gaps, which the kernel would fill.
            linux.prefer_small_pages(self._room, start - self._room)
        self._room = start
        room = hugepages.within(start, self._libc.sbrk(0))
        linux.forget(*room)
        linux.prefer_huge_pages(*room)

    def _end(self) -> int:
        """Return where the next large thing will be, having let the heap grow by so much."""
        place: int = self._libc.malloc(_ROOM)
        self._libc.free(place)
        return place

    def _take_from_malloc(self, end: int) -> None:
        size = _ROOM
        for _ in range(_MOST_PLACES):
            place = self._libc.malloc(size)
            if place < end:
                continue
            self._libc.free(place)
            size = size * 15 // 16 if size > 1 << 10 else size - _STEP
            if size <= 0:
                return

    def _take_objects(self, size: int, start: int) -> bool:
        """Make objects of a size until one lies in the heap, behind an address; return whether one did."""
        in_pools: Counter[int] = Counter()
        numbers = iter(range(_MOST_PLACES))
        for used in (in_pools, numbers):
            _keep(used)
        for number in numbers:
            made = _object(size, number)
            if start <= id(made) < self._libc.sbrk(0):
                _forget_taken_pools(in_pools, size)
                _keep(number)
                return True
            # For ever, and with nothing that the collector could find it by.
            _keep(made)
            in_pools[id(made) // _POOL] += 1
        return False


def _forget_taken_pools(taken: Mapping[int, int], size: int) -> None:
    """Give pages back to the system that hold nothing but taken places: nobody looks at these again.

    @param taken: how many places of this size have been taken, by the number of the pool that they are in.
    """
    for pool, count in taken.items():
        if count == (_POOL - _POOL_HEADER) // size:
            linux.forget(pool * _POOL + mmap.PAGESIZE, _POOL - mmap.PAGESIZE)


def _libc() -> Any:
    """Return the C library, if it is one whose malloc can be told what to do."""
    libc = ctypes.CDLL(None)
    if not (hasattr(libc, "mallopt") and hasattr(libc, "gnu_get_libc_version")):
        return None
    libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
    libc.malloc.argtypes, libc.free.argtypes, libc.sbrk.argtypes = (
        (ctypes.c_size_t,),
        (ctypes.c_void_p,),
        (ctypes.c_ssize_t,),
    )
    return libc


def _object(size: int, number: int) -> object:
    """Return a new object of about so many bytes, which no collector visits."""
    if size >= _BYTES + _STEP - 1:
        return bytes(size - _BYTES)
    return float(number) if size > _STEP else object()
