"""Tests of L{cpyrender.pool.cgroup}, on a folder that stands for a hierarchy of control groups."""

import os
from collections.abc import Callable
from pathlib import Path

from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool import cgroup
from cpyrender.pool.cgroup import NoGroups, SlotGroups, own_group
from cpyrender.pool.spare import pid_of
from tests.pool.played import PlayedChild

_OF_A_GROUP = (
    *("cgroup.controllers", "cgroup.procs", "cgroup.subtree_control"),
    *("memory.max", "memory.oom.group", "memory.swap.max", "memory.events", "pids.max"),
)
_mkdir, _rmdir = os.mkdir, os.rmdir


class HierarchyCase(SynchronousTestCase):
    """Stands in for the kernel: a group has its files from the beginning, and they vanish with it.

    @ivar lacking: files that new groups do not have.
    """

    def setUp(self) -> None:
        self.lacking: set[str] = set()
        self.patch(os, "mkdir", self.make)
        self.patch(os, "rmdir", self.remove)
        self.patch(os, "geteuid", lambda: 1000)
        self.home = Path(self.mktemp())
        self.home.parent.mkdir(parents=True, exist_ok=True)
        self.make(self.home)
        (self.home / "cgroup.controllers").write_text("cpu memory pids\n")
        (self.home / "cgroup.procs").write_text(f"{os.getpid()}\n")

    def make(self, folder: Path, mode: int = 0o777) -> None:
        """Do what mkdir(2) does there."""
        _mkdir(folder, mode)
        for name in _OF_A_GROUP:
            if name not in self.lacking:
                Path(folder, name).write_text("oom 0\noom_kill 0\n" if name == "memory.events" else "")

    def remove(self, folder: Path) -> None:
        """Do what rmdir(2) does there."""
        for name in _OF_A_GROUP:
            Path(folder, name).unlink(missing_ok=True)
        _rmdir(folder)

    def opened(self, slots: int = 2, memory: int = 1 << 30) -> SlotGroups:
        """Return groups in the hierarchy."""
        return SlotGroups.open(slots, memory, self.home)

    def said(self, *path: str) -> str:
        """Return what a file of the hierarchy has in it."""
        return self.home.joinpath(*path).read_text()

    def assertRefused(self, *words: str) -> None:
        """Check that there are no groups to be had, that it is said why, and that nothing is left of the attempt."""
        why = str(self.assertRaises(NoGroups, self.opened))
        for word in words:
            self.assertIn(word, why)
        self.assertEqual([entry.name for entry in self.home.iterdir() if entry.is_dir()], [])


class SlotGroupsTests(HierarchyCase):
    """L{SlotGroups}."""

    def test_limits(self) -> None:
        """Each slot has a group whose limit leaves a script room for the clean error; a script ends whole, or not."""
        self.opened(slots=2, memory=1 << 30)
        for name in ("cpyrender-slot-0", "cpyrender-slot-1"):
            limits = [
                self.said(name, file) for file in ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max")
            ]
            self.assertEqual(limits, [str((1 << 30) + (256 << 20)), "0", "1", "513"])

    def test_out_of_the_way(self) -> None:
        """The server goes into a group of its own, for a group with processes in it cannot be divided."""
        self.opened()

        self.assertEqual(self.said("cpyrender-server", "cgroup.procs"), str(os.getpid()))
        self.assertEqual(self.said("cgroup.subtree_control"), "+memory +pids")

    def test_close(self) -> None:
        """In the end the groups are gone, and the server is back where it was."""
        self.opened().close()

        self.assertEqual([entry.name for entry in self.home.iterdir() if entry.is_dir()], [])
        self.assertTrue(self.said("cgroup.procs").startswith(str(os.getpid())))
        self.assertEqual(self.said("cgroup.subtree_control"), "-memory -pids")

    def test_stale(self) -> None:
        """Groups that a server has left which was killed are removed."""
        self.make(self.home / "cpyrender-slot-7")
        self.opened(slots=1)

        self.assertFalse((self.home / "cpyrender-slot-7").exists())

    def test_no_swap(self) -> None:
        """A kernel without swap has no limit on it."""
        self.lacking = {"memory.swap.max"}

        self.assertEqual(len(self.opened(slots=3).groups), 3)

    def test_half_made(self) -> None:
        """Where one limit cannot be set there are no groups at all, and all is as it was."""
        for missing in ("memory.max", "memory.oom.group", "pids.max", "cgroup.procs"):
            self.lacking = {missing}
            self.assertRefused(missing, "No such file")
            self.assertTrue(self.said("cgroup.procs").startswith(str(os.getpid())))

    def test_no_controller(self) -> None:
        """Where memory or processes cannot be limited, it is said which, and nothing is changed."""
        (self.home / "cgroup.controllers").write_text("cpu pids\n")

        self.assertRefused("has no controller for memory")
        self.assertEqual(self.said("cgroup.subtree_control"), "")

    def test_other_processes(self) -> None:
        """A group that others are in too, such as that of a login, is left alone."""
        (self.home / "cgroup.procs").write_text(f"1\n{os.getpid()}\n")

        self.assertRefused("has other processes in it: 1")

    def test_somebody_elses(self) -> None:
        """Root may write everywhere, and divides only what systemd has marked as its own to divide."""
        self.patch(os, "geteuid", lambda: 0)
        self.patch(os, "getxattr", self.unmarked)
        self.assertRefused("Delegate=yes")
        self.patch(os, "getxattr", lambda path, name: b"1")

        self.assertEqual(len(self.opened().groups), 2)

    def unmarked(self, path: Path, name: str) -> bytes:
        """Do what getxattr(2) does where there is no such attribute."""
        raise OSError("no data available")

    def test_read_only(self) -> None:
        """A hierarchy that cannot be written is left alone."""
        self.patch(os, "access", lambda path, how: False)

        self.assertRefused("is not this server's to divide")

    def test_where_possible(self) -> None:
        """Where there are none to be had, a server goes on without, and its log says why; else it has them."""
        logged: list[LogEvent] = []
        globalLogPublisher.addObserver(logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, logged.append)
        self.patch(cgroup, "own_group", lambda: self.home)
        groups = SlotGroups.where_possible(2, 1 << 30)
        if groups is None:
            self.fail("there are none")
        groups.close()
        (self.home / "cgroup.controllers").write_text("")

        self.assertIsNone(SlotGroups.where_possible(2, 1 << 30))
        self.assertIn("no control groups of their own: the group", formatEvent(logged[-1]) or "")

    def test_nothing_there(self) -> None:
        """A hierarchy that is not there is said not to be there."""
        why = self.assertRaises(NoGroups, SlotGroups.open, 1, 1, Path(self.mktemp()))

        self.assertIn("No such file", str(why))


class GroupTests(HierarchyCase):
    """L{cgroup.Group}."""

    def setUp(self) -> None:
        super().setUp()
        (self.group,) = self.opened(slots=1).groups
        self.child = PlayedChild()
        self.addCleanup(self.child.close)
        self.addCleanup(self.child.spare.close)

    def test_take(self) -> None:
        """A process is put in by the number that it has for the server."""
        self.group.take(self.child.spare.pidfd)
        pid = int((self.group.folder / "cgroup.procs").read_text())
        # Never 0, which a process of another namespace is here, and which kill(2) takes for whoever runs the tests.
        self.assertEqual(pid, pid_of(self.child.spare.pidfd))
        os.kill(pid, 9)

        self.assertTrue(self.child.was_killed())

    def test_take_one_that_has_ended(self) -> None:
        """A process that has ended is put nowhere; its end is for others to notice."""
        self.child.spare.kill()
        self.child.was_killed()
        self.group.take(self.child.spare.pidfd)

        self.assertEqual((self.group.folder / "cgroup.procs").read_text(), "")

    def test_kills(self) -> None:
        """The kernel's count of those it has killed for want of memory is read."""
        (self.group.folder / "memory.events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 2\n")

        self.assertEqual(self.group.kills(), 2)


class OwnGroupTests(SynchronousTestCase):
    """L{own_group}."""

    def found(self, groups: str, *mounts: str) -> Path:
        """Return the group that is found where the kernel tells this."""
        proc = Path(self.mktemp())
        proc.mkdir(parents=True)
        (proc / "cgroup").write_text(groups)
        (proc / "mountinfo").write_text("\n".join(mounts))
        return own_group(proc)

    def test_unified(self) -> None:
        """With version 2 alone, the group is below its mount."""
        mount = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw"

        self.assertEqual(self.found("0::/a.slice/b.service\n", mount), Path("/sys/fs/cgroup/a.slice/b.service"))

    def test_beside_version_1(self) -> None:
        """Where both versions are mounted, that of version 2 is meant."""
        mounts = (
            "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
            "31 24 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
        )

        self.assertEqual(self.found("4:memory:/x\n0::/y\n", *mounts), Path("/sys/fs/cgroup/unified/y"))

    def test_mounted_in_part(self) -> None:
        """Of a mount that shows a part of the hierarchy, the rest of the path is taken; white space is undone."""
        mount = "30 24 0:26 /a /mnt/my\\040groups rw - cgroup2 none rw"

        self.assertEqual(self.found("0::/a/b\n", mount), Path("/mnt/my groups/b"))

    def test_none(self) -> None:
        """Without version 2, or outside what is mounted of it, there is none."""
        calls: list[Callable[[], Path]] = [
            lambda: self.found("4:memory:/x\n", "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw"),
            lambda: self.found("0::/x\n", "30 24 0:26 /y /sys/fs/cgroup rw - cgroup2 none rw"),
            lambda: own_group(Path(self.mktemp())),
        ]
        for call in calls:
            self.assertRaises(NoGroups, call)
