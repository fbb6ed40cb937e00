"""What the server's own process spends on a request, beside what the script's does."""

from __future__ import annotations

from statistics import median

from benchmarks import tree
from benchmarks.asked.figure import Figure, beside_floor
from benchmarks.client import Client
from benchmarks.latency import times
from benchmarks.posted import EMPTY, LINE, Posted
from benchmarks.running import Running

_BOUND = 2.0


def measure(running: Running, floor: Running | None, turns: int) -> list[Figure]:
    """Post script A, and the empty script more often, one at a time and in turns with the floor.

    @param floor: C{None}: it takes no part.
    """
    empty, _ = _own(running, None, EMPTY, turns * 2)
    chart, took = _own(running, floor, LINE, turns)
    return [
        Figure("the server's own CPU for a request (empty script)", empty * 1000, "ms", _BOUND),
        Figure("the server's own CPU for a request (script A)", chart * 1000, "ms", _BOUND),
        beside_floor("the server's own CPU for script A", chart, took, _BOUND),
    ]


def _own(running: Running, floor: Running | None, posted: Posted, turns: int) -> tuple[float, float | None]:
    """Return the CPU seconds for each script, and the seconds that it took the floor meanwhile."""
    of_floor: list[float] = []
    client = Client(running.port)
    # While it is the floor's turn, the server does nothing.
    before = tree.own_cpu(running.pids[0])
    for _ in range(turns):
        for _ in range(posted.each):
            client.run(posted.source).check(posted)
        if floor is not None:
            of_floor += (median(one) for one in times(floor, posted))
    client.close()
    spent = tree.own_cpu(running.pids[0]) - before
    return spent / (turns * posted.each), median(of_floor) if of_floor else None
