"""Warming the template up: everything a chart needs is imported and has drawn once before the first fork."""

from __future__ import annotations

import faulthandler
import gc
import importlib
import io
import logging
import warnings
from collections.abc import Iterable

from cpyrender.child import backends, fonts, held, hugepages
from cpyrender.child.ground import Heap
from cpyrender.formats import PICTURES

_ALWAYS = (
    "matplotlib.pyplot",
    "matplotlib.animation",
    "matplotlib.backends.backend_agg",
    "mpl_toolkits.mplot3d",
    "numpy",
    "PIL.Image",
    "pylab",
    "cpyrender.child.data",
    "cpyrender.child.instead",
    "cpyrender.child.legacy",
    "cpyrender.child.pictures",
    "cpyrender.child.series",
)


def warm(preload: Iterable[str], folders: Iterable[str] = ()) -> list[str]:
    """Import what scripts use, draw one picture of each format, and make all of it cheap to inherit.

    @param preload: further modules to import.
    @param folders: of fonts, beside the machine's.
    @return: which of their files are not fonts that can be used, and why.
    @raise ImportError: one of the modules is not there.
    @raise OSError: one of the folders cannot be read.
    """
    heap = Heap.lay_out()
    import matplotlib

    matplotlib.use("agg")
    # Before pylab takes copies of pyplot's names.
    backends.stay_with_agg()
    for name in (*_ALWAYS, *preload):
        importlib.import_module(name)
    # Imported late, as all that takes time is.
    from cpyrender.child import viewers

    viewers.open_none()
    unusable = fonts.add(folders)
    logging.disable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with held.fonts_in_memory():
            _draw_once()
    logging.disable(logging.NOTSET)
    # A script that crashes leaves its line on its stderr; all that is forked from here inherits this.
    faulthandler.enable(2, all_threads=False)
    gc.collect()
    old = hugepages.with_objects()
    if heap is not None:
        heap.clear()
    hugepages.collapse(old)
    # What is frozen is never visited by a child's collector, so its pages stay shared.
    gc.freeze()
    return unusable


def _draw_once() -> None:
    """Fill the caches of glyphs, fonts and paths: a child that inherits them draws its first picture a sixth faster."""
    from matplotlib import pyplot
    from PIL import Image

    from cpyrender.child.figures import encode_figure
    from cpyrender.values import Wanted

    Image.init()
    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 3], [1, 4, 9], label="0123456789.\N{MINUS SIGN}")
    axes.set_title("$x^2$")
    axes.legend()
    for name in PICTURES:
        encode_figure(figure, name, Wanted())
    Image.new("RGB", (8, 8)).save(io.BytesIO(), format="JPEG")
    pyplot.close("all")
