"""One client at a time: how long each script takes, from the request to the whole answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from benchmarks.posted import ALL, EMPTY, Posted
from benchmarks.rounds import SLOW_EVERY, shuffled, within
from benchmarks.running import Running
from benchmarks.spread import Spread

Spreads = dict[str, dict[str, Spread]]


def measure(runnings: Sequence[Running], rounds: int, seconds: float) -> Spreads:
    """Return for each contender's name and each script's title the spread of seconds.

    @param seconds: how long all of it may take.
    """
    took: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in within(rounds, seconds):
        for running in shuffled(runnings):
            if running.contender.slow and number % SLOW_EVERY:
                continue
            for posted in ALL:
                took[running.contender.name][posted.title] += times(running, posted)
    return {name: {title: Spread.of(all_) for title, all_ in of.items()} for name, of in took.items()}


def times(running: Running, posted: Posted) -> list[float]:
    """Post one script a few times, each as soon as the last is answered, and return the seconds each took.

    The first is not counted: it finds the processor's caches full of another contender.
    """
    client = running.client()
    try:
        client.run(EMPTY.source).check(EMPTY)
        client.run(posted.source).check(posted)
        count = 1 if running.contender.slow else posted.each
        return [client.run(posted.source).check(posted).seconds for _ in range(count)]
    finally:
        client.close()
