"""Fonts: those that matplotlib finds on the machine by itself, found quickly; and those that the operator adds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import IO, Any

_MOST_COMPLAINTS = 20
_LONGEST_COMPLAINT = 300


# Of L{matplotlib._afm}: what reads the measures of all characters, and what reads what may follow them.
_MEASURES = ("_parse_char_metrics", "_parse_optional")


def find() -> None:
    """Let matplotlib make its list of the machine's fonts, which it does when it imports what manages them.

    The list has what stands in the heads of the files. Of Adobe's, of which matplotlib brings sixty along, it reads the
    measures as well, and forgets them: a tenth of a second that a first picture would wait for.
    """
    from matplotlib import _afm, get_data_path

    brought = os.path.join(get_data_path(), "")
    before = {name: getattr(_afm, name) for name in _MEASURES if hasattr(_afm, name)}

    def skipping(read: Callable[[IO[bytes]], Any]) -> Callable[[IO[bytes]], Any]:
        # Whether another one can be read is seen by reading it.
        return lambda file: ({}, {}) if str(file.name).startswith(brought) else read(file)

    for name, read in before.items():
        setattr(_afm, name, skipping(read))
    try:
        import matplotlib.font_manager  # noqa: F401 (that is when it does)
    finally:
        for name, read in before.items():
            setattr(_afm, name, read)


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
