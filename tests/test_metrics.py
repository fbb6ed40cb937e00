"""Tests of L{cpyrender.metrics}."""

from __future__ import annotations

import re

from prometheus_client import REGISTRY
from prometheus_client.utils import floatToGoString
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.metrics import Metrics
from cpyrender.pool.ending import Ending
from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Cause, Drawn, Failed, Outcome, Output, Refused, TimedOut, Timing

DRAWN = Drawn(outputs=(Output(data=b"x", media_type="image/png"),), timing=Timing(queue=1, run=2, encode=3))


class MetricsTests(SynchronousTestCase):
    """L{Metrics}."""

    def setUp(self) -> None:
        self.metrics = Metrics()
        self.now = 100.0

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"cpyrender_{name}", labels)

    def come_to(self, outcome: Outcome) -> None:
        """Have a script come to this after seven seconds."""
        answer: Deferred[Outcome] = Deferred()
        watched = self.metrics.watch(answer, lambda: self.now)
        self.now += 7
        answer.callback(outcome)
        self.assertIs(self.successResultOf(watched), outcome)

    def test_outcomes(self) -> None:
        """Scripts are counted by what became of them."""
        for outcome in (
            DRAWN,
            DRAWN,
            Failed(cause=Cause.NO_RESPONSE, message=""),
            TimedOut(seconds=1),
            TimedOut(seconds=1, of_cpu=True),
            Refused(reason=""),
            Refused(reason="", over_rate=True),
        ):
            self.come_to(outcome)
        found = {
            kind: self.value("scripts_total", outcome=kind)
            for kind in ("drawn", "no-response", "timed-out", "out-of-cpu", "refused", "over-rate", "raised")
        }
        self.assertEqual([*found.values()], [2, 1, 1, 1, 1, 1, None])

    def test_cancelled(self) -> None:
        """A script that nobody waits for any more is counted, and its cancellation goes on to who asked for it."""
        watched = self.metrics.watch(Deferred(), lambda: self.now)
        watched.cancel()
        self.failureResultOf(watched)
        self.assertEqual(self.value("scripts_total", outcome="cancelled"), 1)

    def test_seconds(self) -> None:
        """Where the time of a script went is told of those that ran, and of no others."""
        self.come_to(DRAWN)
        self.come_to(Refused(reason=""))
        found = [self.value(f"script_{name}_seconds_sum") for name in ("queue", "run", "encode", "total")]
        self.assertEqual(found, [1, 2, 3, 7])
        self.assertEqual(self.value("script_run_seconds_count"), 1)

    def test_ended(self) -> None:
        """CPU time and memory of a script are its interpreter's."""
        self.metrics.ended(Ending(0, 0.25, 100 << 20))
        self.assertEqual(self.value("script_cpu_seconds_sum"), 0.25)
        self.assertEqual(self.value("script_peak_memory_bytes_bucket", le=floatToGoString(96 << 20)), 0)
        self.assertEqual(self.value("script_peak_memory_bytes_bucket", le=floatToGoString(128 << 20)), 1)

    def test_nobody_asks(self) -> None:
        """However much happens before anybody asks, little of it is kept to be counted, and all of it counts."""
        notes = self.metrics._notes
        kept = []
        for _ in range(1000):
            self.metrics.ended(Ending(0, 0.25, 100 << 20))
            self.metrics.answered("classic", 200, 3)
            kept.append(len(notes._kept))
        self.assertLess(max(kept), 100)
        found = [
            self.value("script_cpu_seconds_count"),
            self.value("requests_total", door="classic", status="200"),
            self.value("response_bytes_total", door="classic"),
        ]
        self.assertEqual(found, [1000, 1000, 3000])

    def test_now(self) -> None:
        """How the renderer is doing is read when somebody asks."""
        renderer = MemoryRenderer()
        self.metrics.look_at(renderer.health, lambda: 5)
        self.assertEqual((self.value("ready"), self.value("connections"), self.value("slots")), (0, 5, 1))
        renderer.start()
        self.assertEqual((self.value("ready"), self.value("template_restarts_total")), (1, 0))

    def test_registry(self) -> None:
        """Two servers in one process do not count together, and add nothing to the process's own registry."""
        before = {metric.name for metric in REGISTRY.collect()}
        other = Metrics()
        other.answered("classic", 200, 1)
        self.assertIsNone(self.value("requests_total", door="classic", status="200"))
        self.assertEqual({metric.name for metric in REGISTRY.collect()}, before)

    def test_names(self) -> None:
        """Names are in lower case with their unit at the end, and each is explained."""
        self.metrics.look_at(MemoryRenderer().health, lambda: 5)
        for metric in self.metrics.registry.collect():
            self.assertRegex(metric.name, r"^(cpyrender|process)_[a-z][a-z_]*[a-z]$")
            self.assertTrue(metric.documentation)
            if metric.type == "histogram":
                self.assertTrue(re.search("_(seconds|bytes)$", metric.name), metric.name)
