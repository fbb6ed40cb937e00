"""What this machine, or the container in which we are, has to spare."""

from __future__ import annotations

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
# What a container sees of its own control group.
_GROUP = Path("/sys/fs/cgroup")


def free_memory() -> int | None:
    """Return how many bytes of memory can be had without swapping; C{None}: the system does not tell.

    See proc_meminfo(5), and C{memory.max} in the kernel's Documentation/admin-guide/cgroup-v2.rst.
    """
    told = [amount for amount in (_of_the_machine(), _of_the_group()) if amount is not None]
    return min(told, default=None)


def _of_the_machine() -> int | None:
    try:
        lines = _MEMINFO.read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None


def _of_the_group() -> int | None:
    try:
        most, used = ((_GROUP / f"memory.{what}").read_text().strip() for what in ("max", "current"))
    except OSError:
        return None
    return None if most == "max" else int(most) - int(used)
