"""L{Running}: a contender that has been started, until the end of its C{with} block."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from benchmarks import tree
from benchmarks.client import Client, WrongAnswerError
from benchmarks.contender import FLOOR, Contender
from benchmarks.floor import FloorClient
from benchmarks.posted import LINE, Posted

#: Where the package of benchmarks is found.
ROOT = Path(__file__).parent.parent
_SECONDS_TO_START = 90.0
_SECONDS_BETWEEN_TRIES = 0.005


class NotStartedError(Exception):
    """A contender did not answer; the message has the end of its log."""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """A contender's processes. Each is in a process group of its own: Ctrl-C is for the benchmark, which ends them.

    @ivar contender: which.
    @ivar port: where it listens.
    @ivar cold: seconds from the start of the first process to its first picture.
    """

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="cpyrender-benchmark-", ignore_cleanup_errors=True)
        # As /tmp is: who runs scripts as somebody else has to let that one in.
        Path(self._folder.name).chmod(0o1777)
        self._log = Path(self._folder.name) / "log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.cold = 0.0

    def __enter__(self) -> Running:
        began = time.perf_counter()
        try:
            self._processes.append(self._start())
            self._first_answer(LINE)
            self.cold = time.perf_counter() - began
            while len(self._processes) < self.contender.processes:
                self._processes.append(self._start())
            if self.contender is FLOOR:
                self._keep_apart()
        except BaseException:
            self.stop()
            raise
        return self

    def _keep_apart(self) -> None:
        """Keep each process on a core of its own."""
        for process, core in zip(self._processes, sorted(os.sched_getaffinity(0)), strict=True):
            os.sched_setaffinity(process.pid, {core})

    def _start(self) -> subprocess.Popen[bytes]:
        folder = self._folder.name
        settled = {f"JUPYTER_{what}_DIR": folder for what in ("CONFIG", "DATA", "RUNTIME")}
        with self._log.open("ab") as log:
            pipe = subprocess.PIPE if self.contender is FLOOR else None
            return subprocess.Popen(
                self.contender.command(self.port, Path(folder)),
                cwd=ROOT,
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or log,
                stderr=log,
                env={**os.environ, **settled, "TMPDIR": folder, "IPYTHONDIR": folder, "MPLBACKEND": "agg"},
                process_group=0,
                preexec_fn=tree.die_with_parent,
            )

    def _first_answer(self, posted: Posted) -> None:
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            client = self.client()
            try:
                client.run(posted.source).check(posted)
                return
            except OSError as error:
                if self._processes[0].poll() is not None or time.monotonic() > deadline:
                    raise NotStartedError(f"{self.contender.name}: {error}\n{self.log}") from error
                time.sleep(_SECONDS_BETWEEN_TRIES)
            except WrongAnswerError as error:
                raise NotStartedError(f"{self.contender.name}: {error}\n{self.log}") from error
            finally:
                client.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End its processes, and all that they have started."""
        try:
            for process in self._processes:
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()
                tree.end(process)
        finally:
            self._folder.cleanup()

    @property
    def log(self) -> str:
        """The end of what it has written to stdout and stderr."""
        return self._log.read_text(errors="replace")[-3000:]

    @property
    def pids(self) -> list[int]:
        """The roots of its trees of processes."""
        return [process.pid for process in self._processes]

    def client(self, number: int = 0) -> Client | FloorClient:
        """Return a new client; of the floor, the one of the process with this number."""
        if self.contender is not FLOOR:
            return Client(self.port, self.contender.decode)
        process = self._processes[number]
        assert process.stdin and process.stdout  # they are pipes, as they were asked for
        return FloorClient(process.stdin, process.stdout)
