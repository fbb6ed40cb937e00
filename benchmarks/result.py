"""L{Result}: all that was measured in one run, as the JSON file has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import asdict, frozen

from benchmarks.asked.figure import Figure
from benchmarks.spread import Spread

#: So many clients keep all slots busy, and nobody turns one of them away: throughput is compared, and CPU measured.
SATURATING = 8


@frozen
class Measured:
    """One contender. Times are seconds, memory is bytes; what is C{None} was not measured, or could not be.

    @ivar cold: from the start of its first process to its first picture; the median.
    @ivar latency: by the script's title: one client at a time.
    @ivar over_floor: the same, divided by the floor's median in the same round; empty: there was no floor.
    @ivar rates: scripts a second, by the number of clients.
    @ivar of_ideal: the same, of the rate of floor processes on all cores at once in the same round.
    @ivar cpu: of its whole tree of processes, for one script A when all slots are busy.
    @ivar cpu_over_floor: the same, divided by the floor's in the same round.
    @ivar cpu_seen: the share of a script's CPU time that C{cpu} is known to see.
    @ivar leaks: whether what one script leaves among the builtins reaches the next.
    """

    name: str
    title: str
    cold: float
    latency: Mapping[str, Spread]
    over_floor: Mapping[str, Spread]
    rates: Mapping[int, float]
    of_ideal: Mapping[int, float]
    cpu: float | None
    cpu_over_floor: float | None
    cpu_seen: float
    idle: int | None
    busy_slot: int | None
    leaks: bool

    def over(self, title: str, what: str = "p50") -> float | None:
        """Return how many times the floor's median a script takes.

        @param what: C{p50}, C{p95} or C{p99} of this contender; of the floor it is always the median.
        """
        spread = self.over_floor.get(title)
        return None if spread is None else float(getattr(spread, what))


@frozen
class Result:
    """A run.

    @ivar machine: what it ran on, and when, in words.
    @ivar isolation: the level that cpyrender ran at.
    @ivar contenders: in the order of tables; the floor is the first, where it was measured.
    """

    machine: Mapping[str, str]
    isolation: str
    contenders: tuple[Measured, ...]
    figures: tuple[Figure, ...] = ()

    def find(self, name: str) -> Measured | None:
        """Return the contender of this name, where it was measured."""
        return next((one for one in self.contenders if one.name == name), None)

    def json(self) -> str:
        """Return all of it as JSON."""
        document: dict[str, Any] = asdict(self)
        for entry, figure in zip(document["figures"], self.figures, strict=True):
            entry["met"] = figure.met
        return json.dumps(document, indent=2) + "\n"
