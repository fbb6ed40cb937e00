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
from benchmarks.asked.figure import Figure
from benchmarks.client import Client, Reply, WrongAnswerError
from benchmarks.floor import FloorClient
from benchmarks.posted import ALL, EMPTY, LINE
from benchmarks.result import Measured, Result
from benchmarks.rounds import within
from benchmarks.spread import Spread, percentile
from benchmarks.table import markdown, short
from tests.live.running import ROOT, free_port, shared

VALUES = st.lists(st.floats(0, 1e6), min_size=1)


def measured(name: str, *, p50: float, rates: dict[int, float], cpu: float | None = 0.05) -> Measured:
    """Return a contender that takes as long for each script."""
    return Measured(
        name=name,
        title=f"title of {name}",
        cold=1.25,
        latency={posted.title: Spread(p50, p50 * 2, p50 * 3, 10) for posted in ALL},
        rates=rates,
        cpu=cpu,
        cpu_seen=1.0,
        idle=120_000_000,
        busy_slot=15_000_000,
        leaks=name == "floor",
    )


FLOOR = measured("floor", p50=0.040, rates={2: 40.0})
OURS = measured("cpyrender", p50=0.050, rates={2: 20.0, 8: 30.0}, cpu=0.075)
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
        """Medians and percentiles are divided by the median of the floor."""
        self.assertAlmostEqual(RESULT.over_floor(OURS, "A") or 0, 1.25)
        self.assertAlmostEqual(RESULT.over_floor(OURS, "A", "p95") or 0, 2.5)
        self.assertAlmostEqual(RESULT.over_floor(FLOOR, "A", "p99") or 0, 3)

    def test_of_ideal(self) -> None:
        """Rates are divided by that of the floor on all cores; a rate that was not measured has no share."""
        self.assertEqual(RESULT.of_ideal(OURS, 8), 0.75)
        self.assertIsNone(RESULT.of_ideal(OURS, 32))

    def test_cpu(self) -> None:
        """CPU time is divided by that of the floor."""
        self.assertAlmostEqual(RESULT.cpu_over_floor(OURS) or 0, 1.5)
        self.assertIsNone(RESULT.cpu_over_floor(evolve(OURS, cpu=None)))

    def test_no_floor(self) -> None:
        """Without the floor there are no ratios, and still tables."""
        alone = evolve(RESULT, contenders=(OURS,))
        self.assertEqual(
            (alone.over_floor(OURS, "A"), alone.of_ideal(OURS, 8), alone.cpu_over_floor(OURS)), (None,) * 3
        )
        self.assertIn("| title of cpyrender | | | 30.0 | |", markdown(alone))

    def test_json(self) -> None:
        """The JSON has each contender with its ratios, and each figure with its verdict."""
        result = evolve(RESULT, figures=(Figure("size", 3, "MB", 2), Figure("weight", None, "kg", 2)))
        document = json.loads(result.json())
        self.assertEqual(document["contenders"][1]["latency"]["A"]["p95"], 0.1)
        self.assertEqual(document["contenders"][1]["ratios"]["of_ideal"], {"2": 0.5, "8": 0.75})
        self.assertEqual([figure["met"] for figure in document["figures"]], [False, None])

    def test_asked(self) -> None:
        """What is asked in the comparison is read out of it; a contender that took no part leaves its figure open."""
        met = {figure.name: figure.met for figure in comparison.figures(RESULT)}
        self.assertIs(met["one client, script A: p50 / floor"], False)
        self.assertIs(met["8 clients, script A, of ideal"], True)
        self.assertIsNone(met["8 clients, script A, of ideal, with --runs-per-process 100"])
        self.assertEqual(comparison.figures(evolve(RESULT, contenders=(FLOOR,))), [])


class FigureTests(SynchronousTestCase):
    """L{Figure}."""

    def test_bounds(self) -> None:
        """A bound is kept by a value that equals it, in both senses."""
        self.assertIs(Figure("", 2, "", 2).met, True)
        self.assertIs(Figure("", 2.1, "", 2).met, False)
        self.assertIs(Figure("", 2, "", 2, "at least").met, True)
        self.assertIs(Figure("", 1.9, "", 2, "at least").met, False)

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
        self.assertIn("| title of floor | 1.00 | 2.00 | 40.0 | 1.00 | 1.00 | 1.25 | 120 | 15 | yes |\n", text)
        self.assertIn("| title of cpyrender | 20.0 (0.50) | 30.0 (0.75) |\n", text)
        self.assertIn("Python: 3.11.7; isolation: full.", text)

    def test_shape(self) -> None:
        """All rows of a table have as many cells as its head."""
        result = evolve(RESULT, figures=(Figure("size", 3, "MB", 2),))
        for table in markdown(result).split("\n\n")[1:]:
            self.assertEqual(len({line.count("|") for line in table.splitlines()}), 1, table)

    def test_nothing_measured(self) -> None:
        """A contender whose closed loops all failed, and whose memory is not to be seen, has empty cells."""
        blank = evolve(OURS, rates={}, cpu=None, idle=None, busy_slot=None)
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
        blank = evolve(OURS, title="blank", cpu=None, rates={})
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
