"""Fonts beside those that matplotlib finds on the machine by itself."""

from __future__ import annotations

import os
from collections.abc import Iterable

_MOST_COMPLAINTS = 20
_LONGEST_COMPLAINT = 300


def add(folders: Iterable[str]) -> list[str]:
    """Let matplotlib know all fonts in some folders and below them.

    @return: which files are not fonts that can be used, and why; the first few.
    @raise OSError: one of the folders cannot be read.
    """
    # Heavy; by now the template has it.
    from matplotlib import font_manager

    complaints = []
    for folder in folders:
        _check(folder)
        for path in sorted(font_manager.findSystemFonts([folder])):
            try:
                font_manager.fontManager.addfont(path)
            except Exception as error:
                # A broken file ends in one of many exceptions; none is worth doing without the others.
                complaints.append(f"{path}: {type(error).__name__}: {error}"[:_LONGEST_COMPLAINT])
    return complaints[:_MOST_COMPLAINTS]


def _check(folder: str) -> None:
    try:
        os.listdir(folder)
    except OSError as error:
        raise OSError(f"{folder} cannot be read by the user that scripts run as ({error.strerror})") from None
