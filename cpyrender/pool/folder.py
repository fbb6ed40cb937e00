"""Removing a job folder, whatever its script has made of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time


def remove_folder(folder: str) -> None:
    """Remove a folder and what is in it; links are not followed."""
    for _ in range(2):
        # As quick as can be for what is usual: nothing in it.
        try:
            return os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError:
            pass
        try:
            return shutil.rmtree(folder)
        except (OSError, RecursionError):
            # Folders without permissions, or a thousand deep: the tool knows how to go about both.
            subprocess.run(["chmod", "-R", "u+rwX", "--", folder], stderr=subprocess.DEVNULL, check=False)
            subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL, check=False)
        # A process that is just dying may still have made a file.
        time.sleep(0.01)
