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


class Fonts:
    """The fonts that matplotlib opens while it is told to have them in memory."""

    def __init__(self) -> None:
        # One of them stands behind all others; what is in it is kept once.
        self._contents: dict[str, bytes] = {}

    @contextmanager
    def in_memory(self) -> Iterator[None]:
        """Have each font that is opened meanwhile read into memory, and let it be used from there on."""
        from matplotlib import font_manager

        fonts: Any = font_manager
        if not self._contents:
            # Whatever is open already reads from its file.
            fonts._get_font.cache_clear()
        open_file = builtins.open

        def open_in_memory(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            if mode != "rb" or not str(file).lower().endswith(_FONTS):
                return open_file(file, mode, *args, **kwargs)
            if file not in self._contents:
                with open_file(file, mode, *args, **kwargs) as font:
                    self._contents[file] = font.read()
            return _InMemory(self._contents[file], file)

        builtins.open = io.open = open_in_memory
        try:
            yield
        finally:
            builtins.open = io.open = open_file
            if not self._contents:
                # This matplotlib opens them in some other way.
                fonts._get_font.cache_clear()
