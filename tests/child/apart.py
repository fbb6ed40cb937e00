"""Running a piece of Python in a process of its own: what it does to itself, it does to nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cpyrender

_HOME = str(Path(cpyrender.__file__).parent.parent)
_PATH = os.pathsep.join(filter(None, [_HOME, os.environ.get("PYTHONPATH")]))
_ENVIRONMENT = {**os.environ, "PYTHONPATH": _PATH, "OPENBLAS_NUM_THREADS": "1"}


def begin_apart(source: str, *arguments: object, fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """Start Python with these arguments, and these descriptors under their own numbers."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", source, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT,
        pass_fds=fds,
    )


def run_apart(source: str, *arguments: object, stdin: str = "") -> str:
    """Run Python with these arguments to its end, which must be a good one, and return what it printed."""
    with begin_apart(source, *arguments) as process:
        stdout, stderr = process.communicate(stdin.encode())
    if process.returncode:
        raise AssertionError(f"it ended with {process.returncode}: {stderr.decode()}")
    return stdout.decode()
