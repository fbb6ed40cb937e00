"""A L{Spare}: a child that has been forked and confined and waits for its script."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios

from attrs import define, field

from cpyrender import wire
from cpyrender.child import whereabouts
from cpyrender.child.folder import remove_folder
from cpyrender.pool.ending import Ending

_MS_TO_DIE = 5000
# The template, which tells of the end, may be forking another child just then.
_MS_TO_TELL = 200
_WORD = 1 << 12
_COUNT = struct.Struct("@i")
_WIDE = 1 << 20
# For putting back what a script has changed, and emptying its folder; a new one is made in a few.
_MS_TO_CLEAR = 2000


def pid_of(pidfd: int) -> int:
    """Return the number that a process has here; proc_pid_fdinfo(5).

    @return: -1: it has ended; 0: it cannot be seen from here.
    @raise OSError: the kernel does not tell.
    """
    with open(f"/proc/self/fdinfo/{pidfd}") as lines:
        return next((int(line.removeprefix("Pid:")) for line in lines if line.startswith("Pid:")), 0)


@define
class Spare:
    """The server's ends of a child's pipes, none of which waits when it is read or written.

    @ivar folder: its job folder, to be removed after it; C{None}: it vanishes with the child.
    @ivar script: where to write the submission.
    @ivar result: where the answer comes.
    @ivar ended: where the template says how the child ended; end of file without a word: the template itself is gone.
    @ivar pidfd: for asking where it is, and for killing it.
    @ivar given: whether it has been given a script.
    @ivar ending: how it ended, as far as the template has told.
    @ivar lean: whether next to all of its memory is still the template's too.
    @ivar unripe: whether its template was not yet as warm as it gets.
    @ivar runs: how many scripts it may still be given.
    @ivar used: whether it has run one.
    """

    folder: str | None
    script: int
    result: int
    stdout: int
    stderr: int
    ended: int
    pidfd: int
    runs: int = 1
    lean: bool = field(default=False, init=False)
    unripe: bool = field(default=False, init=False)
    given: bool = field(default=False, init=False)
    ending: Ending | None = field(default=None, init=False)
    used: bool = field(default=False, init=False)
    _ready: bool = field(default=True, init=False)
    _killed: bool = field(default=False, init=False)

    def kept(self) -> None:
        """Count a script that it has run: it is to be given another one."""
        self.runs -= 1
        self.used, self.lean, self._ready = True, False, False

    def ready(self) -> bool:
        """Whether it can be given a script; waits until one that has been used has cleared up after itself.

        It has to say so with one byte, and nothing but that. Whatever else comes is from something that an earlier
        script has left there, and would be taken for the next one's.
        """
        if not self._ready:
            wait_for(self.result, _MS_TO_CLEAR)
            self._ready = self._waiting(self.result) == wire.READY
        return self._ready and not any(map(self._waiting, (self.result, self.stdout, self.stderr)))

    def _waiting(self, fd: int) -> bytes | None:
        """Return what there is to be read, C{None} where that is nothing yet."""
        try:
            return os.read(fd, 2) or b"the end"
        except BlockingIOError:
            return None

    def kill(self) -> None:
        """Kill it; harmless where it has ended already."""
        if self._killed:
            return
        self._killed = True
        self._signal(signal.SIGKILL)

    def ask(self) -> None:
        """Have it write to its stderr where it is; harmless where it has ended, or has yet to begin."""
        self._signal(whereabouts.ASKED)

    def _signal(self, number: signal.Signals) -> None:
        try:
            signal.pidfd_send_signal(self.pidfd, number)
        except ProcessLookupError:
            pass

    def widen(self) -> None:
        """Let more of a large submission through at a time: each time costs two turns of threads and processes."""
        try:
            fcntl.fcntl(self.script, fcntl.F_SETPIPE_SZ, _WIDE)
        except PermissionError:
            pass  # The user has as much in pipes as the system allows (pipe(7)).

    def unread(self) -> int:
        """Return how many bytes of a submission have been written and not been read by the child; FIONREAD, pipe(7).

        A child that has read all of it is about to run it. It need not say so: that would wake a thread here, just when
        there is nothing to do.
        """
        count: int = _COUNT.unpack(fcntl.ioctl(self.script, termios.FIONREAD, bytes(_COUNT.size)))[0]
        return count

    def remove(self) -> None:
        """Kill it, wait until it is dead, and clear away what it leaves."""
        self.kill()
        # What the template tells of is dead, so that one wait is enough.
        if self.ending is None and not self._told():
            wait_for(self.pidfd, _MS_TO_DIE)
            self._told()
        self.close()
        if self.folder is not None:
            remove_folder(self.folder)

    def _told(self) -> bool:
        """Whether the template tells how it ended; waits for that if it has had a script."""
        if not self.given:
            return False
        wait_for(self.ended, _MS_TO_TELL)
        try:
            word = os.read(self.ended, _WORD)
        except BlockingIOError:
            return False
        self.ending = Ending.parse(word) if word else None
        return self.ending is not None

    def close(self) -> None:
        """Let go of all descriptors."""
        for fd in (self.script, self.result, self.stdout, self.stderr, self.ended, self.pidfd):
            os.close(fd)


def wait_for(fd: int, milliseconds: float) -> bool:
    """Wait until there is something to be read, or the end; return whether there is."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(milliseconds))
