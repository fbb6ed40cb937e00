"""L{Metrics}: what Prometheus is told, by its own conventions (https://prometheus.io/docs/practices/naming/)."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

import cpyrender
from cpyrender.pool.ending import Ending
from cpyrender.pool.interfaces import Health
from cpyrender.values import Drawn, Failed, Outcome, TimedOut, kind

# Seconds: from an empty script's few milliseconds to the usual limit of half a minute.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# Bytes: a warm interpreter holds some tens of megabytes before it runs anything.
_BYTES = tuple(float(size << 20) for size in (32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096))


class _Now(Collector):
    """What is read off the renderer when somebody asks."""

    def __init__(self, health: Callable[[], Health], connections: Callable[[], int]) -> None:
        self._health = health
        self._connections = connections

    def collect(self) -> Iterator[Metric]:
        health = self._health()
        for name, said, value in (
            ("ready", "1 if a script would be run now or soon", int(health.ready)),
            ("slots", "Scripts that may run at once", health.slots),
            ("slots_busy", "Scripts that run", health.busy),
            ("queue_limit", "Scripts that may wait", health.queue),
            ("queue_length", "Scripts that wait", health.waiting),
            ("spares_ready", "Interpreters that wait for a script", health.spares),
            ("connections", "Open connections", self._connections()),
        ):
            yield GaugeMetricFamily(f"cpyrender_{name}", said, value)
        lost = "Templates that were lost and replaced"
        yield CounterMetricFamily("cpyrender_template_restarts", lost, health.restarts)
        built = {
            "version": cpyrender.__version__,
            "python": platform.python_version(),
            "isolation": health.isolation,
        }
        yield InfoMetricFamily("cpyrender_build", "What runs here", built)


class Metrics:
    """Counts what happens, in a registry of its own. Thread-safe.

    @ivar registry: for who wants to add to it.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = self._counter("requests", "Requests that were answered", "door", "status")
        self._bytes = self._counter("response_bytes", "Bytes of the bodies of answers", "door")
        # To look one up by its labels takes longer than to count.
        self._of = cache(lambda door, status: (self._requests.labels(door, str(status)), self._bytes.labels(door)))
        self._scripts = self._counter("scripts", "Scripts by what became of them", "outcome")
        self._queued = self._seconds("queue", "Seconds that a script waited for a slot")
        self._ran = self._seconds("run", "Seconds that a script ran")
        self._encoded = self._seconds("encode", "Seconds in which pictures were made of what a script had drawn")
        self._total = self._seconds("total", "Seconds from a script's arrival until its outcome was known")
        self._cpu = self._seconds("cpu", "CPU seconds that a script used, its interpreter's end included")
        self._peak = Histogram(
            "cpyrender_script_peak_memory_bytes",
            "Most bytes that a script's interpreter held, those shared with the template included",
            buckets=_BYTES,
            registry=self.registry,
        )

    def _counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"cpyrender_{name}", said, labels, registry=self.registry)

    def _seconds(self, name: str, said: str) -> Histogram:
        return Histogram(f"cpyrender_script_{name}_seconds", said, buckets=_SECONDS, registry=self.registry)

    def look_at(self, health: Callable[[], Health], connections: Callable[[], int]) -> None:
        """Ask these whenever somebody asks how things are now."""
        self.registry.register(_Now(health, connections))

    def answered(self, door: str, status: int, size: int) -> None:
        """A request has been answered.

        @param size: bytes of the body.
        """
        requests, sent = self._of(door, status)
        requests.inc()
        sent.inc(size)

    def watch(self, answer: Deferred[Outcome], seconds: Callable[[], float]) -> Deferred[Outcome]:
        """Count what becomes of a script.

        @param seconds: tells the time.
        @return: the same, with the same outcome.
        """
        began = seconds()

        def came(outcome: Outcome) -> Outcome:
            self._came(outcome, seconds() - began)
            return outcome

        def failed(failure: Failure) -> Failure:
            self._scripts.labels("cancelled").inc()
            return failure

        return answer.addCallbacks(came, failed)

    def _came(self, outcome: Outcome, total: float) -> None:
        self._scripts.labels(kind(outcome)).inc()
        if isinstance(outcome, Drawn | Failed | TimedOut):
            self._queued.observe(outcome.timing.queue)
            self._ran.observe(outcome.timing.run)
            self._encoded.observe(outcome.timing.encode)
            self._total.observe(total)

    def ended(self, ending: Ending) -> None:
        """A script's interpreter has ended."""
        self._cpu.observe(ending.cpu)
        self._peak.observe(ending.peak)

    def exposed(self, accept: str) -> tuple[str, bytes]:
        """Return everything, as Prometheus' text or as OpenMetrics.

        @param accept: the header that chooses between them.
        @return: the content type, and what is of this type.
        """
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self.registry)
