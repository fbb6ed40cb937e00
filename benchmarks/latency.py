"""One client at a time: how long each script takes, from the request to the whole answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from statistics import median

from attrs import evolve, frozen

from benchmarks.contender import FLOOR
from benchmarks.posted import ALL, EMPTY, Posted
from benchmarks.rounds import SLOW_EVERY, shuffled, within
from benchmarks.running import Running
from benchmarks.spread import Spread

# Seconds, for each round.
Times = dict[int, list[float]]


@frozen
class Latency:
    """How long one contender takes, by the script's title.

    @ivar seconds: from the request to the whole answer.
    @ivar over_floor: the same, each divided by the floor's median in the same round: a machine that changes its speed
        does so for both. Of the percentiles beyond the median, the median of all rounds: what else goes on there for a
        few seconds counts in one round only. Empty, where there is no floor.
    """

    seconds: Mapping[str, Spread]
    over_floor: Mapping[str, Spread]

    @classmethod
    def of(cls, took: Mapping[str, Times], floor: Mapping[str, Times]) -> Latency:
        """Put together what was measured, by the script's title; of the floor too, as far as there is one."""
        return cls(
            {title: Spread.of([*chain(*times.values())]) for title, times in took.items()},
            {title: _over(took[title], floor[title]) for title in took if title in floor},
        )


def _over(times: Times, floor: Times) -> Spread:
    rounds = [[one / Spread.of(floor[number]).p50 for one in all_] for number, all_ in times.items()]
    spreads = [Spread.of(one) for one in rounds]
    return evolve(
        Spread.of([*chain(*rounds)]),
        p95=median(one.p95 for one in spreads),
        p99=median(one.p99 for one in spreads),
    )


def measure(runnings: Sequence[Running], rounds: int, seconds: float) -> dict[str, Latency]:
    """Return how long each contender takes, by its name.

    @param seconds: how long all of it may take.
    """
    took: dict[str, dict[str, Times]] = defaultdict(lambda: defaultdict(dict))
    for number in within(rounds, seconds):
        for running in shuffled(runnings):
            if running.contender.slow and number % SLOW_EVERY:
                continue
            for posted in ALL:
                took[running.contender.name][posted.title][number] = times(running, posted)
    return {name: Latency.of(of, took.get(FLOOR.name, {})) for name, of in took.items()}


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
