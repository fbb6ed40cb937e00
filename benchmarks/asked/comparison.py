"""What is asked of cpyrender in the comparison with the floor."""

from __future__ import annotations

from benchmarks.asked.figure import Figure, beside_floor
from benchmarks.result import SATURATING, Measured, Result


def figures(result: Result) -> list[Figure]:
    """Return what is asked of a run; nothing, where cpyrender took no part in it."""
    ours = result.find("cpyrender")
    if ours is None:
        return []
    return [*_of_speed(result, ours), *_of_memory(ours)]


def _of_speed(result: Result, ours: Measured) -> list[Figure]:
    shared = result.find("cpyrender-100")
    saturated = f"{SATURATING} clients, script A, of ideal"
    floor = result.find("floor")
    empty = ours.latency["empty"].p50
    together = None if shared is None else shared.of_ideal.get(SATURATING)
    return [
        Figure("one client, script A: p50 / floor", ours.over("A"), "", 1.05),
        Figure("one client, script A: p95 / floor", ours.over("A", "p95"), "", 1.3),
        Figure("one client, an empty script: p50", empty * 1000, "ms", 3),
        beside_floor("an empty script", empty, None if floor is None else floor.latency["A"].p50, 3),
        Figure(saturated, ours.of_ideal.get(SATURATING), "", 0.75, "at least"),
        Figure(f"{saturated}, with --runs-per-process 100", together, "", 0.88, "at least"),
        Figure("from start to first picture", ours.cold, "s", 1.3),
    ]


def _of_memory(ours: Measured) -> list[Figure]:
    idle, busy = (None if size is None else size / 1e6 for size in (ours.idle, ours.busy_slot))
    return [
        Figure("memory (PSS), idle", idle, "MB", 130),
        Figure("memory (PSS), more for each busy slot", busy, "MB", 20),
    ]
