"""Scripts that loop in every slot, and scripts that end the interpreter: how long others wait, and their clients."""

from __future__ import annotations

import time
from functools import partial

from benchmarks.asked.figure import Figure
from benchmarks.client import Client
from benchmarks.crowd import Crowd
from benchmarks.posted import EMPTY
from benchmarks.running import Running
from benchmarks.spread import percentile

_LIMIT = 1
_LOOP = b"while True: pass"
_EXIT = b"import os\nos._exit(3)"
_EXITS = 20
_SECONDS_AHEAD = 0.3


def measure(running: Running) -> list[Figure]:
    """Try both."""
    return [
        Figure("loops in every slot: another script is answered after the limit by", _behind_loops(running), "ms", 100),
        Figure("os._exit in a script: its client has the answer (95 of 100) in", _after_exit(running), "ms", 30),
    ]


def _behind_loops(running: Running) -> float:
    slots = Client(running.port).json("/health")["slots"]
    began = time.perf_counter()
    loops = Crowd.start([partial(_refused, running.port, f"/?timeout={_LIMIT}")] * slots)
    time.sleep(_SECONDS_AHEAD)
    Client(running.port).run(EMPTY.source).check(EMPTY)
    took = time.perf_counter() - began
    loops.join()
    return (took - _LIMIT) * 1000


def _refused(port: int, path: str) -> None:
    client = Client(port)
    client.run(_LOOP, path)
    client.close()


def _after_exit(running: Running) -> float:
    client = Client(running.port)
    took = [client.run(_EXIT).seconds for _ in range(_EXITS)]
    client.close()
    return percentile(took, 0.95) * 1000
