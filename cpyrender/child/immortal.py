"""Immortal objects: nobody counts who refers to them, so no page has to be copied because they are used.

To use an object is to write to it: Python counts who refers to it, there where it is. From Python 3.12 on there are
objects whose count says that it is not to be touched (PEP 683): None, numbers, names. Here all that a template has
becomes such an object, for its children never let go of what they inherit. Before 3.12 there is nothing of the kind.
Python 3.14 counts on, without a look, for what was in use when it was mortal, until one day it would be mortal again.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

# In the lower half of an immortal object's count, all bits are set.
_Count = ctypes.c_uint32
_IMMORTAL = (1 << 32) - 1
# In one step: some 20 ms.
_AT_ONCE = 50_000


def make_immortal(objects: list[Any]) -> Iterator[None]:
    """Make objects immortal, and all that they hold; a part in each step.

    @param objects: is empty when that is done.
    """
    if not _are_there_any():
        return objects.clear()
    looked_at = 0
    while objects:
        one = objects.pop()
        # Who goes through the list, this, is among the objects, and holds it.
        if one is not objects and _become_immortal(one):
            objects += _held_by(one)
        looked_at += 1
        if looked_at % _AT_ONCE == 0:
            yield


def _are_there_any() -> bool:
    """Whether there are immortal objects in this Python, of the kind that is made here."""
    # Without a lock for all (PEP 703), Python counts in other ways.
    kind_of_ours = (3, 12) <= sys.version_info < (3, 14) and getattr(sys, "_is_gil_enabled", lambda: True)()
    return kind_of_ours and _Count.from_address(id(None)).value == _IMMORTAL


def _become_immortal(one: object) -> bool:
    """Make an object immortal; return whether it was not yet."""
    its = _Count.from_address(id(one))
    if its.value == _IMMORTAL:
        return False
    its.value = _IMMORTAL
    return True


def _held_by(one: object) -> list[Any]:
    """Return what an object holds; also keys, and what code holds, of which a collector is told nothing."""
    if type(one) is dict:
        return [*one, *one.values()]
    if isinstance(one, CodeType):
        names = (one.co_name, one.co_qualname, one.co_filename, one.co_linetable, one.co_exceptiontable)
        return [one.co_consts, one.co_names, *names]
    return gc.get_referents(one)
