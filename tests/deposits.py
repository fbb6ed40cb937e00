"""Deposits, and what a process has of them."""

from __future__ import annotations

import mmap
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cpyrender.deposit import Delivery

_NAME = "/memfd:cpyrender"


def deposit_of(data: bytes) -> memoryview:
    """Return a deposit of this."""
    there, here = os.pipe()
    try:
        delivery = Delivery(len(data))
        while delivery.missing:
            begin = len(data) - delivery.missing
            os.write(here, data[begin : begin + mmap.PAGESIZE])
            delivery.take(there)
        return delivery.view()
    finally:
        os.close(there)
        os.close(here)


def mapped(pid: int | str = "self") -> int:
    """Return how many bytes of deposits a process could look at."""
    return _counted(pid, "Size:")


def resident(pid: int | str = "self") -> int:
    """Return how many bytes of deposits a process has in its own memory."""
    return _counted(pid, "Rss:")


def _counted(pid: int | str, name: str) -> int:
    """Add up something that proc_pid_smaps(5) tells of each mapping."""
    found, within = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            within = _NAME in line
        elif within and words[0] == name:
            found += int(words[1]) * 1024
    return found


def open_files() -> int:
    """Return how many descriptors of deposits, or of what may become one, this process has."""
    found = 0
    for fd in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{fd}").startswith(_NAME)
        except FileNotFoundError:
            continue  # That of the folder itself.
    return found


@contextmanager
def limit(which: int, most: int) -> Iterator[None]:
    """Let this process have less of something for a while: setrlimit(2)."""
    before = resource.getrlimit(which)
    resource.setrlimit(which, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(which, before)
