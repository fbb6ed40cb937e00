"""One client at a time: how long each script takes, from the request to the whole answer."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from statistics import fmean, median

from attrs import evolve, frozen

from benchmarks.client import Client
from benchmarks.contender import FLOOR
from benchmarks.floor import FloorClient
from benchmarks.posted import ALL, EMPTY, Posted
from benchmarks.rounds import SLOW_EVERY, shuffled, within
from benchmarks.running import Running
from benchmarks.spread import Spread

# Seconds: for each round, those of each of its processes. Only the floor has several.
Times = dict[int, list[list[float]]]


@frozen
class Latency:
    """How long one contender takes, by the script's title.

    @ivar seconds: from the request to the whole answer.
    @ivar over_floor: the same, each divided by the floor's median in the same round: a machine that changes its speed
        does so for both. The floor has a process on each core, and it is the mean of their medians: of cores that are
        shared with who knows whom, one may take half as long again as the other, and everybody else is at home on all.
        Of the percentiles beyond the median, the median of all rounds: what else goes on there for a few seconds
        counts in one round only. Empty, where there is no floor.
    """

    seconds: Mapping[str, Spread]
    over_floor: Mapping[str, Spread]

    @classmethod
    def of(cls, took: Mapping[str, Times], floor: Mapping[str, Times]) -> Latency:
        """Put together what was measured, by the script's title; of the floor too, as far as there is one."""
        return cls(
            {title: Spread.of(_together(chain(*times.values()))) for title, times in took.items()},
            {title: _over(took[title], floor[title]) for title in took if title in floor},
        )


def _over(times: Times, floor: Times) -> Spread:
    rounds = []
    for number, processes in times.items():
        pace = fmean(Spread.of(one).p50 for one in floor[number])
        rounds.append([one / pace for one in _together(processes)])
    spreads = [Spread.of(one) for one in rounds]
    return evolve(
        Spread.of(_together(rounds)),
        p95=median(one.p95 for one in spreads),
        p99=median(one.p99 for one in spreads),
    )


def _together(times: Iterable[list[float]]) -> list[float]:
    return [*chain(*times)]


def measure(runnings: Sequence[Running], rounds: int, seconds: float) -> dict[str, Latency]:
    """Return how long each contender takes, by its name.

    @param seconds: how long all of it may take.
    """
    took: dict[str, dict[str, Times]] = defaultdict(lambda: defaultdict(dict))
    turns = [(posted, turn) for posted in ALL for turn in range(posted.turns)]
    for number in within(rounds, seconds):
        for posted, turn in turns:
            for running in shuffled(runnings):
                contender = running.contender
                if contender.slow and (turn or number % SLOW_EVERY):
                    continue
                so_far = took[contender.name][posted.title].setdefault(number, [[] for _ in range(contender.processes)])
                for one, more in zip(so_far, times(running, posted), strict=True):
                    one += more
    return {name: Latency.of(of, took.get(FLOOR.name, {})) for name, of in took.items()}


def times(running: Running, posted: Posted) -> list[list[float]]:
    """Post one script a few times, each as soon as the last is answered, and return the seconds each took.

    The first is not counted: it finds the processor's caches full of another contender.

    @return: those of each process that a client has to choose from: one list, but for the floor.
    """
    processes = running.contender.processes
    count = 1 if running.contender.slow else math.ceil(posted.each / processes)
    return [_times(running.client(number), posted, count) for number in range(processes)]


def _times(client: Client | FloorClient, posted: Posted, count: int) -> list[float]:
    try:
        client.run(EMPTY.source).check(EMPTY)
        client.run(posted.source).check(posted)
        return [client.run(posted.source).check(posted).seconds for _ in range(count)]
    finally:
        client.close()
