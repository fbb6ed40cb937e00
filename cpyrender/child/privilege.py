"""Started as root, nothing that runs a script is root.

The template gives up uid 0 before it warms up. Where the interpreter lies in a folder that only root may enter (a
pyenv below /root), the template first shows itself, in a mount namespace of its own, the parts of it that it needs and
hides the rest of that folder.
"""

from __future__ import annotations

import os
import stat
import sys

from cpyrender.child import linux


def leave_root(uid: int, spool: str) -> None:
    """Become an unprivileged user for good.

    @param spool: a folder that the user owns, and has to reach.
    @raise OSError: it cannot be done. The process must not go on.
    """
    _open_the_way(_needed() | {os.path.abspath(spool)})
    become(uid)


def become(uid: int) -> None:
    """Change to a user, and to the group of the same number, and to nobody else's groups."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _needed() -> set[str]:
    """Return the folders from which Python may still import or load something."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    paths = {path for path in (*sys.path, *prefixes) if os.path.isdir(path)}
    return {os.path.abspath(path) for path in paths} | {os.path.realpath(path) for path in paths}


def _open_the_way(paths: set[str]) -> None:
    """Make the paths reachable for everybody in a mount namespace of this process's own, where they are not yet."""
    closed = _behind_gates(paths)
    if not closed:
        return
    try:
        linux.unshare(linux.CLONE_NEWNS)
    except OSError as error:
        raise OSError(
            error.errno,
            f"scripts must not run as root, and Python lies in {', '.join(closed)}, which only root may enter: start "
            "the server as another user, or with a Python that everybody can reach",
        ) from None
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    while closed:
        for gate, behind in closed.items():
            _show_only(gate, _outermost(behind))
        # Behind an opened gate there may be another.
        closed = _behind_gates(paths)


def _behind_gates(paths: set[str]) -> dict[str, set[str]]:
    closed: dict[str, set[str]] = {}
    for path in paths:
        gate = _gate(path)
        if gate == path:
            closed.setdefault(gate, set()).update(entry.path for entry in os.scandir(path))
        elif gate is not None:
            closed.setdefault(gate, set()).add(path)
    return closed


def _gate(path: str) -> str | None:
    """Return the first folder on the way to a path that others may not enter."""
    parts = path.split("/")
    for end in range(2, len(parts) + 1):
        folder = "/".join(parts[:end])
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return folder
    return None


def _outermost(paths: set[str]) -> set[str]:
    return {path for path in paths if not any(path.startswith(other + "/") for other in paths)}


def _show_only(gate: str, paths: set[str]) -> None:
    """Cover a folder with an empty one in which only these paths, which lie in it, can be reached."""
    held = {path: os.open(path, os.O_PATH) for path in paths if os.path.exists(path)}
    linux.mount("cpyrender", gate, "tmpfs", data="mode=0755,size=1m")
    for path, fd in held.items():
        _make_mount_point(path, os.path.isdir(f"/proc/self/fd/{fd}"))
        linux.mount(f"/proc/self/fd/{fd}", path, flags=linux.MS_BIND | linux.MS_REC)
        os.close(fd)


def _make_mount_point(path: str, is_folder: bool) -> None:
    os.makedirs(path if is_folder else os.path.dirname(path), 0o755, exist_ok=True)
    if not is_folder:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
