"""Control groups: the kernel's own limit on all the memory of a script, where this process may make groups of its own.

Version 2 only, and only where it has been handed to us, as systemd does for a service with C{Delegate=yes}. Each slot
has a group; the child that waits for a script is put into it by the server, before it has the script. See cgroups(7)
and the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from attrs import define, field, frozen
from twisted.logger import Logger

from cpyrender.pool.spare import pid_of
from cpyrender.settings import DISK

#: What it is called among the layers of isolation.
LAYER = "cgroup"

_CONTROLLERS = ("memory", "pids")
# What counts for a script beside its own memory: the template's pages that it writes to, its folder where that is in
# memory, what the kernel keeps for it. With this much to spare, its own limit comes first, and says so in Python.
_TO_SPARE = DISK + (192 << 20)
_MOST_THREADS = 513
_LEAF = "cpyrender-server"
_SLOT = "cpyrender-slot-"
# With either of these systemd marks a group that is its service's to divide.
_MARKS = ("user.delegate", "trusted.delegate")


class NoGroups(Exception):
    """There are no groups to be had; the message says why."""


@frozen
class Group:
    """The group of a slot."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, memory: int) -> Group:
        """Make it.

        @param memory: bytes that a script may take.
        @raise OSError: the kernel refuses.
        """
        folder.mkdir()
        try:
            _write(folder / "memory.max", memory + _TO_SPARE)
            _write(folder / "memory.oom.group", 1)
            _write(folder / "pids.max", _MOST_THREADS)
            if (folder / "memory.swap.max").exists():
                # A kernel without swap has no such file.
                _write(folder / "memory.swap.max", 0)
        except OSError:
            folder.rmdir()
            raise
        return cls(folder)

    def take(self, pidfd: int) -> None:
        """Put a process in.

        @raise OSError: it is not in.
        """
        pid = pid_of(pidfd)
        if pid > 0:
            _write(self.folder / "cgroup.procs", pid)

    def kills(self) -> int:
        """Return how many processes in it have been killed so far because their memory was used up."""
        return int(dict(map(str.split, (self.folder / "memory.events").read_text().splitlines()))["oom_kill"])


@define
class SlotGroups:
    """The groups of all slots, and the one that this process has gone into to make room for them.

    @ivar home: the group that this process was found in.
    """

    home: Path
    groups: list[Group] = field(factory=list)
    _log: ClassVar[Logger] = Logger()

    @classmethod
    def where_possible(cls, slots: int, memory: int) -> SlotGroups | None:
        """Make a group for each slot, or none where that cannot be done; the log says why. As L{open} otherwise."""
        try:
            return cls.open(slots, memory)
        except NoGroups as why:
            cls._log.info("Scripts have no control groups of their own: {why}", why=why)
            return None

    @classmethod
    def open(cls, slots: int, memory: int, home: Path | None = None) -> SlotGroups:
        """Make a group for each slot.

        @param memory: bytes that a script may take.
        @param home: the group that this process is in; C{None}: as the kernel says.
        @raise NoGroups: there cannot be any. All is as it was then.
        """
        made = cls(home or own_group())
        _check(made.home)
        try:
            made._divide()
            for number in range(slots):
                made.groups.append(Group.make(made.home / f"{_SLOT}{number}", memory))
        except OSError as error:
            made.close()
            raise NoGroups(f"{error.filename or made.home}: {error.strerror}") from None
        return made

    def _divide(self) -> None:
        """Go out of the way: only a group with no process in it may have groups with limits below it."""
        for stale in self.home.glob(f"{_SLOT}*"):
            stale.rmdir()
        leaf = self.home / _LEAF
        leaf.mkdir(exist_ok=True)
        _write(leaf / "cgroup.procs", os.getpid())
        _write(self.home / "cgroup.subtree_control", " ".join(f"+{name}" for name in _CONTROLLERS))

    def close(self) -> None:
        """Remove the groups and go back. What cannot be removed any more goes with the service."""
        _try_all(group.folder.rmdir for group in self.groups)
        self.groups.clear()
        without = " ".join(f"-{name}" for name in _CONTROLLERS)
        _try_all(
            (
                lambda: _write(self.home / "cgroup.subtree_control", without),
                lambda: _write(self.home / "cgroup.procs", os.getpid()),
                (self.home / _LEAF).rmdir,
            )
        )


def own_group(proc: Path = Path("/proc/self")) -> Path:
    """Return the folder of the group that this process is in.

    @param proc: where the kernel tells of this process; proc_pid_cgroup(5), proc_pid_mountinfo(5).
    @raise NoGroups: it is in none of version 2.
    """
    try:
        lines = (proc / "cgroup").read_text().splitlines()
        mounts = [line.split() for line in (proc / "mountinfo").read_text().splitlines()]
    except OSError as error:
        raise NoGroups(f"{error.filename}: {error.strerror}") from None
    path = next((line[3:] for line in lines if line.startswith("0::")), None)
    for mount in mounts:
        root, point, kind = _plain(mount[3]), _plain(mount[4]), mount[mount.index("-") + 1]
        if kind == "cgroup2" and path is not None and Path(path).is_relative_to(root):
            return Path(point) / Path(path).relative_to(root)
    raise NoGroups("this process is in no control group of version 2")


def _plain(path: str) -> str:
    """Return a path as it was before mountinfo wrote white space as octal numbers."""
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), path)


def _check(home: Path) -> None:
    """Find what speaks against dividing a group, before anything is changed."""
    try:
        there = (home / "cgroup.controllers").read_text().split()
        inside = (home / "cgroup.procs").read_text().split()
    except OSError as error:
        raise NoGroups(f"{error.filename}: {error.strerror}") from None
    if missing := [name for name in _CONTROLLERS if name not in there]:
        raise NoGroups(f"the group {home} has no controller for {' and '.join(missing)}")
    if not _is_ours(home):
        raise NoGroups(f"the group {home} is not this server's to divide (with systemd: Delegate=yes)")
    if others := set(inside) - {str(os.getpid())}:
        raise NoGroups(f"the group {home} has other processes in it: {', '.join(sorted(others)[:5])}")


def _is_ours(home: Path) -> bool:
    if os.geteuid() != 0:
        return os.access(home, os.W_OK) and os.access(home / "cgroup.subtree_control", os.W_OK)
    # Root may write everywhere; that does not make it root's to divide.
    return any(_has(home, mark) for mark in _MARKS)


def _has(home: Path, mark: str) -> bool:
    try:
        return os.getxattr(home, mark) == b"1"
    except OSError:
        return False


def _write(file: Path, value: object) -> None:
    # Never made: what the kernel does not offer is not there.
    fd = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, str(value).encode())
    except OSError as error:
        error.filename = str(file)
        raise
    finally:
        os.close(fd)


def _try_all(steps: Iterable[Callable[[], None]]) -> None:
    for step in steps:
        try:
            step()
        except OSError:
            continue
