"""L{Metrics}: what Prometheus is told, by its own conventions (https://prometheus.io/docs/practices/naming/)."""

from __future__ import annotations

import platform
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache, partial
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

import cpyrender
from cpyrender.pool.ending import Ending
from cpyrender.pool.interfaces import Health
from cpyrender.values import Drawn, Failed, Outcome, TimedOut, Timing, kind

# Seconds: from an empty script's few milliseconds to the usual limit of half a minute.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# Bytes: a warm interpreter holds some tens of megabytes before it runs anything.
_BYTES = tuple(float(size << 20) for size in (32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096))
# What is noted and not counted yet, at most: a millisecond's work.
_MOST_NOTES = 64


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


class _Notes(Collector):
    """What has happened and is still to be counted. Thread-safe.

    A request that counts for itself finds nothing of what that takes in the processor's caches, and takes four times as
    long as one of many that are counted together.
    """

    def __init__(self) -> None:
        self._kept: deque[Callable[[], object]] = deque()
        self._turn = Lock()

    def keep(self, count: Callable[[], object]) -> None:
        """Have this called before anybody is told anything."""
        self._kept.append(count)
        if len(self._kept) >= _MOST_NOTES:
            self._count()

    def _count(self) -> None:
        with self._turn:
            while self._kept:
                self._kept.popleft()()

    def collect(self) -> Iterator[Metric]:
        """Count all of it, for those that are asked after this one."""
        self._count()
        return iter(())


class Metrics:
    """Counts what happens, in a registry of its own. Thread-safe.

    @ivar registry: for who wants to add to it.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._notes = _Notes()
        # It is asked first, in the order in which they are registered.
        self.registry.register(self._notes)
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
        self._notes.keep(partial(self._count_answer, door, status, size))

    def _count_answer(self, door: str, status: int, size: int) -> None:
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
            # Not the outcome itself, which may be large.
            timing = outcome.timing if isinstance(outcome, Drawn | Failed | TimedOut) else None
            self._notes.keep(partial(self._count_script, kind(outcome), timing, seconds() - began))
            return outcome

        def failed(failure: Failure) -> Failure:
            self._notes.keep(partial(self._count_script, "cancelled", None, 0.0))
            return failure

        return answer.addCallbacks(came, failed)

    def _count_script(self, outcome: str, timing: Timing | None, total: float) -> None:
        self._scripts.labels(outcome).inc()
        if timing is not None:
            self._queued.observe(timing.queue)
            self._ran.observe(timing.run)
            self._encoded.observe(timing.encode)
            self._total.observe(total)

    def ended(self, ending: Ending) -> None:
        """A script's interpreter has ended."""
        self._notes.keep(partial(self._count_end, ending))

    def _count_end(self, ending: Ending) -> None:
        self._cpu.observe(ending.cpu)
        self._peak.observe(ending.peak)

    def exposed(self, accept: str) -> tuple[str, bytes]:
        """Return everything, as Prometheus' text or as OpenMetrics.

        @param accept: the header that chooses between them.
        @return: the content type, and what is of this type.
        """
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self.registry)
