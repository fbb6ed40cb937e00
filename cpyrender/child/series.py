"""Several scripts in one process, one after the other: for operators who post only their own.

After each answer, what the script has changed is put back (L{cpyrender.child.state}), which it can thwart. What it can
not do is make the next one wait for it: whatever goes wrong here ends the process, and the server takes another.
"""

from __future__ import annotations

import fcntl
import os
import signal
from typing import NoReturn

from attrs import frozen

from cpyrender import wire
from cpyrender.child import beside, confine, script
from cpyrender.child.state import State, settings_kept
from cpyrender.child.streams import flush, open_streams
from cpyrender.child.task import Task

# Numbers from here on, which a script that opens files is not given.
_HIGH = 128


@frozen
class _Channels:
    """The descriptors that a process keeps for itself, where scripts can close or redirect 0 to 3 as they like."""

    script: int
    result: int
    stdout: int
    stderr: int
    folder: int
    nothing: int

    @classmethod
    def take(cls, result: int) -> _Channels:
        """Take over what this process was given, and close C{result}."""
        folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
        nothing = os.open(os.devnull, os.O_RDWR)
        channels = cls(*(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH) for fd in (0, result, 1, 2, folder, nothing)))
        for fd in (result, folder, nothing):
            os.close(fd)
        return channels

    def open(self) -> None:
        """Give the next script its streams."""
        for fd, number in ((self.nothing, 0), (self.stdout, 1), (self.stderr, 2)):
            os.dup2(fd, number)
        open_streams()

    def shut(self) -> None:
        """From here on, what still is to be printed is lost: it must not be found among what the next one prints."""
        for number in (1, 2):
            os.dup2(self.nothing, number)
        open_streams()


def serve_many(*, result: int, runs: int, cpu: float, memory: int, legacy: bool, refusing: bool) -> NoReturn:
    """Read a submission from stdin, run it, write its answer to the descriptor C{result}, and begin anew.

    Each answer says whether another script may be sent; L{wire.READY} follows once it can be.

    @param runs: how many scripts there may be.
    @param cpu: CPU seconds for each. The limit of the process, which cannot be raised, is that of all together.
    @param memory: bytes for each.
    @param legacy: as for L{cpyrender.child.script.serve_one}.
    @param refusing: likewise.
    """
    channels = _Channels.take(result)
    signal.signal(signal.SIGPROF, confine.out_of_cpu)
    state = State.now(memory)
    # Held by this frame alone: a script can empty or replace all that is in a module.
    write, leave, last_words, broken = os.write, os._exit, script.LAST_WORDS, script.BROKEN
    try:
        for left in reversed(range(runs)):
            task = Task.read(channels.script)
            if task is None:
                leave(0)
            channels.open()
            with settings_kept():
                again = _serve(task, channels.result, cpu, legacy, refusing, left > 0)
                del task
                channels.shut()
            if not again:
                leave(0)
            state.restore(channels.folder)
            write(channels.result, wire.READY)
    except:  # noqa: E722  (a script can put something else under the name of BaseException)
        # In place of READY, this keeps the server from sending anything more.
        write(channels.result, last_words)
    finally:
        leave(broken)


def _serve(task: Task, result: int, cpu: float, legacy: bool, refusing: bool, more: bool) -> bool:
    """Run a script, answer, and return whether there can be another one."""
    signal.setitimer(signal.ITIMER_PROF, cpu)
    header, blobs = script.run(task, legacy, refusing, result)
    signal.setitimer(signal.ITIMER_PROF, 0)
    flush()
    again = header["again"] = more and not _others_at_work()
    wire.write_all(result, wire.pack(header, blobs))
    return again


def _others_at_work() -> bool:
    """Whether a script has left anything running that could get into the next one's way."""
    if beside.goes_on():
        return True
    try:
        # Whatever was started and abandoned below this process has become its child.
        os.waitpid(-1, os.WNOHANG)
    except (ChildProcessError, PermissionError):
        return False  # There is none, or there cannot be any: the filter knows no such call.
    return True
