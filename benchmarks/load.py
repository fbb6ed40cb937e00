"""Many clients at once, each posting script A as soon as its last one is answered: a closed loop."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from attrs import Factory, define, frozen

from benchmarks import tree
from benchmarks.client import WrongAnswerError
from benchmarks.contender import FLOOR, Contender
from benchmarks.crowd import Crowd
from benchmarks.posted import LINE
from benchmarks.result import SATURATING
from benchmarks.rounds import shuffled, within
from benchmarks.running import Running

#: How long clients run before anything is counted, in seconds.
_UNCOUNTED = 0.4

#: Who is slow is counted for so many times as long: else the window would have a handful of answers in it.
_SLOW = 3

_OTHERS_EVERY = 3


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
    @ivar shares: of the floor's rate in the same round, likewise.
    @ivar cpus: seconds of CPU for a script.
    @ivar cpus_over_floor: the same, divided by the floor's in the same round.
    """

    rates: dict[int, list[float]] = Factory(lambda: defaultdict(list))
    shares: dict[int, list[float]] = Factory(lambda: defaultdict(list))
    cpus: list[float] = Factory(list)
    cpus_over_floor: list[float] = Factory(list)

    def add(self, load: Load, clients: int, saturating: bool, floor: Load | None) -> None:
        """Add what came of one loop, and of the floor's beside it."""
        self.rates[clients].append(load.rate)
        if saturating:
            self.cpus.append(load.cpu)
        if floor is not None:
            self.shares[clients].append(load.rate / floor.rate)
            self.cpus_over_floor += [load.cpu / floor.cpu] if saturating else []


def medians(by_clients: Mapping[int, list[float]]) -> dict[int, float]:
    """Return the median for each number of clients."""
    return {clients: median(values) for clients, values in by_clients.items()}


def median_of_any(values: Sequence[float]) -> float | None:
    """Return the median; C{None}: there are none."""
    return median(values) if values else None


def measure(
    runnings: Sequence[Running], levels: Sequence[int], rounds: int, window: float, seconds: float
) -> dict[str, Loads]:
    """Return what comes of closed loops, by the contender's name.

    @param levels: how many clients there are; of the floor, there is always one for each process. Those that do not
        just keep everybody busy have their turn in every third round.
    @param window: seconds for which each loop is counted.
    @param seconds: how long all of it may take.
    """
    loads: dict[str, Loads] = defaultdict(Loads)
    for number in within(rounds, seconds):
        for level in levels_of(number, levels):
            came = {
                running.contender: _attempt(running, level, window)
                for running in shuffled(runnings)
                # Once with each number of clients is enough for who is slow.
                if not (running.contender.slow and level in loads[running.contender.name].rates)
            }
            for contender, load in came.items():
                if load is not None:
                    saturating = contender is FLOOR or level == SATURATING
                    loads[contender.name].add(load, _clients(contender, level), saturating, came.get(FLOOR))
    return dict(loads)


def levels_of(number: int, levels: Sequence[int]) -> list[int]:
    """Return how many clients there are in a round: that which keeps everybody busy, and one of the others in turn."""
    others = [level for level in levels if level != SATURATING]
    # Not all of them in one round: of rounds that are equally long, more are done in time.
    return [*others[number % _OTHERS_EVERY :][:1], SATURATING]


def _clients(contender: Contender, level: int) -> int:
    return contender.processes if contender is FLOOR else level


def _attempt(running: Running, level: int, window: float) -> Load | None:
    contender = running.contender
    clients = _clients(contender, level)
    try:
        return loop(running, clients, window * (_SLOW if contender.slow else 1))
    except (OSError, WrongAnswerError) as error:
        sys.stderr.write(f"{contender.name} with {clients} clients: {error}\n")
        return None


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
