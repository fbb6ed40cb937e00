"""The command line that puts the template into a jail; bwrap(1)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping

from cpyrender.pool.visible import reachable_parts


class NoBubblewrap(Exception):
    """It is not installed."""


def jailed(
    command: Iterable[str],
    *,
    level: str,
    readable: Iterable[str],
    spool: str,
    size: int,
    environment: Mapping[str, str],
) -> list[str]:
    """Return a command that runs another one in a jail.

    Inside there is nothing but what is named: no /proc, no home, no network, no process of the machine's.

    @param level: C{"full"}, with the means to make namespaces for each script; or C{"jail"}, without.
    @param readable: files and folders to show.
    @param spool: where to have the one folder that can be written to: in memory, so that it vanishes with the jail.
    @param size: bytes that fit into it.
    @raise NoBubblewrap: it is not installed.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise NoBubblewrap("bubblewrap is missing (on Debian: apt-get install bubblewrap)")
    as_root = os.geteuid() == 0
    return [
        program,
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *([] if as_root else ["--unshare-user", "--disable-userns"]),
        *(["--cap-add", "ALL"] if level == "full" else []),
        # The name of the machine is nobody's business.
        *("--hostname", "cpyrender"),
        *("--die-with-parent", "--new-session", "--clearenv"),
        *(word for name, value in environment.items() for word in ("--setenv", name, value)),
        *_shown(readable),
        *("--dev", "/dev"),
        # Only root has to describe its user namespace itself; it takes /proc away again before anything else happens.
        *(["--proc", "/proc"] if as_root and level == "full" else []),
        *_parents(spool),
        *("--perms", "0711", "--size", str(size), "--tmpfs", spool),
        *("--remount-ro", "/", "--chdir", "/", "--"),
        *command,
    ]


def _shown(readable: Iterable[str]) -> list[str]:
    words: list[str] = []
    for path in (part for whole in readable for part in reachable_parts(whole)):
        words += _parents(path)
        # Merged systems: /lib is a link into /usr.
        words += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind", path, path]
    return words


def _parents(path: str) -> list[str]:
    """Return how to make the folders above a path: by itself bubblewrap makes them so that only root may enter."""
    parts = path.strip("/").split("/")[:-1]
    folders = ["/" + "/".join(parts[: end + 1]) for end in range(len(parts))]
    return [word for folder in folders for word in ("--perms", "0755", "--dir", folder)]
