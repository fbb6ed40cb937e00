"""What the server's own process spends on a request, beside what the script's does."""

from __future__ import annotations

from benchmarks import tree
from benchmarks.asked.figure import Figure
from benchmarks.client import Client
from benchmarks.posted import EMPTY, LINE, Posted
from benchmarks.running import Running


def measure(running: Running, times: int) -> list[Figure]:
    """Post the empty script and script A so many times each, one at a time."""
    return [
        Figure(f"the server's own CPU for a request ({what})", _for_each(running, posted, times), "ms", 2)
        for what, posted in (("empty script", EMPTY), ("script A", LINE))
    ]


def _for_each(running: Running, posted: Posted, times: int) -> float:
    client = Client(running.port)
    before = tree.own_cpu(running.pids[0])
    for _ in range(times):
        client.run(posted.source).check(posted)
    client.close()
    return (tree.own_cpu(running.pids[0]) - before) / times * 1000
