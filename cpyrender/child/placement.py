"""Placement: what scripts write to lies together from the moment it is made.

To use an object is to write to it: Python counts who refers to it. What a chart uses lies here and there among all that
was imported. Of 2,000 pages that a child has copied for it, half hold one or two such objects; all of them together
would fill 200. They cannot be moved once they are there. But a process that does the same as another makes the same
objects in the same order: so one finds out which of them scripts write to (L{cpyrender.child.learner}), and the next,
which is to be the template, puts these into a place of their own as it makes them.

Each allocation has a name, made from the module that is being run, its size, and how many of that size that has made.
A name that goes wrong, because something was done differently this time, costs a page and harms nothing.

The work is done in C, C{_placement.c}, and left undone where that has not been compiled. See C{PyMem_SetAllocator} in
Python's C API, and C{PYTHONHASHSEED}, on which the order depends in which many things are made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Final

try:
    from cpyrender.child import _placement
except ImportError:
    _placement = None  # type: ignore[assignment]  # there was no compiler

# Bytes of a name, and of how many follow.
_NAME = 8
_BYTE_ORDER: Final = "little"

_run_module = SourceFileLoader.exec_module


def possible() -> bool:
    """Whether this Python has what is needed."""
    return _placement is not None


def begin(names: bytes) -> None:
    """Put what has these names into its place from now on; or, where there are none, record what is made.

    @param names: as of L{pack}.
    """
    if _placement is None:
        return
    _placement.begin(*_unpacked(names))
    SourceFileLoader.exec_module = _run_in_its_scope  # type: ignore[assignment, method-assign]


def _unpacked(names: bytes) -> Iterator[bytes]:
    while names:
        after = _NAME + int.from_bytes(names[:_NAME], _BYTE_ORDER) * _NAME
        yield names[_NAME:after]
        names = names[after:]


def _run_in_its_scope(loader: SourceFileLoader, module: ModuleType) -> None:
    with scope(module.__name__):
        _run_module(loader, module)


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Let what is made meanwhile have names of its own, whatever was made before."""
    if _placement is None or SourceFileLoader.exec_module is _run_module:
        yield
        return
    _placement.enter(name)
    try:
        yield
    finally:
        _placement.leave()


def settle() -> None:
    """Place, and record, nothing any more: all is there that scripts inherit."""
    if _placement is not None:
        SourceFileLoader.exec_module = _run_module  # type: ignore[method-assign]
        _placement.settle()


def watch() -> None:
    """Take note of what this process writes to from now on, of all that was recorded.

    What the kernel itself writes there fails meanwhile: see EFAULT in errno(3). What Python makes meanwhile lies aside.
    """
    _placement.watch()


def written() -> set[bytes]:
    """Return the names of what has been written to since L{watch} was called."""
    return separate(_placement.written())


def separate(names: bytes) -> set[bytes]:
    """Return names that stand one after the other."""
    return {names[start : start + _NAME] for start in range(0, len(names), _NAME)}


def pack(*groups: Iterable[bytes]) -> bytes:
    """Return names for L{begin}.

    @param groups: at most four, each of which gets a place of its own: what more scripts write to comes first. A name
        that is in several of them counts for the first.
    """
    packed, known = [], set[bytes]()
    for group in groups:
        new = sorted({*group} - known)
        known.update(new)
        packed += [len(new).to_bytes(_NAME, _BYTE_ORDER), *new]
    return b"".join(packed)


def read(fd: int) -> bytes:
    """Return all that is in a file, and close it."""
    with os.fdopen(fd, "rb") as file:
        return file.read()
