"""An answer of 50 MB: what it does to the server's memory, and how long others wait meanwhile."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.asked.figure import Figure
from benchmarks.client import Client
from benchmarks.crowd import Crowd
from benchmarks.posted import EMPTY, Posted
from benchmarks.running import Running

_SIZE = 50 << 20
_LARGE = Posted("50 MB", f"response = bytes({_SIZE})".encode(), b"\0", 1)
_TIMES = 3
_SECONDS_APART = 0.3


def measure(running: Running) -> list[Figure]:
    """Ask for it a few times, with another client posting empty scripts all the while, and keep the worst."""
    server = running.pids[0]
    grown, lasting, waits = 0, 0, [0.0]
    for _ in range(_TIMES):
        before = _memory(server, "VmRSS")
        # Forget the peak so far: proc_pid_clear_refs(5).
        Path(f"/proc/{server}/clear_refs").write_text("5")
        waits += _others(Client(running.port))
        grown = max(grown, _memory(server, "VmHWM") - before)
        time.sleep(_SECONDS_APART)
        lasting = max(lasting, _memory(server, "VmRSS") - before)
    return [
        Figure("a 50 MB answer: the server's memory grows, at its peak, by", grown / 1e6, "MB", 2),
        Figure("a 50 MB answer: the server's memory has grown, afterwards, by", lasting / 1e6, "MB", 2),
        Figure("a 50 MB answer: another client's empty script takes", max(waits) * 1000, "ms", 50),
    ]


def _others(large: Client) -> list[float]:
    """Return the seconds that empty scripts took while a large answer was made and sent."""
    other = Client(large.port)
    other.run(EMPTY.source).check(EMPTY)
    loading = Crowd.start([lambda: _load(large)])
    waits = []
    while loading.busy():
        waits.append(other.run(EMPTY.source).check(EMPTY).seconds)
    loading.join()
    other.close()
    return waits


def _load(client: Client) -> None:
    client.run(_LARGE.source).check(_LARGE)
    client.close()


def _memory(pid: int, name: str) -> int:
    """Return bytes out of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
