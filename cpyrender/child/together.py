"""Code that every chart runs, laid together.

To call a function is to write to it: Python counts who refers to its code, there where the code is. A thousand
functions run for a chart, whose code lies here and there among all that was imported; each child had more than five
hundred pages copied for that. Copies of it that are made one after the other lie on a hundred.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FrameType, FunctionType
from typing import Any


@contextmanager
def noticed() -> Iterator[dict[int, CodeType]]:
    """Take note of all code that is run meanwhile, by its L{id}: code that looks the same is equal."""
    run: dict[int, CodeType] = {}

    def notice(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            run[id(frame.f_code)] = frame.f_code

    sys.setprofile(notice)
    try:
        yield run
    finally:
        sys.setprofile(None)


def lay_together(codes: Mapping[int, CodeType]) -> None:
    """Let all functions that have some of this code run copies of it, which are made now.

    Functions that no collector sees (C{gc.freeze}) stay as they are.

    @param codes: as from L{noticed}.
    """
    copies = _Copies(codes)
    for function in [one for one in gc.get_objects() if type(one) is FunctionType]:
        if id(function.__code__) in codes:
            function.__code__ = copies.of(function.__code__)


class _Copies:
    """Copies of code, each made once."""

    def __init__(self, codes: Mapping[int, CodeType]) -> None:
        self._codes = codes
        self._made: dict[int, CodeType] = {}

    def of(self, code: CodeType) -> CodeType:
        """Return the copy of code; with copies of what is defined within it, which has no function yet."""
        if id(code) not in self._made:
            self._made[id(code)] = code.replace(co_consts=tuple(map(self._constant, code.co_consts)))
        return self._made[id(code)]

    def _constant(self, constant: object) -> object:
        return self.of(constant) if isinstance(constant, CodeType) and id(constant) in self._codes else constant
