"""Immortal objects: nobody counts who refers to them, so no page has to be copied because they are used.

To use an object is to write to it: Python counts who refers to it, there where it is. From Python 3.12 on there are
objects whose count says that it is not to be touched (PEP 683): None, numbers, names. Here all that a template has
becomes such an object, for its children never let go of what they inherit. Before 3.12 there is nothing of the kind.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

# As a signed number, the lower half of the count of an immortal object is below zero.
_Count = ctypes.c_uint32
_LEAST = 1 << 31
# In one step: some 20 ms.
_AT_ONCE = 50_000


def make_immortal(objects: list[Any]) -> Iterator[None]:
    """Make objects immortal, and all that they hold; a part in each step.

    @param objects: is empty when that is done.
    """
    count = _count_of_immortals()
    if count is None:
        return objects.clear()
    looked_at = 0
    while objects:
        one = objects.pop()
        if one is not objects and _become_immortal(one, count):
            objects += _held_by(one)
        looked_at += 1
        if looked_at % _AT_ONCE == 0:
            yield


def _count_of_immortals() -> int | None:
    """Return what stands in the lower half of an immortal object's count; C{None}: there are no such objects here.

    Python without a lock for all (PEP 703) counts in other ways.
    """
    if sys.version_info < (3, 12) or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return None
    count = _Count.from_address(id(None)).value
    return count if count >= _LEAST else None


def _become_immortal(one: object, count: int) -> bool:
    """Make an object immortal; return whether it was not yet."""
    its = _Count.from_address(id(one))
    if its.value >= _LEAST:
        return False
    its.value = count
    return True


def _held_by(one: object) -> list[Any]:
    """Return what an object holds; also keys, and what code holds, of which a collector is told nothing."""
    if type(one) is dict:
        return [*one, *one.values()]
    if isinstance(one, CodeType):
        names = (one.co_name, one.co_qualname, one.co_filename, one.co_linetable, one.co_exceptiontable)
        return [one.co_consts, one.co_names, *names]
    return gc.get_referents(one)
