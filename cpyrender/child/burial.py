"""L{Child}: one that has been forked and is to be buried, with all that it leaves behind."""

from __future__ import annotations

import json
import os
import signal

from attrs import define

from cpyrender.child.pipes import close

_LONGEST_CHAIN = 1000


@define
class Child:
    """A child that has been forked and not yet buried.

    @ivar pidfd: readable once it has ended.
    @ivar ended: where the server waits to be told how.
    @ivar complaint: why it was killed by the template, if it was.
    """

    pid: int
    pidfd: int
    ended: int
    folder: str
    complaint: str | None = None

    def bury(self) -> None:
        """Kill what it left in its process group, reap it, and tell the server how it ended."""
        # It is not reaped yet, so nobody else can have its number.
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        _kill_group(self.pid)
        _, status, usage = os.wait4(self.pid, 0)
        ending: dict[str, object] = {
            "status": status,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss * 1024,
        }
        if self.complaint is not None:
            ending["complaint"] = self.complaint
        try:
            os.write(self.ended, json.dumps(ending).encode())
        except BrokenPipeError:
            pass  # The server did not wait for it.
        close(self.ended, self.pidfd)


def kill_orphans(known: set[int]) -> None:
    """Kill what an ended script had started and abandoned: it has become a child of this process by now.

    @param known: the pids of the children that are to live.
    """
    # What one of them had started itself is ours only once that one is dead: a chain takes a round for each link.
    for _ in range(_LONGEST_CHAIN):
        strangers = children_of_this_process() - known
        killed = [_kill_and_reap(pid) for pid in strangers]
        if not any(killed):
            return


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _kill_and_reap(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError, PermissionError):
        return False
    return True


def children_of_this_process() -> set[int]:
    """Return the pids of the children of this process; none, where there is no /proc."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as children:
            return {int(pid) for pid in children.read().split()}
    except OSError:
        return set()
