"""Warming the template up: everything a chart needs is imported, and has drawn once.

What the first picture cannot do without comes before the first fork. The rest comes afterwards, in steps, while nobody
wants a child: a server that has just been started has somebody waiting for it.
"""

from __future__ import annotations

import gc
import importlib
import io
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from cpyrender.child import backends, fonts, hugepages, immortal, libraries, practice, together, whereabouts
from cpyrender.child.ground import Heap
from cpyrender.child.held import Fonts
from cpyrender.child.setters import Descriptions
from cpyrender.formats import PICTURES

_FIRST = (
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "numpy",
    "PIL.Image",
    "cpyrender.child.data",
    "cpyrender.child.instead",
    "cpyrender.child.legacy",
    "cpyrender.child.pictures",
)
# What many scripts begin with.
_USUAL = "pylab"
_LATER = (
    "matplotlib.animation",
    "mpl_toolkits.mplot3d",
    "matplotlib.backends.backend_svg",
    "matplotlib.backends.backend_pdf",
    "matplotlib.backends.backend_ps",
    "cpyrender.child.series",
)
# Huge pages: a millisecond each, or several where the machine is busy.
_AT_ONCE = 4


class Warmth:
    """How warm this process is; there is one, and it is made before anything large is imported."""

    def __init__(self, heap: Heap | None = None) -> None:
        """
        @param heap: this process's, where it has one that has been laid out.
        """
        self._heap = heap
        self._fonts = Fonts()
        self._descriptions = Descriptions()
        self._in_pages: list[int] = []

    def begin(self, preload: Iterable[str], folders: Iterable[str] = ()) -> list[str]:
        """Import what nearly every script uses.

        @param preload: further modules to import.
        @param folders: of fonts, beside the machine's.
        @return: which of their files are not fonts that can be used, and why.
        @raise ImportError: one of the modules is not there.
        @raise OSError: one of the folders cannot be read.
        """
        import matplotlib

        matplotlib.use("agg")
        fonts.find()
        with self._descriptions.put_off():
            # Before anything takes copies of pyplot's names.
            backends.stay_with_agg()
            for name in (*_FIRST, *preload):
                importlib.import_module(name)
        # Imported late, as all that takes time is.
        from cpyrender.child import viewers

        viewers.open_none()
        unusable = fonts.add(folders)
        whereabouts.tell()
        gc.freeze()
        return unusable

    def complete(self, rehearse: Callable[[], None]) -> Iterator[None]:
        """Do all the rest, a step each time: none of them takes long, and children can be forked between any two.

        Caches of glyphs, fonts and paths are filled by pictures in all formats: a child that inherits them draws its
        first picture a sixth faster.

        @param rehearse: does, to no effect, what children do before their script.
        """
        # First, for it takes no longer than the server's own attack on the first child, beside which it is done.
        importlib.import_module(_USUAL)
        yield
        from matplotlib import pyplot

        with self._drawing():
            figure, axes = pyplot.subplots()
            axes.plot([1, 2, 3], [1, 4, 9], label="0123456789.\N{MINUS SIGN}")
            axes.set_title("$x^2$")
            axes.legend()
            # No child is to find it open.
            pyplot.close(figure)
        pictures = iter(PICTURES)
        self._draw(figure, next(pictures))
        yield
        yield from self._descriptions.make()
        for name in _LATER:
            importlib.import_module(name)
            yield
        _prepare_pillow()
        for name in pictures:
            yield
            self._draw(figure, name)
        del figure, axes
        yield
        with self._drawing(), together.noticed() as run:
            practice.run_lessons()
        yield
        yield from self._settle(run, rehearse)

    def settle_again(self) -> None:
        """Do once more, for all that has been left behind since, what makes this process cheap to inherit."""
        if self._heap is not None:
            self._heap.clear()
        hugepages.collapse(self._in_pages)

    def _draw(self, figure: Any, name: str) -> None:
        from cpyrender.child.figures import encode_figure
        from cpyrender.values import Wanted

        with self._drawing():
            encode_figure(figure, name, Wanted())

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        logging.disable()
        try:
            with warnings.catch_warnings(), self._fonts.in_memory():
                warnings.simplefilter("ignore")
                yield
        finally:
            logging.disable(logging.NOTSET)
            gc.collect()
            # What is frozen is never visited by a child's collector, so its pages stay shared.
            gc.freeze()

    def _settle(self, run: dict[int, CodeType], rehearse: Callable[[], None]) -> Iterator[None]:
        """Make what there is cheap to inherit.

        @param run: the code that typical scripts run.
        """
        with _thawed():
            gc.collect()
            self._in_pages = sorted(hugepages.with_objects())
        yield from self._clear_heap()
        with _thawed():
            together.lay_together(run)
        run.clear()
        yield from practice.practise(self._drawing)
        practice.forget_lookups()
        with _thawed():
            gc.collect()
        yield from self._clear_heap()
        yield from practice.practise(self._drawing, rounds=1)
        rehearse()
        with _thawed():
            gc.collect()
            kept = gc.get_objects()
        yield from immortal.make_immortal(kept)
        yield from self._clear_heap()
        for first in range(0, len(self._in_pages), _AT_ONCE):
            yield
            hugepages.collapse(self._in_pages[first : first + _AT_ONCE])
        libraries.let_go()
        libraries.join()
        yield

    def _clear_heap(self) -> Iterator[None]:
        """Let what is made from now on lie together."""
        if self._heap is not None:
            yield
            self._heap.clear()
            yield


@contextmanager
def _thawed() -> Iterator[None]:
    """Let what has been frozen be found, and visited by the collector."""
    gc.unfreeze()
    try:
        yield
    finally:
        gc.freeze()


def _prepare_pillow() -> None:
    from PIL import Image

    Image.init()
    Image.new("RGB", (8, 8)).save(io.BytesIO(), format="JPEG")
