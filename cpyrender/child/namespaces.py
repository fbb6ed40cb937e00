"""Namespaces at level C{full}: one set around the template, and one of its own for each script.

bubblewrap has built the file system before this begins. The template first becomes process 1 of a pid namespace that
its own user namespace owns, for only there it may make further ones. Each child is then process 1 of one: killing it
kills all that it started, and it sees no process but its own. See pid_namespaces(7), user_namespaces(7).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

from cpyrender.child import linux
from cpyrender.child.calls import Call, Calls
from cpyrender.child.privilege import become
from cpyrender.settings import FILES


def enter(uid: int | None, keep: int) -> None:
    """Go on as process 1 of a new pid namespace, able to make more of them.

    @param uid: whom to become, where this is root. /proc is expected to be mounted then, and is taken away.
    @param keep: the descriptor that this process goes on with; the one that stays behind closes it.
    @raise OSError: the kernel, or a security module, refuses namespaces or the right to use them.
    """
    if uid is None:
        linux.unshare(linux.CLONE_NEWNS)
    else:
        _leave_root(uid)
    linux.unshare(linux.CLONE_NEWPID)
    life, held = os.pipe()
    pid = os.fork()
    if pid:
        os.close(keep)
        os.close(held)
        _stay_behind(pid, life)
    os.close(life)


def _leave_root(uid: int) -> None:
    """Become a user who is nobody outside, and may do in a user namespace of its own what root may."""
    # Held on to, because there is to be no /proc any more by the time the namespace is there to be described.
    proc = os.open("/proc/self", os.O_PATH | os.O_CLOEXEC)
    linux.umount("/proc", linux.MNT_DETACH)
    become(uid)
    linux.prctl(linux.PR_SET_DUMPABLE, 1)
    linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{uid} {uid} 1")):
        file = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        os.write(file, text.encode())
        os.close(file)
    os.close(proc)


def _stay_behind(pid: int, life: int) -> NoReturn:
    """Wait for the end of the process that went on.

    @param life: readable when that has ended: it holds the pipe's other end.
    """
    os.dup2(life, 0)
    try:
        # A Python that only waits would hold 9 MB.
        os.execv("/bin/cat", ["cat"])
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def mount_point(spool: str) -> str:
    """Return where in a spool each child mounts its folder: alone in the one that its rules name."""
    return os.path.join(spool, "jobs", "job")


def make_mount_point(spool: str) -> None:
    """Make the folder for children to mount their own on, in one that they may pass through but not look into."""
    os.makedirs(mount_point(spool), 0o700)
    os.chmod(os.path.dirname(mount_point(spool)), 0o100)


def make_read_only(folder: str) -> None:
    """Let nothing below a folder be changed any more, by this process or those it forks."""
    linux.mount(folder, folder, flags=linux.MS_BIND)
    flags = linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV
    linux.mount(folder, folder, flags=flags)


class Place:
    """Where children are forked each of which is process 1 of its own pid namespace.

    @ivar leave: what is called before such a fork.
    @ivar come_back: what is called after it.
    """

    def __init__(self) -> None:
        self.leave = Calls([linux.to_unshare(linux.CLONE_NEWPID)])
        self.come_back = Calls([linux.to_setns(os.pidfd_open(os.getpid()), linux.CLONE_NEWPID)])

    def fork(self, fork: Callable[[], int]) -> int:
        """Fork one.

        @param fork: as L{os.fork}, as which this ends, too.
        """
        self.leave.make()
        try:
            pid = fork()
        except OSError:
            self.come_back.make()
            raise
        if pid:
            self.come_back.make()
        return pid


def to_enter_own(folder: str, size: int) -> list[Call]:
    """Return the calls that give a child mounts and System V IPC of its own, and an empty folder to stand in.

    @param folder: where to mount that; it is in memory, and vanishes with the child.
    @param size: bytes that fit into it.
    """
    options = f"size={size},nr_inodes={FILES},mode=700"
    return [
        linux.to_unshare(linux.CLONE_NEWNS | linux.CLONE_NEWIPC),
        linux.to_mount("job", folder, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, options),
        linux.to_chdir(folder),
    ]
