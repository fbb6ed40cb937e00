"""More clients than places: 64 idle connections, all slots and the queue full, and 32 clients beyond them."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from attrs import Factory, define

from benchmarks import load
from benchmarks.asked.figure import Figure
from benchmarks.client import Client
from benchmarks.crowd import Crowd
from benchmarks.posted import LINE
from benchmarks.result import SATURATING
from benchmarks.running import Running

_IDLE = 64
_BEYOND = 32
_PATH = "/health"
# In one of them, some sixty scripts are served; and what else the machine does for a moment counts in one only.
_ROUNDS = 5

#: Who was turned away comes back after so many seconds, as Retry-After would have it.
_RETRY = 1.0


@define
class _Seen:
    """What clients met.

    @ivar served: when, by the monotonic clock.
    @ivar refused: the seconds each 503 took.
    """

    served: list[float] = Factory(list)
    refused: list[float] = Factory(list)


def measure(running: Running, window: float) -> list[Figure]:
    """Let 8 clients have the server to themselves, then all of them, in turn; return the medians of these rounds."""
    slowest: list[float] = []
    rates: list[float] = []
    for _ in range(_ROUNDS):
        alone = load.loop(running, SATURATING, window).rate
        seen, rate = _crowded(running, window)
        rates.append(rate / alone)
        slowest += [max(seen.refused) * 1000] if seen.refused else []
    return [
        Figure(f"{_BEYOND} clients beyond the queue: the slowest 503 takes", load.median_of_any(slowest), "ms", 50),
        Figure("the same: the others are served, of the rate without them", median(rates), "", 0.95, "at least"),
    ]


def _crowded(running: Running, window: float) -> tuple[_Seen, float]:
    """Return what clients met, and how many of them were served in a second."""
    client = Client(running.port)
    health = client.json(_PATH)
    client.close()
    idle = [Client(running.port) for _ in range(_IDLE)]
    for one in idle:
        one.request("GET", _PATH)
    seen = _Seen()
    began = time.monotonic() + 1.0
    deadline = began + window
    clients = health["slots"] + health["queue"] + _BEYOND
    Crowd.start([_posting(running.port, seen, deadline)] * clients).join()
    for one in idle:
        one.close()
    return seen, sum(began < at <= deadline for at in seen.served) / window


def _posting(port: int, seen: _Seen, deadline: float) -> Callable[[], None]:
    def post() -> None:
        client = Client(port)
        while time.monotonic() < deadline:
            reply = client.run(LINE.source)
            if reply.status == 503:
                seen.refused.append(reply.seconds)
                time.sleep(_RETRY)
            else:
                reply.check(LINE)
                seen.served.append(time.monotonic())
        client.close()

    return post
