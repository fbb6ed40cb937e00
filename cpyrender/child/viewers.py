"""Pillow's viewers: C{Image.show} opens none, as C{pyplot.show} opens no window."""

from __future__ import annotations

import functools

from PIL import Image


def open_none() -> None:
    """Let C{Image.show} do nothing from here on, where it would write a file and look for a program to start on it."""

    @functools.wraps(Image.Image.show)
    def shown(self: Image.Image, title: str | None = None) -> None:
        pass

    Image.Image.show = shown  # type: ignore[method-assign]  # that is what this is for
