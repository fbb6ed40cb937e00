"""Fonts that children inherit open.

matplotlib closes all its fonts in each process that is forked: a font reads its file as it goes, and a file that two
processes have open has one position for both. So each child opened anew, and parsed, what its template had long had. A
font that reads from memory has nothing in common with its parent's: L{cpyrender.child.forking} lets it live on.
"""

from __future__ import annotations

import builtins
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FONTS = (".ttf", ".otf", ".ttc", ".pfb")


class _InMemory(io.BytesIO):
    """What was in a file when it was opened.

    @ivar name: the file's, which matplotlib asks for.
    """

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


@contextmanager
def fonts_in_memory() -> Iterator[None]:
    """Have each font that is opened meanwhile read into memory, and let it be used from there on."""
    from matplotlib import font_manager

    fonts: Any = font_manager
    # Whatever is open already reads from its file.
    fonts._get_font.cache_clear()
    # One of them stands behind all others; what is in it is kept once.
    contents: dict[str, bytes] = {}
    open_file = builtins.open

    def open_in_memory(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if mode != "rb" or not str(file).lower().endswith(_FONTS):
            return open_file(file, mode, *args, **kwargs)
        if file not in contents:
            with open_file(file, mode, *args, **kwargs) as font:
                contents[file] = font.read()
        return _InMemory(contents[file], file)

    builtins.open = io.open = open_in_memory
    try:
        yield
    finally:
        builtins.open = io.open = open_file
        if not contents:
            # This matplotlib opens them in some other way.
            fonts._get_font.cache_clear()
