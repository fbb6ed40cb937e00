"""An answer of 50 MB: what it does to the server's memory, and how long others wait meanwhile.

Who asks for it is a process of its own, for two clients in one would wait for each other. As a command it is that
process: it asks whenever a line comes on stdin, and writes a line when it has the answer.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import tree
from benchmarks.asked.figure import Figure
from benchmarks.client import Client, WrongAnswerError
from benchmarks.posted import EMPTY, Posted
from benchmarks.running import ROOT, Running

_SIZE = 50 << 20
_LARGE = Posted("50 MB", f"response = bytes({_SIZE})".encode(), b"\0", 1)
_TIMES = 3
_SECONDS_APART = 0.3


def measure(running: Running) -> list[Figure]:
    """Ask for it a few times, with another client posting empty scripts all the while, and keep the worst."""
    server = running.pids[0]
    grown, lasting, waits = 0, 0, [0.0]
    command = [sys.executable, "-m", "benchmarks.asked.large", str(running.port)]
    piped = subprocess.PIPE
    asker = subprocess.Popen(command, cwd=ROOT, stdin=piped, stdout=piped, bufsize=0, preexec_fn=tree.die_with_parent)
    try:
        _read_line(asker)
        for _ in range(_TIMES):
            before = _memory(server, "VmRSS")
            # Forget the peak so far: proc_pid_clear_refs(5).
            Path(f"/proc/{server}/clear_refs").write_text("5")
            waits += _others(running.port, asker)
            grown = max(grown, _memory(server, "VmHWM") - before)
            time.sleep(_SECONDS_APART)
            lasting = max(lasting, _memory(server, "VmRSS") - before)
    finally:
        tree.end(asker)
    return [
        Figure("a 50 MB answer: the server's memory grows, at its peak, by", grown / 1e6, "MB", 2),
        Figure("a 50 MB answer: the server's memory has grown, afterwards, by", lasting / 1e6, "MB", 2),
        Figure("a 50 MB answer: another client's empty script takes", max(waits) * 1000, "ms", 50),
    ]


def _others(port: int, asker: subprocess.Popen[bytes]) -> list[float]:
    """Return the seconds that empty scripts took while a large answer was made and sent."""
    assert asker.stdin is not None
    other = Client(port)
    other.run(EMPTY.source).check(EMPTY)
    asker.stdin.write(b"\n")
    waits = []
    while not select.select([asker.stdout], [], [], 0)[0]:
        waits.append(other.run(EMPTY.source).check(EMPTY).seconds)
    _read_line(asker)
    other.close()
    return waits


def _read_line(asker: subprocess.Popen[bytes]) -> None:
    assert asker.stdout is not None
    if not asker.stdout.readline():
        raise WrongAnswerError("the large answer did not come")


def _memory(pid: int, name: str) -> int:
    """Return bytes out of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    """Ask as often as told to, until stdin ends."""
    os.write(1, b"\n")
    for _ in sys.stdin:
        client = Client(int(sys.argv[1]))
        client.run(_LARGE.source).check(_LARGE)
        client.close()
        os.write(1, b"\n")


if __name__ == "__main__":
    main()
