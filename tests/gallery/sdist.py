"""matplotlib's galleries, out of the source distribution of the version that is installed. Nothing of them is kept."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

_SECONDS = 120


class NotFetchedError(Exception):
    """The source distribution is not to be had; the message says why."""


@cache
def galleries() -> Path:
    """Return the folder C{galleries}, which is there until this process ends.

    @raise NotFetchedError: pip does not fetch it.
    """
    folder = tempfile.TemporaryDirectory(prefix="cpyrender-galleries-")
    atexit.register(folder.cleanup)
    archive = _fetch(folder.name)
    with tarfile.open(archive) as tar:
        members = [member for member in tar.getmembers() if "/galleries/" in member.name and member.isfile()]
        tar.extractall(folder.name, members, filter="data")
    archive.unlink()
    return next(Path(folder.name).glob("*/galleries"))


def scripts(part: str) -> list[Path]:
    """Return the scripts of one gallery in the order of their names.

    @param part: C{"plot_types"}, C{"examples"}, C{"tutorials"} or C{"users_explain"}.
    @raise NotFetchedError: as above.
    """
    return sorted((galleries() / part).rglob("*.py"))


def _fetch(folder: str) -> Path:
    wanted = version("matplotlib")
    # It has no wheel of the galleries; and pip, to be sure what it fetches, wants to begin building it.
    options = ("--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "download", "--quiet", *options, "--dest", folder, f"matplotlib=={wanted}"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).with_name("no_build")), "MATPLOTLIB_VERSION": wanted}
    try:
        subprocess.run(command, env=env, check=True, timeout=_SECONDS, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or ["pip says nothing"]
        raise NotFetchedError(f"matplotlib {wanted} cannot be fetched: {lines[-1]}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotFetchedError(f"matplotlib {wanted} cannot be fetched: {error}") from None
    return next(Path(folder).glob("*.tar.gz"))
