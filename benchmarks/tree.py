"""Whole trees of processes: what they have used of the processors, what they weigh, and their end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Sequence

import psutil

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def adopt_orphans() -> None:
    """Have processes whose parents end become children of this one (prctl(2)), so that none can be lost."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Have the kernel kill this process, which has just been forked, when the benchmark is killed itself."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def below(pid: int) -> list[psutil.Process]:
    """Return a process and all below it, whatever their sessions and pid namespaces."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu(pids: Sequence[int]) -> float:
    """Return the CPU seconds, user's and system's, that trees have used since they began.

    Each process counts, and with it its dead children that were waited for (C{cutime}, proc_pid_stat(5)): who forks
    for each script and waits for the children has their time in that, in any pid namespace.
    """
    return sum(_cpu_of(process) for pid in pids for process in below(pid))


def _cpu_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def own_cpu(pid: int) -> float:
    """Return the CPU seconds of one process alone, of the threads that it has.

    By the scheduler's own clock (C{schedstat}, in nanoseconds; see sched-stats in the kernel's documentation): C{stat}
    has hundredths of a second, which are much of what a server takes for some requests.
    """
    spent = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as stat:
            spent += int(stat.read().split()[0])
    return spent / 1e9


def settled_cpu(pids: Sequence[int], patience: float = 2.0) -> float:
    """Return what L{cpu} does, once it no longer rises: the dead are buried, and who prepares for the next has."""
    deadline = time.monotonic() + patience
    before = cpu(pids)
    while True:
        time.sleep(0.1)
        now = cpu(pids)
        if now <= before or time.monotonic() > deadline:
            return now
        before = now


def pss(pids: Sequence[int]) -> int | None:
    """Return the bytes of memory of trees, shared pages divided among their sharers; C{None}: we may not look."""
    try:
        return sum(_pss_of(process) for pid in pids for process in below(pid))
    except psutil.AccessDenied:
        return None


def _pss_of(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return 0


def end(process: subprocess.Popen[bytes], seconds: float = 8.0) -> None:
    """End a process politely, then kill what is left of its tree."""
    tree = below(process.pid)
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            tree = below(process.pid)
    for one in tree:
        try:
            # psutil knows a process by when it began as well: a number that was given again is let alone.
            one.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    psutil.wait_procs(tree, timeout=seconds)


def end_orphans() -> None:
    """Kill and reap all that is still below this process."""
    for one in psutil.Process().children(recursive=True):
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    try:
        while os.waitpid(-1, 0):
            pass
    except ChildProcessError:
        pass  # There is none any more.
