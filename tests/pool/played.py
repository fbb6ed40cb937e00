"""A child whose part a test plays: it holds the far ends of a spare's pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from attrs import define, field

from cpyrender import wire
from cpyrender.child import whereabouts
from cpyrender.pool.spare import Spare


@define
class _PlayedSpare(Spare):
    """A spare whose child may have begun before it has been given a script: what it says is laid out before.

    @ivar asked: what the child does when it is asked where it is.
    """

    begun: bool = field(default=False, init=False)
    asked: Callable[[], object] = field(default=lambda: None, init=False)

    def unread(self) -> int:
        return 0 if self.begun else super().unread()

    def ask(self) -> None:
        super().ask()
        self.asked()


class PlayedChild:
    """What a template hands out, without an interpreter in it: the process that can be killed is a C{sleep}.

    @ivar spare: the server's ends.
    @ivar script: where the submission arrives.
    """

    def __init__(self, folder: str | None = None) -> None:
        self.script, to_script = os.pipe()
        from_result, result = os.pipe()
        from_stdout, stdout = os.pipe()
        from_stderr, stderr = os.pipe()
        from_ended, ended = os.pipe()
        # A test that goes wrong is to fail, and not to wait.
        os.set_blocking(self.script, False)
        for ours in (to_script, from_result, from_stdout, from_stderr, from_ended):
            os.set_blocking(ours, False)
        self._open = {"script": self.script, "result": result, "stdout": stdout, "stderr": stderr, "ended": ended}
        self._taken: int | None = None
        # It is not one that ends when it is asked.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [whereabouts.ASKED])
        self._process = subprocess.Popen(["sleep", "20"])
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        pidfd = os.pidfd_open(self._process.pid)
        self.spare = _PlayedSpare(folder, to_script, from_result, from_stdout, from_stderr, from_ended, pidfd)

    def say(self, *pieces: bytes) -> None:
        """Write into the channel of the answer."""
        wire.write_all(self._open["result"], pieces)

    def begin(self, *pieces: bytes) -> None:
        """Take the script, and write into the channel of the answer."""
        self.spare.begun = True
        # What is laid out before it is given the script ends before that, too.
        self._taken = self._open.pop("script", self._taken)
        self.say(*pieces)

    def answer(self, header: dict[str, object], *blobs: bytes) -> None:
        """Take the script and answer it."""
        self.begin(*wire.pack(header, blobs))

    def print(self, stdout: bytes = b"", stderr: bytes = b"") -> None:
        """Write to the standard streams."""
        wire.write_all(self._open["stdout"], [stdout])
        wire.write_all(self._open["stderr"], [stderr])

    def descriptor(self, name: str) -> int:
        """Return the far end of a pipe."""
        return self._open[name]

    def shut(self, *names: str) -> None:
        """Close the far ends of these pipes."""
        for name in self._open.keys() & set(names):
            os.close(self._open.pop(name))

    def end(self, status: int, cpu: float = 0.0) -> None:
        """End as wait(2) would tell it: the child's pipes close, and the template says how it was."""
        self.shut("script", "result", "stdout", "stderr")
        os.write(self._open["ended"], json.dumps({"status": status, "cpu": cpu, "peak": 0}).encode())
        self.shut("ended")

    def lose_template(self) -> None:
        """Be gone without a word, and the template with it."""
        self.shut(*list(self._open))

    def was_asked(self) -> bool:
        """Whether the process has been asked where it is, which waits for it there: proc_pid_status(5)."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        waiting = next(int(line.split()[1], 16) for line in lines if line.startswith("ShdPnd:"))
        return bool(waiting & 1 << whereabouts.ASKED - 1)

    def was_killed(self) -> bool:
        """Whether the process has been killed; waits for its end, which without that comes late and differs."""
        return self._process.wait() == -signal.SIGKILL

    def close(self) -> None:
        """End the process and let go of the far ends; the spare's own are its user's to close."""
        self._process.kill()
        self._process.wait()
        self.shut(*list(self._open))
        if self._taken is not None:
            os.close(self._taken)
