"""Rounds, in each of which all contenders have their turn, in an order drawn anew: noise hits all of them alike."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Each = TypeVar("Each")

#: A slow contender has a turn in the first of so many rounds.
SLOW_EVERY = 4


def within(rounds: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> Iterator[int]:
    """Count rounds from 0, and stop early where the next one would not be done in time, going by the longest."""
    began, longest = clock(), 0.0
    for number in range(rounds):
        start = clock()
        if number and start - began + longest > seconds:
            sys.stderr.write(f"stopped after {number} of {rounds} rounds, for it would take too long\n")
            return
        yield number
        longest = max(longest, clock() - start)


def shuffled(items: Sequence[Each]) -> list[Each]:
    """Return them in an order drawn anew."""
    return random.sample(items, len(items))
