"""Random numbers that differ from one script to the next."""

from __future__ import annotations

import _random
import ctypes
import os
import random
from typing import Any

from cpyrender.child import linux
from cpyrender.child.calls import Calls

# Bytes: of one number, numpy takes no more.
_SEED = 4
# The state of a Mersenne twister: so many numbers of 32 bits, and how many of them have been used.
_NUMBERS = 624
_State = ctypes.c_uint32 * _NUMBERS


def reseed() -> None:
    """Let random numbers differ; to be called before each script, or before the fork of its child.

    A child that did so itself would have 80 pages copied for that.
    """
    random.seed()
    # Heavy, and already there: the template has imported it.
    import numpy

    # With an array, or without anything, numpy takes ten times as long: half a millisecond of each script's.
    numpy.random.seed(int.from_bytes(os.urandom(_SEED), "big"))


def to_reseed() -> Calls | None:
    """Return the calls that do as L{reseed} has just done, as long as no random number is used in between.

    They fill the generators' states with random bits. numpy says where its own is (C{BitGenerator.ctypes}); Python does
    not, so that it is looked for where it should be.

    @return: C{None}: something is not where it was looked for.
    """
    python, numpy = _of_python(), _of_numpy()
    if python is None or numpy is None:
        return None
    return Calls(linux.to_get_random(start, ctypes.sizeof(_State)) for start in (python, numpy))


def _of_python() -> int | None:
    # All of an object of C, before what its class in Python has added: how many have been used, and the numbers.
    generator: Any = getattr(random.random, "__self__", None)
    used = ctypes.sizeof(ctypes.c_int)
    size = object.__basicsize__ + used + ctypes.sizeof(_State)
    if not isinstance(generator, random.Random) or _random.Random.__basicsize__ < size:
        return None
    start = id(generator) + object.__basicsize__
    *numbers, count = random.getstate()[1]
    is_it = ctypes.c_int.from_address(start).value == count and _numbers(start + used) == numbers
    return start + used if is_it and count == _NUMBERS else None


def _of_numpy() -> int | None:
    from numpy.random import mtrand

    generator = mtrand.get_bit_generator()
    state: Any = generator.state
    if state["bit_generator"] != "MT19937" or state["state"]["pos"] != _NUMBERS:
        return None
    start: int = generator.ctypes.state_address
    return start if _numbers(start) == state["state"]["key"].tolist() else None


def _numbers(start: int) -> list[int]:
    return [*_State.from_address(start)]
