"""The names of 2005: modules and methods that scripts of that time call and that have since gone.

Only the posted script sees the modules: C{import StringIO} from a library fails as it does everywhere, for a library
that finds the module takes itself to be running on Python 2. Each name is put up only where the script mentions it.
"""

from __future__ import annotations

import builtins
import importlib
import io
import re
from types import ModuleType
from typing import Any


class StringIO:
    """A file in memory, as Python 2 had it: takes text and bytes.

    Python 2's C{str} was both. What was written decides what comes out: text if nothing but text went in, else bytes.
    """

    def __init__(self, initial: str | bytes = "") -> None:
        self._file: io.StringIO | io.BytesIO = io.StringIO(newline="")
        if initial:
            self.write(initial)
            self._file.seek(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __iter__(self) -> Any:
        return iter(self._file)

    def __enter__(self) -> StringIO:
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def write(self, data: Any) -> int:
        """Write text or bytes at the current position."""
        if not isinstance(data, str) and len(data) and isinstance(self._file, io.StringIO):
            self._turn_to_bytes()
        if isinstance(self._file, io.StringIO):
            return self._file.write(data) if isinstance(data, str) else 0
        return self._file.write(data.encode() if isinstance(data, str) else data)

    def writelines(self, lines: Any) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def _turn_to_bytes(self) -> None:
        position = self._file.tell()
        before = str(self._file.getvalue())[:position].encode()
        self._file = io.BytesIO(str(self._file.getvalue()).encode())
        self._file.seek(len(before))


def _module(name: str) -> ModuleType:
    module = ModuleType(name, "What Python 2 had under this name, as far as scripts that draw use it.")
    module.__dict__.update(StringIO=StringIO)
    return module


_MODULES = {name: _module(name) for name in ("StringIO", "cStringIO")}

# What Pillow has in its package, and PIL had under these names as well.
_OF_PIL = {
    *("Image", "ImageChops", "ImageColor", "ImageDraw", "ImageEnhance", "ImageFile", "ImageFilter", "ImageFont"),
    *("ImageMath", "ImageOps", "ImagePalette", "ImageSequence", "ImageStat"),
}

# Statements that import one of them, or what is called alike, but not from a package. They are found fast where they
# begin with a word.
_IMPORTS_OF_PIL = (
    re.compile(rb"from[ \t]+Image"),
    re.compile(rb"import(?<!\w[ \t]import)[ \t](?:[\w., \t]|\\\r?\n)*(?<![\w.])(?<! as )Image"),
)


def install(source: bytes, namespace: dict[str, Any]) -> None:
    """Give a script the old names that it mentions.

    @param source: the script.
    @param namespace: the globals in which it will run.
    """
    # As it stands in every one of the other names.
    strings = b"tring" in source
    if (strings and b"StringIO" in source) or (b"Image" in source and _imports_of_pil(source)):
        _import_for(namespace)
    if not strings:
        return
    if b"fromstring" in source or b"tostring" in source:
        _old_pillow()
    if b"tostring_rgb" in source:
        _old_agg()


def _imports_of_pil(source: bytes) -> bool:
    return any(statement.search(source) for statement in _IMPORTS_OF_PIL)


def _import_for(namespace: dict[str, Any]) -> None:
    plain = builtins.__import__

    # Its parameters have the names that Python documents, for it may be called with them.
    def import_(
        name: str,
        globals: Any = None,  # noqa: A002
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        own = globals is namespace and level == 0
        if own and name in _MODULES:
            return _MODULES[name]
        try:
            return plain(name, globals, locals, fromlist, level)
        except ModuleNotFoundError as error:
            if not own or name not in _OF_PIL or error.name != name:
                raise
        return importlib.import_module(f"PIL.{name}")

    builtins.__import__ = import_


def _old_pillow() -> None:
    """C{fromstring} and C{tostring} became C{frombytes} and C{tobytes} in Pillow 2, and went in Pillow 3."""
    from PIL import Image

    def fromstring(mode: str, size: Any, data: Any, decoder_name: str = "raw", *args: Any) -> Image.Image:
        width, height = size
        return Image.frombytes(mode, (int(width), int(height)), data, decoder_name, *args)

    for where, name, value in (
        (Image, "fromstring", fromstring),
        (Image.Image, "fromstring", Image.Image.frombytes),
        (Image.Image, "tostring", Image.Image.tobytes),
    ):
        if not hasattr(where, name):
            setattr(where, name, value)


def _old_agg() -> None:
    """C{tostring_rgb} went in matplotlib 3.10."""
    import numpy
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    def tostring_rgb(self: Any) -> bytes:
        return numpy.asarray(self.buffer_rgba())[:, :, :3].tobytes()

    if not hasattr(FigureCanvasAgg, "tostring_rgb"):
        FigureCanvasAgg.tostring_rgb = tostring_rgb  # type: ignore[attr-defined]  # that is the point
