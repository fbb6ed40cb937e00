"""An answer of 50 MB: what it does to the server's memory, and how long others wait meanwhile.

Who asks for it is a process of its own: two clients in one would wait for each other.
"""

from __future__ import annotations

import time
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.asked.figure import Figure
from benchmarks.client import Client
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
    # Not forked: there are threads here.
    with ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:
        elsewhere.submit(_ask, running.port, EMPTY).result()
        for _ in range(_TIMES):
            before = _memory(server, "VmRSS")
            # Forget the peak so far: proc_pid_clear_refs(5).
            Path(f"/proc/{server}/clear_refs").write_text("5")
            waits += _others(running.port, elsewhere)
            grown = max(grown, _memory(server, "VmHWM") - before)
            time.sleep(_SECONDS_APART)
            lasting = max(lasting, _memory(server, "VmRSS") - before)
    return [
        Figure("a 50 MB answer: the server's memory grows, at its peak, by", grown / 1e6, "MB", 2),
        Figure("a 50 MB answer: the server's memory has grown, afterwards, by", lasting / 1e6, "MB", 2),
        Figure("a 50 MB answer: another client's empty script takes", max(waits) * 1000, "ms", 50),
    ]


def _others(port: int, elsewhere: Executor) -> list[float]:
    """Return the seconds that empty scripts took while a large answer was made and sent."""
    other = Client(port)
    other.run(EMPTY.source).check(EMPTY)
    loading = elsewhere.submit(_ask, port, _LARGE)
    waits = []
    while not loading.done():
        waits.append(other.run(EMPTY.source).check(EMPTY).seconds)
    loading.result()
    other.close()
    return waits


def _ask(port: int, posted: Posted) -> None:
    client = Client(port)
    client.run(posted.source).check(posted)
    client.close()


def _memory(pid: int, name: str) -> int:
    """Return bytes out of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
