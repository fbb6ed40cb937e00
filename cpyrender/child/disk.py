"""How much a script has written into its folder, where that is no file system of its own.

The template looks at the folders now and then, which bounds what piles up, not to the byte.
"""

from __future__ import annotations

import os

from cpyrender.settings import FILES


def complaint(folder: str, limit: int) -> str | None:
    """Return what is wrong with a job folder, or C{None}.

    @param limit: bytes that may be in it.
    """
    seen, files, folders = 0, 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    files += 1
                    status = entry.stat(follow_symlinks=False)
                    seen += status.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    if files > FILES or seen > limit:
                        break
        except FileNotFoundError:
            continue  # It went away while we looked.
        except OSError:
            return "made a folder that cannot be looked into"
        if seen > limit:
            return f"wrote more than {limit} bytes into its folder"
        if files > FILES:
            return f"made more than {FILES} files"
    return None
