"""Removing a job folder, whatever its script has made of it: links, folders without permissions, a thousand levels."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

_ATTEMPTS = 3
_PAUSE = 0.01


def remove_folder(folder: str) -> None:
    """Remove a folder and all that is in it; links are removed, not followed.

    @raise OSError: something in it cannot be removed.
    """
    for attempt in range(_ATTEMPTS):
        try:
            # What is usual: nothing in it.
            return os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError:
            if attempt == _ATTEMPTS - 1:
                raise
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            # The script has put something else in its place.
            return os.unlink(folder)
        with _opened(folder, None) as root:
            empty_folder(root)
        if attempt:
            # A process that is just dying may still have made a file.
            time.sleep(_PAUSE)


def remove_if_possible(folder: str) -> None:
    """Remove a folder as L{remove_folder} does, or what of it can be removed: in a jail it may be a mount."""
    with suppress(OSError):
        remove_folder(folder)


class Cleaners:
    """Removes job folders, in a process of its own if there is anything in one: a script may have left a million."""

    def __init__(self) -> None:
        self._pids: list[int] = []

    def clear_away(self, folder: str) -> None:
        """Remove a folder, or have it removed."""
        self._pids = [pid for pid in self._pids if os.waitpid(pid, os.WNOHANG) == (0, 0)]
        try:
            return os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError:
            pass
        pid = os.fork()
        if pid == 0:
            remove_if_possible(folder)
            os._exit(0)
        self._pids.append(pid)


def empty_folder(root: int) -> None:
    """Remove everything in a folder, one level at a time: what is deeper is first moved up, so no depth is too deep.

    @param root: a descriptor of the folder.
    @raise OSError: something in it cannot be removed.
    """
    serials = count()
    while folders := _remove_files(root):
        for name in folders:
            with _opened(name, root) as fd:
                for below in _remove_files(fd):
                    _allow(below, fd)
                    os.rename(below, _unused(root, serials), src_dir_fd=fd, dst_dir_fd=root)
            os.rmdir(name, dir_fd=root)


def _remove_files(fd: int) -> list[str]:
    """Remove what is no folder, and return the names of the folders."""
    folders = []
    with os.scandir(fd) as entries:
        names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in names:
        if is_folder:
            folders.append(name)
        else:
            os.unlink(name, dir_fd=fd)
    return folders


@contextmanager
def _opened(name: str, parent: int | None) -> Iterator[int]:
    _allow(name, parent)
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        yield fd
    finally:
        os.close(fd)


def _allow(name: str, parent: int | None) -> None:
    """Give a folder back the permissions that its script may have taken from it.

    Through a descriptor: under a name, a process that has not died yet could put a link to something else.
    """
    fd = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        os.chmod(f"/proc/self/fd/{fd}", 0o700)
    except FileNotFoundError:
        # In a jail there is no /proc, nor anything that a link could lead to.
        os.chmod(name, 0o700, dir_fd=parent)
    finally:
        os.close(fd)


def _unused(root: int, serials: Iterator[int]) -> str:
    while True:
        name = f"moved-{next(serials)}"
        try:
            os.stat(name, dir_fd=root, follow_symlinks=False)
        except FileNotFoundError:
            return name
