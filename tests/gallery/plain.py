"""Plain Python, warm: this file is a program that runs scripts, each in a fork, and saves the figures they leave open.

It reads lines of JSON, C{"script": path, "folder": where to run and save, "elsewhere": int}, and answers each with
one: C{"figures": how many, "error": "Type: message" or null}. Nothing of cpyrender is in it.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
from attrs import frozen

_SECONDS = 50


@frozen
class Drawn:
    """What a script gave in plain Python.

    @ivar pictures: the open figures, saved as PNG, in the order of their numbers.
    @ivar error: the exception that ended the script or the saving.
    """

    pictures: tuple[bytes, ...]
    error: str | None


class PlainPython:
    """A process of this program, until the end of the C{with} block."""

    def __enter__(self) -> PlainPython:
        self._home = tempfile.TemporaryDirectory(prefix="cpyrender-plain-")
        env = {**os.environ, "MPLBACKEND": "agg", "HOME": self._home.name, "MPLCONFIGDIR": self._home.name}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
        )
        return self

    def __exit__(self, *why: object) -> None:
        self._process.communicate()
        self._home.cleanup()

    def draw(self, script: Path, *, elsewhere: int = 0) -> Drawn:
        """Run a script.

        @param elsewhere: for each other number its objects lie at other places in memory, on which some layouts
            depend: kiwisolver orders the variables of C{layout="constrained"} by their addresses.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.TemporaryDirectory(prefix="cpyrender-plain-") as folder:
            self._process.stdin.write(
                json.dumps({"script": str(script), "folder": folder, "elsewhere": elsewhere}) + "\n"
            )
            self._process.stdin.flush()
            said = json.loads(self._process.stdout.readline())
            saved = tuple(Path(folder, _picture(number)).read_bytes() for number in range(said["figures"]))
        return Drawn(saved, said["error"])


def _picture(number: int) -> str:
    return f"cpyrender-figure-{number}.png"


def _serve() -> None:
    from matplotlib import pyplot  # noqa: F401  # warm

    for line in sys.stdin:
        wanted = json.loads(line)
        told = Path(wanted["folder"], "cpyrender-told.json")
        pid = os.fork()
        if pid == 0:
            _be_a_run(wanted, told)
        _, status = os.waitpid(pid, 0)
        answer = {"figures": 0, "error": f"the process ended with {os.waitstatus_to_exitcode(status)}"}
        if told.exists():
            answer = json.loads(told.read_text())
        print(json.dumps(answer), flush=True)  # noqa: T201  # a line of the protocol


def _be_a_run(wanted: Mapping[str, Any], told: Path) -> None:
    signal.alarm(_SECONDS)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    figures, error = 0, None
    # As in a process that was started for it; random does it by itself after a fork.
    numpy.random.seed()
    try:
        if wanted["elsewhere"]:
            _stir(wanted["elsewhere"])
        _run(wanted["script"], wanted["folder"])
        figures = _save(wanted["folder"])
    except BaseException as raised:
        error = traceback.format_exception_only(raised)[-1].strip()
    told.write_text(json.dumps({"figures": figures, "error": error}))
    os._exit(0)


def _stir(seed: int) -> None:
    """Leave holes in the C library's heap, so that what is allocated next lies in another order."""
    libc = ctypes.CDLL(None)
    libc.malloc.argtypes, libc.malloc.restype, libc.free.argtypes = (
        (ctypes.c_size_t,),
        ctypes.c_void_p,
        (ctypes.c_void_p,),
    )
    order = random.Random(seed)
    taken = [libc.malloc(order.randrange(16, 128)) for _ in range(300_000)]
    order.shuffle(taken)
    for address in taken[::2]:
        libc.free(address)


def _run(script: str, folder: str) -> None:
    main = ModuleType("__main__")
    main.__dict__.update(__file__=script)
    sys.modules["__main__"] = main
    sys.argv = [script]
    sys.path[0] = folder
    os.chdir(folder)
    exec(compile(Path(script).read_bytes(), script, "exec", dont_inherit=True), main.__dict__)


def _save(folder: str) -> int:
    from matplotlib import pyplot

    numbers = pyplot.get_fignums()
    for place, number in enumerate(numbers):
        # Each as if it were the only one that is saved.
        pid = os.fork()
        if pid == 0:
            try:
                pyplot.figure(number).savefig(Path(folder, _picture(place)))
            except BaseException as error:
                Path(folder, "cpyrender-error.txt").write_text(traceback.format_exception_only(error)[-1].strip())
            os._exit(0)
        os.waitpid(pid, 0)
        if not Path(folder, _picture(place)).exists():
            raise RuntimeError(Path(folder, "cpyrender-error.txt").read_text())
    return len(numbers)


if __name__ == "__main__":
    # What lies beside this file is no library of a script's.
    sys.path.pop(0)
    _serve()
