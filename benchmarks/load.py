"""Many clients at once, each posting script A as soon as its last one is answered: a closed loop."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median

from attrs import Factory, define, frozen

from benchmarks import tree
from benchmarks.client import WrongAnswerError
from benchmarks.contender import FLOOR
from benchmarks.crowd import Crowd
from benchmarks.posted import LINE
from benchmarks.result import SATURATING
from benchmarks.rounds import shuffled, within
from benchmarks.running import Running

#: How long clients run before anything is counted, in seconds.
_UNCOUNTED = 0.4

#: Who is slow is counted for so many times as long: else the window would have a handful of answers in it.
_SLOW = 3


@frozen
class Load:
    """What came of a closed loop.

    @ivar rate: scripts answered in a second.
    @ivar cpu: seconds of CPU that a contender's whole tree used for a script, from its fork to its funeral.
    """

    rate: float
    cpu: float


@define
class Loads:
    """What came of several closed loops with one contender.

    @ivar rates: by the number of clients, one for each round.
    """

    rates: dict[int, list[float]] = Factory(lambda: defaultdict(list))
    cpus: list[float] = Factory(list)

    def medians(self) -> dict[int, float]:
        """Return the median of the rates for each number of clients."""
        return {clients: median(rates) for clients, rates in self.rates.items()}

    def cpu(self) -> float | None:
        """Return the median of the seconds of CPU for a script, where it was measured."""
        return median(self.cpus) if self.cpus else None


def measure(
    runnings: Sequence[Running], levels: Sequence[int], rounds: int, window: float, seconds: float
) -> dict[str, Loads]:
    """Return what comes of closed loops, by the contender's name.

    @param levels: how many clients there are; of the floor, there is always one for each process.
    @param window: seconds for which each loop is counted.
    @param seconds: how long all of it may take.
    """
    loads: dict[str, Loads] = defaultdict(Loads)
    for number in within(rounds, seconds):
        for level in levels:
            for running in shuffled(runnings):
                if not (running.contender.slow and number):
                    _add(loads[running.contender.name], running, level, window)
    return dict(loads)


def _add(loads: Loads, running: Running, level: int, window: float) -> None:
    contender = running.contender
    clients = contender.processes if contender is FLOOR else level
    try:
        load = loop(running, clients, window * (_SLOW if contender.slow else 1))
    except (OSError, WrongAnswerError) as error:
        sys.stderr.write(f"{contender.name} with {clients} clients: {error}\n")
        return
    loads.rates[clients].append(load.rate)
    if contender is FLOOR or clients == SATURATING:
        loads.cpus.append(load.cpu)


def loop(running: Running, clients: int, window: float) -> Load:
    """Run one closed loop, until all that was asked for is answered."""
    ends: list[float] = []
    before = tree.settled_cpu(running.pids)
    began = time.monotonic() + _UNCOUNTED
    deadline = began + window

    def client_of(number: int) -> Callable[[], None]:
        client = running.client(number)

        def post() -> None:
            while time.monotonic() < deadline:
                client.run(LINE.source).check(LINE)
                ends.append(time.monotonic())
            client.close()

        return post

    Crowd.start([client_of(number) for number in range(clients)]).join()
    used = tree.settled_cpu(running.pids) - before
    return Load(sum(began < end <= deadline for end in ends) / window, used / len(ends))
