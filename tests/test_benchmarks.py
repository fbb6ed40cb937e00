"""What the benchmark makes of its measurements, and that the floor and the scripts are what they are said to be."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import plot
from benchmarks.asked import comparison
from benchmarks.asked.figure import Figure, beside_floor
from benchmarks.client import Client, Reply, WrongAnswerError
from benchmarks.floor import FloorClient
from benchmarks.latency import Latency
from benchmarks.load import Load, Loads, levels_of, median_of_any, medians
from benchmarks.posted import ALL, EMPTY, LINE
from benchmarks.result import Measured, Result
from benchmarks.rounds import within
from benchmarks.spread import Spread, percentile
from benchmarks.table import markdown, short
from tests.live.running import ROOT, free_port, shared

VALUES = st.lists(st.floats(0, 1e6), min_size=1)


def measured(name: str, *, p50: float, over: float | None, rates: dict[int, float], floor: float | None) -> Measured:
    """Return a contender that takes as long for each script, beside a floor of such a rate."""

    def spreads(middle: float) -> dict[str, Spread]:
        return {posted.title: Spread(middle, middle * 2, middle * 3, 10) for posted in ALL}

    return Measured(
        name=name,
        title=f"title of {name}",
        cold=1.25,
        latency=spreads(p50),
        over_floor={} if over is None else spreads(over),
        rates=rates,
        of_ideal={} if floor is None else {clients: rate / floor for clients, rate in rates.items()},
        cpu=0.05,
        cpu_over_floor=None if over is None else over * 1.2,
        cpu_seen=1.0,
        idle=120_000_000,
        busy_slot=15_000_000,
        leaks=name == "floor",
    )


FLOOR = measured("floor", p50=0.040, over=1.0, rates={2: 40.0}, floor=40.0)
OURS = measured("cpyrender", p50=0.050, over=1.25, rates={2: 20.0, 8: 30.0}, floor=40.0)
ALONE = measured("cpyrender", p50=0.050, over=None, rates={2: 20.0, 8: 30.0}, floor=None)
RESULT = Result({"Python": "3.11.7"}, "full", (FLOOR, OURS))


class SpreadTests(SynchronousTestCase):
    """L{percentile} and L{Spread}."""

    def test_nearest_rank(self) -> None:
        """The 95th percentile of 1 to 100 is 95, the median of four values the second."""
        self.assertEqual(percentile(range(100, 0, -1), 0.95), 95)
        self.assertEqual(percentile([4, 3, 2, 1], 0.5), 2)

    @given(VALUES, st.floats(0, 1))
    def test_definition(self, values: list[float], share: float) -> None:
        """It is one of the values; at least that share of them is not above it, and less than that is below it."""
        found = percentile(values, share)
        self.assertIn(found, values)
        self.assertGreaterEqual(sum(value <= found for value in values), share * len(values))
        self.assertLessEqual(sum(value < found for value in values), share * len(values))

    def test_of_nothing(self) -> None:
        """There is no percentile of nothing, and none above 100 of 100."""
        self.assertRaises(ValueError, percentile, [], 0.5)
        self.assertRaises(ValueError, percentile, [1], 1.01)

    def test_spread(self) -> None:
        """A spread says of how many samples it is."""
        self.assertEqual(Spread.of(range(1, 201)), Spread(100, 190, 198, 200))


class LatencyTests(SynchronousTestCase):
    """L{Latency}."""

    def test_machine_that_slows_down(self) -> None:
        """Each time is divided by the floor's median in its own round: a change of speed between rounds is not seen."""
        floor = {"A": {0: [[1.0, 1.0, 9.0]], 1: [[4.0, 2.0, 4.0]]}}
        found = Latency.of({"A": {0: [[2.0, 2.0]], 1: [[8.0, 8.0]]}}, floor)

        self.assertEqual(found.over_floor, {"A": Spread(2.0, 2.0, 2.0, 4)})
        self.assertEqual(found.seconds, {"A": Spread(2.0, 8.0, 8.0, 4)})

    def test_cores_of_different_speed(self) -> None:
        """The floor is as fast as its processes are on average, one on each core, however each of them is spread."""
        floor = {"A": {0: [[1.0, 1.0, 9.0], [3.0, 3.0, 0.5]]}}
        found = Latency.of({"A": {0: [[2.0, 2.0, 6.0]]}} | {"floor": floor["A"]}, floor)

        self.assertEqual(found.over_floor["A"], Spread(1.0, 3.0, 3.0, 3))
        self.assertEqual(found.seconds["floor"], Spread(1.0, 9.0, 9.0, 6))

    def test_no_floor(self) -> None:
        """Where there is no floor, there is nothing to divide by."""
        self.assertEqual(Latency.of({"A": {0: [[2.0]]}}, {}).over_floor, {})


class LoadsTests(SynchronousTestCase):
    """L{Loads}."""

    def test_beside_the_floor(self) -> None:
        """Rates and CPU are compared with the floor's in the same round; CPU only where all slots are busy."""
        loads = Loads()
        for number, speed in enumerate((1.0, 3.0, 1.0)):
            loads.add(Load(30 * speed, 0.06 / speed), 8, number != 1, Load(40 * speed, 0.04 / speed))

        self.assertEqual((medians(loads.rates), medians(loads.shares)), ({8: 30.0}, {8: 0.75}))
        self.assertEqual((len(loads.cpus), median_of_any(loads.cpus_over_floor)), (2, 1.5))

    def test_no_floor(self) -> None:
        """Without the floor there are rates, and nothing to compare them with."""
        loads = Loads()
        loads.add(Load(30, 0.06), 8, True, None)

        self.assertEqual((medians(loads.rates), medians(loads.shares)), ({8: 30}, {}))
        self.assertIsNone(median_of_any(loads.cpus_over_floor))

    def test_levels(self) -> None:
        """All are kept busy in each round; each other number of clients has its turn in every third one."""
        self.assertEqual([levels_of(number, (2, 8, 32)) for number in range(4)], [[2, 8], [32, 8], [8], [2, 8]])
        self.assertEqual([levels_of(number, (8,)) for number in range(2)], [[8], [8]])


class RoundsTests(SynchronousTestCase):
    """L{within}."""

    def rounds(self, each: float, seconds: float) -> list[int]:
        # Where it says that it stops early.
        self.patch(sys, "stderr", io.StringIO())
        now = [0.0]
        done = []
        for number in within(9, seconds, lambda: now[0]):
            done.append(number)
            now[0] += each
        return done

    def test_time_enough(self) -> None:
        """Where there is time, all rounds are made."""
        self.assertEqual(self.rounds(1, 9), list(range(9)))

    def test_too_slow(self) -> None:
        """A round that would not be done in time is not begun."""
        self.assertEqual(self.rounds(2, 9), [0, 1, 2, 3])

    def test_first_round(self) -> None:
        """The first round is made, however little time there is."""
        self.assertEqual(self.rounds(100, 1), [0])


class ResultTests(SynchronousTestCase):
    """L{Result} and what is made of it."""

    def test_over_floor(self) -> None:
        """How many times the floor's median a script takes is known of each percentile."""
        self.assertEqual([OURS.over("A", what) for what in ("p50", "p95", "p99")], [1.25, 2.5, 3.75])

    def test_no_floor(self) -> None:
        """Without the floor there are no ratios, and still tables."""
        self.assertIsNone(ALONE.over("A"))
        self.assertIn("| title of cpyrender | | | 30.0 | |", markdown(evolve(RESULT, contenders=(ALONE,))))

    def test_json(self) -> None:
        """The JSON has each contender, and each figure with its verdict."""
        result = evolve(RESULT, figures=(Figure("size", 3, "MB", 2), Figure("weight", None, "kg", 2)))
        document = json.loads(result.json())
        self.assertEqual(document["contenders"][1]["latency"]["A"]["p95"], 0.1)
        self.assertEqual(document["contenders"][1]["of_ideal"], {"2": 0.5, "8": 0.75})
        self.assertEqual([figure["met"] for figure in document["figures"]], [False, None])

    def test_asked(self) -> None:
        """What is asked in the comparison is read out of it; a contender that took no part leaves its figure open."""
        figures = comparison.figures(RESULT)
        met = {figure.name: figure.met for figure in figures}
        self.assertIs(met["one client, script A: p50 / floor"], False)
        self.assertIs(met["8 clients, script A, of ideal"], True)
        self.assertIsNone(met["8 clients, script A, of ideal, with --runs-per-process 100"])
        # An empty script takes 50 ms, and script A the floor 40.
        self.assertEqual([figure.value for figure in figures if figure.unit == "%"], [125.0])
        self.assertEqual(comparison.figures(evolve(RESULT, contenders=(FLOOR,))), [])


class FigureTests(SynchronousTestCase):
    """L{Figure}."""

    def test_bounds(self) -> None:
        """A bound is kept by a value that equals it, in both senses."""
        self.assertIs(Figure("", 2, "", 2).met, True)
        self.assertIs(Figure("", 2.1, "", 2).met, False)
        self.assertIs(Figure("", 2, "", 2, "at least").met, True)
        self.assertIs(Figure("", 1.9, "", 2, "at least").met, False)

    def test_beside_floor(self) -> None:
        """A time is also told as a share of the floor's, and its bound as one of what that was where it was asked."""
        figure = beside_floor("it", 0.004, 0.080, 3)
        self.assertEqual((figure.value, figure.wanted, figure.met), (5.0, "at most 6.7 %", True))
        self.assertIsNone(beside_floor("it", 0.004, None, 3).met)

    def test_short(self) -> None:
        """What falls short is told with what was asked, what is not known as well, and what is met is not."""
        figures = Figure("size", 3, "MB", 2), Figure("speed", 1, "/s", 0.5, "at least"), Figure("weight", None, "kg", 1)
        self.assertEqual(
            short(figures), ["size: 3.00 MB, asked: at most 2 MB", "weight: not measured, asked: at most 1 kg"]
        )


class TableTests(SynchronousTestCase):
    """L{markdown}."""

    def test_rows(self) -> None:
        """A contender's row has its ratios, its rate, its memory and whether state leaks."""
        text = markdown(RESULT)
        self.assertIn("| title of cpyrender | 1.25 | 2.50 | 30.0 | 0.75 | 1.50 | 1.25 | 120 | 15 | no |\n", text)
        self.assertIn("| title of floor | 1.00 | 2.00 | 40.0 | 1.00 | 1.20 | 1.25 | 120 | 15 | yes |\n", text)
        self.assertIn("| title of cpyrender | 20.0 (0.50) | 30.0 (0.75) |\n", text)
        self.assertIn("Python: 3.11.7; isolation: full.", text)

    def test_shape(self) -> None:
        """All rows of a table have as many cells as its head."""
        result = evolve(RESULT, figures=(Figure("size", 3, "MB", 2),))
        for table in markdown(result).split("\n\n")[1:]:
            self.assertEqual(len({line.count("|") for line in table.splitlines()}), 1, table)

    def test_nothing_measured(self) -> None:
        """A contender whose closed loops all failed, and whose memory is not to be seen, has empty cells."""
        blank = evolve(OURS, rates={}, of_ideal={}, cpu=None, cpu_over_floor=None, idle=None, busy_slot=None)
        self.assertIn(
            "| title of cpyrender | 1.25 | 2.50 | | | | 1.25 | | | no |\n",
            markdown(evolve(RESULT, contenders=(FLOOR, blank))),
        )


class AnswerTests(SynchronousTestCase):
    """L{Reply.check}, the floor, and cpyrender, with the scripts that everybody is posted."""

    def test_wrong_answers(self) -> None:
        """A status other than 200, or bytes that are not the picture, are not measured."""
        for reply in (Reply(503, LINE.begins, 0.1), Reply(200, b"Traceback", 0.1)):
            self.assertRaises(WrongAnswerError, reply.check, LINE)
        self.assertEqual(Reply(200, b"", 0.1).check(EMPTY).seconds, 0.1)

    def test_floor(self) -> None:
        """The floor's process gives the right answer to each script, and ends with its input."""
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.floor"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin and process.stdout
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        client = FloorClient(process.stdin, process.stdout)
        for posted in ALL:
            self.assertGreater(client.run(posted.source).check(posted).seconds, 0)
        process.stdin.close()
        self.assertEqual(process.wait(), 0)
        with open(os.devnull, "wb") as nowhere:
            self.assertRaises(WrongAnswerError, FloorClient(nowhere, process.stdout).run, b"")

    def test_cpyrender(self) -> None:
        """A server gives the right answer to each script, over one connection."""
        client = Client(shared().port)
        self.addCleanup(client.close)
        for posted in ALL:
            client.run(posted.source).check(posted)

    def test_nobody_there(self) -> None:
        """Where nobody listens, that is an L{OSError}."""
        self.assertRaises(OSError, Client(free_port()).run, b"")

    def test_plot(self) -> None:
        """A server draws the result of a run, one that was not measured in all respects included."""
        path = Path(self.mktemp()).with_suffix(".png")
        blank = evolve(OURS, title="blank", cpu=None, cpu_over_floor=None, rates={}, of_ideal={})
        plot.draw(shared().port, evolve(RESULT, contenders=(FLOOR, OURS, blank)), path)
        with Image.open(path) as picture:
            self.assertEqual(picture.format, "PNG")

    def test_plot_rows(self) -> None:
        """The picture shows the ratios of all but the floor."""
        self.assertEqual(plot.rows(RESULT), [["title of cpyrender", 1.25, 0.75, 1.5]])

    def test_plot_refused(self) -> None:
        """A format that the server does not know is told, and no file is written."""
        path = Path(self.mktemp()).with_suffix(".bmp")
        self.assertRaises(WrongAnswerError, plot.draw, shared().port, RESULT, path)
        self.assertFalse(path.exists())
