"""One run: everybody is started, measured in turn, and ended."""

from __future__ import annotations

import compileall
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import TypeVar

from attrs import evolve, frozen

import benchmarks
import cpyrender
from benchmarks import honesty, latency, load, machine, memory, plot
from benchmarks.asked import comparison, excess, hostile, large, own_cpu, savefig
from benchmarks.asked.figure import Figure
from benchmarks.client import Client, WrongAnswerError
from benchmarks.contender import CPYRENDER, FLOOR, Contender
from benchmarks.posted import LINE
from benchmarks.result import Measured, Result
from benchmarks.rounds import shuffled, within
from benchmarks.running import NotStartedError, Running

Value = TypeVar("Value")

_SECONDS_TO_REST = 14.0
_SECONDS_TO_SETTLE = 25.0


@frozen
class Extent:
    """How much is measured. A phase ends after the seconds it may take, with the rounds it has.

    @ivar rounds: of one client at a time, and the seconds they may take.
    @ivar loops: rounds of closed loops, and the seconds they may take.
    @ivar starts: how often each contender is started, and the seconds that may take.
    @ivar levels: how many clients there are in closed loops.
    @ivar window: seconds for which a closed loop is counted.
    @ivar times: how often one of two variants is posted.
    """

    rounds: tuple[int, float] = (15, 170)
    loops: tuple[int, float] = (9, 230)
    starts: tuple[int, float] = (3, 60)
    levels: tuple[int, ...] = (2, 8, 32)
    window: float = 1.5
    times: int = 40


QUICK = Extent(rounds=(2, 25), loops=(1, 30), starts=(1, 20), levels=(8,), window=1.5, times=10)


def run(chosen: Sequence[Contender], extent: Extent, picture: Path | None) -> Result:
    """Measure contenders.

    @param picture: the file into which cpyrender draws the result, if it is measured itself.
    """
    described = machine.describe()
    cold = _cold_starts(chosen, extent)
    with _all_running(chosen, cold) as runnings:
        _say("letting all settle")
        # Who gets better by itself after a start does so now, and disturbs nobody.
        time.sleep(_SECONDS_TO_SETTLE)
        result = _compare(list(runnings.values()), cold, extent, described)
        ours = runnings.get(CPYRENDER.name)
        if ours is not None:
            result = evolve(result, isolation=Client(ours.port).json("/health")["isolation"])
            result = evolve(
                result, figures=(*comparison.figures(result), *_asked(ours, runnings.get(FLOOR.name), extent))
            )
            if picture is not None:
                _attempt("the picture", lambda: plot.draw(ours.port, result, picture))
    return result


def _cold_starts(chosen: Sequence[Contender], extent: Extent) -> dict[str, list[float]]:
    """Start and end each of them a few times, all but the last one, which is the start for the rest of the run."""
    # As pip does with what it installs. A template could not: from within its jail nothing can be written there.
    for package in (cpyrender, benchmarks):
        compileall.compile_dir(Path(package.__file__).parent, quiet=2)
    seconds: dict[str, list[float]] = defaultdict(list)
    rounds, limit = extent.starts
    for number in within(rounds - 1, limit):
        _say(f"starting all, round {number + 1}")
        for contender in shuffled(chosen):
            try:
                with Running(contender) as running:
                    seconds[contender.name].append(running.cold)
            except NotStartedError as error:
                _say(f"did not start: {error}")
    return seconds


@contextmanager
def _all_running(chosen: Sequence[Contender], cold: dict[str, list[float]]) -> Iterator[dict[str, Running]]:
    """Have all of them running, by their names in the order of tables."""
    with ExitStack() as stack:
        runnings = {}
        for contender in shuffled(chosen):
            try:
                running = stack.enter_context(Running(contender))
            except NotStartedError as error:
                _say(f"left out: {error}")
                continue
            cold[contender.name].append(running.cold)
            runnings[contender.name] = running
            _say(f"started {contender.name} in {running.cold:.2f} s")
        yield {contender.name: runnings[contender.name] for contender in chosen if contender.name in runnings}


def _compare(
    runnings: list[Running], cold: dict[str, list[float]], extent: Extent, described: dict[str, str]
) -> Result:
    _say("one client at a time")
    latencies = latency.measure(runnings, *extent.rounds)
    _say("closed loops")
    rounds, limit = extent.loops
    loads = load.measure(runnings, extent.levels, rounds, extent.window, limit)
    _say("memory, state")
    # A server at rest: what it had ready for the next moment, it may have let go of by then.
    time.sleep(_SECONDS_TO_REST)
    return Result(
        described,
        "",
        tuple(
            _measured(running, cold, latencies[running.contender.name], loads.get(running.contender.name, load.Loads()))
            for running in runnings
        ),
    )


def _measured(running: Running, cold: dict[str, list[float]], took: latency.Latency, loads: load.Loads) -> Measured:
    contender = running.contender
    weight = memory.measure(running)
    return Measured(
        name=contender.name,
        title=contender.title,
        cold=median(cold[contender.name]),
        latency=took.seconds,
        over_floor=took.over_floor,
        rates=load.medians(loads.rates),
        of_ideal=load.medians(loads.shares),
        cpu=load.median_of_any(loads.cpus),
        cpu_over_floor=load.median_of_any(loads.cpus_over_floor),
        cpu_seen=honesty.cpu_seen(running),
        idle=weight.idle,
        busy_slot=weight.busy_slot,
        leaks=honesty.leaks(running),
    )


def _asked(ours: Running, floor: Running | None, extent: Extent) -> list[Figure]:
    _say("what is asked of cpyrender alone")
    figures: list[Figure] = []
    for what, measure in {
        "own CPU": lambda: own_cpu.measure(ours, floor, extent.times * 4 // LINE.each),
        "savefig": lambda: savefig.measure(ours, extent.times),
        "hostile scripts": lambda: hostile.measure(ours),
        "a large answer": lambda: large.measure(ours),
        "too many clients": lambda: excess.measure(ours, extent.window),
    }.items():
        figures += _attempt(what, measure) or []
    return figures


def _attempt(what: str, measure: Callable[[], Value]) -> Value | None:
    """Return what is measured, or C{None} where that fails: minutes of measuring are not to be lost by it."""
    try:
        return measure()
    except (OSError, ValueError, WrongAnswerError) as error:
        _say(f"{what}: {type(error).__name__}: {error}")
        return None


def _say(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")
