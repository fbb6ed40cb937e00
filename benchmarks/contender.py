"""Who is measured: how each is started, and what it is like."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from subprocess import run

from attrs import frozen

from benchmarks.client import from_base64

#: Scripts at once: as many as there are processors for this process.
CORES = len(os.sched_getaffinity(0))

_SERVE = "import sys; from benchmarks.peers.{} import serve; serve(*map(int, sys.argv[1:]))"
_TWISTD = "import sys; sys.argv[0] = 'twistd'; from twisted.scripts.twistd import run; run()"


@frozen
class Contender:
    """One that can be started.

    @ivar name: as C{--only} takes it.
    @ivar title: as tables have it.
    @ivar command: makes the command line, given a port and a folder for files of its own.
    @ivar slots: how many scripts it runs at once.
    @ivar needs: the modules without which it is left out.
    @ivar decode: what makes an answer's bytes out of its body.
    @ivar slow: it is measured less often, so that all comes to an end.
    @ivar processes: how many of it there are; several for the floor alone, which is one script at a time, and has one
        on each core.
    """

    name: str
    title: str
    command: Callable[[int, Path], list[str]]
    slots: int = CORES
    needs: tuple[str, ...] = ()
    decode: Callable[[bytes], bytes] = bytes
    slow: bool = False
    processes: int = 1

    def missing(self) -> list[str]:
        """Return the modules that it lacks here."""
        return [name for name in self.needs if find_spec(name) is None]


def twistd(*options: str) -> Callable[[int, Path], list[str]]:
    """Return what makes the command line of cpyrender with further options."""
    plain = [sys.executable, "-c", _TWISTD, "-n", "--pidfile=", "cpyrender"]
    return lambda port, folder: [*plain, f"--port={port}", *options]


def _floor(port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.floor"]


def _peer(module: str) -> Callable[[int, Path], list[str]]:
    # Not -m: multiprocessing would import the main module once more in each child.
    return lambda port, folder: [sys.executable, "-c", _SERVE.format(module), str(port), str(CORES)]


def _gunicorn(port: int, folder: Path) -> list[str]:
    options = [f"--workers={CORES}", f"--bind=127.0.0.1:{port}", "--timeout=120", "--log-level=warning"]
    return [sys.executable, "-m", "gunicorn", *options, f"--worker-tmp-dir={folder}", "benchmarks.peers.flask_site:app"]


def _gateway(port: int, folder: Path) -> list[str]:
    from benchmarks.peers import notebook

    path = folder / "render.ipynb"
    notebook.write(path)
    options = {
        "ip": "127.0.0.1",
        "port": port,
        "api": "kernel_gateway.notebook_http",
        "seed_uri": path,
        "prespawn_count": CORES,
        "log_level": 40,
    }
    settings = [f"--KernelGatewayApp.{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "kernel_gateway", *settings]


CPYRENDER = Contender("cpyrender", "cpyrender", twistd(), CORES + 1)

_SHARED = Contender("cpyrender-100", "cpyrender, 100 runs per process", twistd("--runs-per-process=100"), CORES + 1)

FLOOR = Contender("floor", "the floor", _floor, processes=CORES)

PEERS = (
    Contender("2005", "2005 design on http.server", _peer("design_2005"), 1),
    Contender("gunicorn", f"Flask + gunicorn, {CORES} warm workers", _gunicorn, needs=("flask", "gunicorn")),
    Contender("executor", f"ProcessPoolExecutor({CORES}) behind aiohttp", _peer("executor"), needs=("aiohttp",)),
    Contender("interpreter", "new interpreter per script", _peer("interpreter"), slow=True),
    Contender("forkserver", "multiprocessing forkserver with preload", _peer("forkserver")),
    Contender("fork", "plain fork of a warm parent", _peer("plain_fork")),
    Contender(
        "jupyter",
        f"Jupyter kernel gateway, http, {CORES} kernels",
        _gateway,
        needs=("kernel_gateway", "ipykernel"),
        decode=from_base64,
    ),
)


@cache
def contenders() -> tuple[Contender, ...]:
    """Return all that this version of cpyrender can be compared with, the floor first."""
    says = run([*twistd()(0, Path())[:-1], "--help"], capture_output=True, text=True, check=True).stdout
    ours = (CPYRENDER, _SHARED) if "--runs-per-process" in says else (CPYRENDER,)
    return (FLOOR, *ours, *PEERS)
