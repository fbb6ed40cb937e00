"""Which parts of the machine's file system a script may see: what Python, its libraries and its fonts need, to read."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

import cpyrender

_SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    f"/etc/python{sys.version_info.major}.{sys.version_info.minor}",
)
_BELOW_HOME = (".fonts", ".local/share/fonts")


def package_home() -> str:
    """Return the folder in which the package cpyrender lies."""
    return str(Path(cpyrender.__file__).parent.parent)


def readable_paths(more: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the files and folders that a script may read, without those that lie in another of them.

    Of a source checkout, only the package itself is among them.

    @param more: further folders that the operator has named.
    """
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path}
    package = {os.path.join(package_home(), "cpyrender")}
    fonts = {os.path.join(os.path.expanduser("~"), name) for name in _BELOW_HOME}
    wanted = {
        os.path.abspath(path) for path in {*_SYSTEM, *python, *package, *fonts, *more} if path and os.path.exists(path)
    }
    wanted |= {os.path.realpath(path) for path in wanted}
    return tuple(sorted(_outermost(wanted - {"/", package_home()} - _secret())))


def _secret() -> set[str]:
    """Return folders that happen to be on Python's path, and hold more than Python: the current one, and home."""
    here = {os.getcwd(), os.path.expanduser("~"), "/tmp", "/var/tmp"}
    return here | {os.path.realpath(path) for path in here}


def _outermost(paths: set[str]) -> set[str]:
    return {path for path in paths if not any(path.startswith(other + "/") for other in paths)}


def reachable_parts(path: str) -> list[str]:
    """Return a path, or, where others may not enter that very folder, what is in it."""
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode) and not status.st_mode & stat.S_IXOTH:
        return sorted(entry.path for entry in os.scandir(path))
    return [path]
