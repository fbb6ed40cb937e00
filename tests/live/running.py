"""A real server in a process of its own, and a plain client for it. Nothing here leaves the loopback."""

from __future__ import annotations

import atexit
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from attrs import frozen

from cpyrender.child import placement
from cpyrender.pool.running_template import RunningTemplate

Seen = TypeVar("Seen")

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
_PATIENCE = 60.0

#: What is in the log when another template hands out the children from now on.
TAKEN_OVER = "A fresh template has taken over"
# Or that there will be none.
_NOT_TAKEN_OVER = ("The template stays as it was", "is not put together")
# That a template has given its lessons, or cannot.
_TAUGHT = "given their pages ahead of time"


@frozen
class Reply:
    """What came back."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


def until(happened: Callable[[], object], what: str, seconds: float = _PATIENCE) -> None:
    """Wait until something has happened, or fail saying what did not."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.02)


def steady(look: Callable[[], Seen]) -> Seen:
    """Look until the same has been seen ten times in a row, in two seconds, and return that."""
    seen = [look()]
    while len(seen) < 10 or any(one != seen[-1] for one in seen[-10:]):
        if len(seen) == 200:
            raise AssertionError(f"there is always something else: {seen[-10:]}")
        time.sleep(0.2)
        seen.append(look())
    return seen[-1]


def ripen(template: RunningTemplate) -> None:
    """Wait until a template is as warm as it gets."""
    # It waits for its second child: see L{cpyrender.child.template.Template}.
    for _ in range(2):
        template.spare().remove()
    until(template.ripe, "a template that is ripe")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def request(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Make one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, response.reason, named, response.read())
    finally:
        connection.close()


class Running:
    """A command that serves on a port until the end of the C{with} block.

    @ivar log: what it has written to stdout and stderr.
    @ivar spool: where it and its children put temporary files.
    """

    def __init__(self, command: list[str], port: int, env: Mapping[str, str] | None = None) -> None:
        self.port = port
        self._folder = tempfile.TemporaryDirectory(prefix="cpyrender-test-", ignore_cleanup_errors=True)
        self.spool = Path(self._folder.name)
        # As /tmp is: a server that is started as root runs scripts as somebody else, who has to get in.
        self.spool.chmod(0o1777)
        self._log = self.spool / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": self._folder.name, **(env or {})},
            )

    def __enter__(self) -> Running:
        try:
            until(self._answers, f"an answer on port {self.port} ({self.log[-2000:]!r})")
        except BaseException:
            self.stop()
            raise
        return self

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}: {self.log[-2000:]}")
        try:
            request(self.port, "GET", "/")
        except OSError:
            return False
        return True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def stop(self, seconds: float = _PATIENCE) -> int:
        """End it politely, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            self.process.kill()
            self.process.wait()
            self._folder.cleanup()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def memory(self, name: str = "VmRSS") -> int:
        """Return the bytes that the server's own process has, or C{VmHWM}, had at its peak: proc_pid_status(5)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))

    def forget_peak(self) -> None:
        """Let the peak be what there is now: proc_pid_clear_refs(5)."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        return request(self.port, "GET", path, None, headers)

    def post(self, script: str | bytes, path: str = "/", headers: Mapping[str, str] | None = None) -> Reply:
        body = script.encode() if isinstance(script, str) else script
        return request(self.port, "POST", path, body, headers)

    def pids(self) -> dict[int, str]:
        """Return the processes below the server, the template and its children: pid to command line."""
        return descendants(self.process.pid)

    def children(self) -> list[int]:
        """Return the children that run a script or wait for one: of the interpreters below the server, the lowest."""
        below = self._interpreters()
        return sorted(below - {parent(pid) for pid in below})

    def template(self) -> int:
        """Wait until the template has a child, and return the template."""
        found: list[int] = []

        def look() -> bool:
            below = self._interpreters()
            # One that has ended since it was seen has 0 for a parent.
            found[:] = sorted(below & {parent(pid) for pid in below})
            return bool(found)

        until(look, "a template that has a child")
        return found[0]

    def _interpreters(self) -> set[int]:
        return {pid for pid, command in self.pids().items() if "cpyrender.child" in command and "bwrap" not in command}

    def kill(self, pid: int) -> None:
        """Kill one of the processes below the server.

        Never any other: the parent of a process that has just ended is 0, which kill(2) takes for the process group of
        whoever runs the tests.

        @raise ProcessLookupError: if it is none of them.
        """
        if pid not in self.pids():
            raise ProcessLookupError(f"{pid} is not below {self.process.pid}")
        os.kill(pid, signal.SIGKILL)

    def until_settled(self) -> None:
        """Wait, with no script, until the server has the template that it keeps, and that has given its lessons.

        It soon replaces its first one.
        """
        if placement.possible():
            until(
                lambda: any(word in self.log for word in (TAKEN_OVER, *_NOT_TAKEN_OVER)), "a template that stays", 180
            )
        self.until_taught(2 if TAKEN_OVER in self.log else 1)

    def until_taught(self, templates: int = 1) -> None:
        """Wait until so many templates are as warm as they get, and have given their lessons."""
        until(lambda: self.log.count(_TAUGHT) >= templates, "its lessons")


def descendants(pid: int) -> dict[int, str]:
    """Return all processes below a process: pid to command line."""
    found: dict[int, str] = {}
    for child in _children(pid):
        try:
            found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        found |= descendants(child)
    return found


def _children(pid: int) -> list[int]:
    every = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    return [one for one in every if _state_and_parent(one)[1] == pid and alive(one)]


def alive(pid: int) -> bool:
    """Return whether a process is there, and not just waiting to be reaped by a parent that is slow at it."""
    return _state_and_parent(pid)[0] not in {"", "Z", "X"}


def _state_and_parent(pid: int) -> tuple[str, int]:
    try:
        words = _stat(pid)
    except OSError:
        return "", 0
    return words[0], int(words[1])


def _stat(pid: int) -> list[str]:
    """Return what proc_pid_stat(5) tells of a process after its name, which may have any character in it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def minor_faults(pid: int) -> int:
    """Return how many page faults a process has had that were not read from a disk."""
    return int(_stat(pid)[7])


def parent(pid: int) -> int:
    """Return the number of a process's parent."""
    return _state_and_parent(pid)[1]


def cpu_seconds(pid: int) -> float:
    """Return how long a process has been at work."""
    words = _stat(pid)
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def fds(pid: int) -> int:
    """Return how many descriptors a process holds."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def twist(*arguments: str) -> list[str]:
    """Return the command line of a twist, run by this Python."""
    return [sys.executable, "-c", _TWIST, *arguments]


def twistd(*arguments: str) -> list[str]:
    """Return the command line of a twistd in the foreground, run by this Python."""
    return [sys.executable, "-c", _TWISTD, "-n", "--pidfile=", *arguments]


# A test run that is killed takes its servers with it: PR_SET_PDEATHSIG, SIGKILL. One that a shell has put into the
# background ignores SIGINT, and its servers would with it.
_TWISTD = (
    "import ctypes, signal, sys; ctypes.CDLL(None).prctl(1, 9); sys.argv[0] = 'twistd'; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from twisted.scripts.twistd import run; run()"
)
_TWIST = _TWISTD.replace("twistd'", "twist'").replace(
    "from twisted.scripts.twistd import run; run()",
    "from twisted.application.twist._twist import Twist; Twist.main()",
)


#: What a machine has to lack for a level of isolation to be the strongest that works.
_LACKS = {"full": (), "jail": ("pidns",), "confined": (), "none": ("landlock",)}
_WITHOUT_BUBBLEWRAP = ("confined", "none")


def denied(lacks: Sequence[str], command: list[str]) -> list[str]:
    """Return a command that runs on a machine which lacks these; see L{tests.live.denying}."""
    if not lacks:
        return command
    return [sys.executable, str(Path(__file__).with_name("denying.py")), ",".join(lacks), *command]


def serving(*options: str, level: str | None = None, env: Mapping[str, str] | None = None) -> Running:
    """Return a server with these options, started, to be used in a C{with} block.

    @param level: of isolation, which is made the strongest that works; C{None}: what this machine has.
    """
    port = free_port()
    command = twistd("cpyrender", "--port", str(port), *options)
    env = dict(env or {})
    if level is not None:
        command = denied(_LACKS[level], [*command, "--isolation", level])
    if level in _WITHOUT_BUBBLEWRAP:
        env["PATH"] = "/nonexistent"
    return Running(command, port, env)


@cache
def shared(*options: str, level: str | None = None) -> Running:
    """Return a server with these options that all tests share which ask for it; it ends with the test run.

    Trial knows no fixtures of a class or a module, and a server of its own for each test would cost a second each.
    """
    server = serving(*options, level=level).__enter__()
    atexit.register(server.stop)
    return server


@cache
def level_here() -> str:
    """Return the strongest level of isolation that works on this machine."""
    level: str = json.loads(shared().get("/health").body)["isolation"]
    return level
