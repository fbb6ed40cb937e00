"""What the server's own process spends on a request, beside what the script's does."""

from __future__ import annotations

from benchmarks import tree
from benchmarks.asked.figure import Figure
from benchmarks.client import Client
from benchmarks.posted import EMPTY, LINE, Posted
from benchmarks.running import Running


def measure(running: Running, times: int) -> list[Figure]:
    """Post script A so many times, and the empty script more often, one at a time.

    The system counts in steps of 10 ms, which have to be small beside the sum.
    """
    return [
        Figure(f"the server's own CPU for a request ({what})", _for_each(running, posted, count), "ms", 2)
        for what, posted, count in (("empty script", EMPTY, times * 3), ("script A", LINE, times))
    ]


def _for_each(running: Running, posted: Posted, times: int) -> float:
    client = Client(running.port)
    before = tree.own_cpu(running.pids[0])
    for _ in range(times):
        client.run(posted.source).check(posted)
    client.close()
    return (tree.own_cpu(running.pids[0]) - before) / times * 1000
