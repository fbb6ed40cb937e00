"""Tests of L{cpyrender.child.png}, and of the figures that are written by it."""

import io
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import png
from cpyrender.child.figures import encode_figure
from cpyrender.values import Wanted
from tests.child.reopened import reopened

_SHAPES = st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(4))


class EncodeTests(SynchronousTestCase):
    """L{png.encode}."""

    @given(arrays.arrays(numpy.uint8, _SHAPES))
    def test_any_pixels(self, pixels: Any) -> None:
        """Any pixels arrive as they are."""
        image = reopened(png.encode(pixels, 100, {}))

        self.assertEqual((image.format, image.mode), ("PNG", "RGBA"))
        numpy.testing.assert_array_equal(numpy.asarray(image), pixels)

    def test_views(self) -> None:
        """Pixels that are a view of others are written as they look."""
        pixels = numpy.random.default_rng(5).integers(0, 256, (8, 6, 4), numpy.uint8)
        for view in (pixels[::-1], pixels[::2, 1::3]):
            numpy.testing.assert_array_equal(numpy.asarray(reopened(png.encode(view, 100, {}))), view)

    def test_said_beside(self) -> None:
        """The resolution and the text are told."""
        image = reopened(png.encode(numpy.zeros((2, 2, 4), numpy.uint8), 97.3, {"Title": "größer", "Author": "a"}))

        self.assertApproximates(image.info["dpi"][0], 97.3, 0.02)
        self.assertEqual((image.info["Title"], image.info["Author"]), ("größer", "a"))

    def test_small(self) -> None:
        """A chart takes at most a third more bytes than Pillow makes of it."""
        figure = _lines()
        self.addCleanup(pyplot.close, "all")
        plain = io.BytesIO()
        figure.savefig(plain)

        self.assertLess(len(encode_figure(figure, "png", Wanted())), 4 / 3 * len(plain.getvalue()))


def _noise(shape: tuple[int, ...]) -> Any:
    return numpy.random.default_rng(5).random(shape)


def _lines(**settings: Any) -> Figure:
    figure, axes = pyplot.subplots(**settings)
    for power in (1, 2, 3):
        axes.plot(numpy.linspace(0, 2) ** power, label=f"$x^{power}$")
    axes.legend(loc="best")
    axes.set_title("Title")
    return figure


def _grid() -> Figure:
    figure, grid = pyplot.subplots(2, 2, figsize=(7, 5), sharex=True)
    for axes in grid.flat:
        axes.scatter(*_noise((2, 50)), alpha=0.4)
        axes.set_aspect("equal")
    figure.tight_layout()
    return figure


def _colorbar() -> Figure:
    figure, axes = pyplot.subplots()
    figure.colorbar(axes.imshow(_noise((9, 9))), ax=axes)
    return figure


def _polar() -> Figure:
    figure, axes = pyplot.subplots(subplot_kw={"projection": "polar"})
    axes.bar(numpy.arange(6), numpy.arange(6))
    return figure


def _solid() -> Figure:
    figure, axes = pyplot.subplots(subplot_kw={"projection": "3d"})
    x, y = numpy.mgrid[-2:2:20j, -2:2:20j]
    axes.plot_surface(x, y, x * y)
    return figure


def _inset() -> Figure:
    figure = _lines()
    figure.axes[0].inset_axes((0.6, 0.1, 0.3, 0.3)).plot([2, 1])
    figure.axes[0].secondary_yaxis("right")
    return figure


def _located() -> Figure:
    from mpl_toolkits.axes_grid1 import make_axes_locatable

    figure, axes = pyplot.subplots()
    image = axes.imshow(_noise((5, 9)))
    figure.colorbar(image, cax=make_axes_locatable(axes).append_axes("right", "5%"))
    return figure


def _subfigures() -> Figure:
    figure = pyplot.figure(layout="constrained")
    for part, colour in zip(figure.subfigures(1, 2), ("0.8", "none"), strict=True):
        part.set_facecolor(colour)
        part.subplots(2, 1)[0].plot([1, 3, 2])
        part.suptitle(colour)
    return figure


def _see_through() -> Figure:
    figure = _lines(facecolor=(1, 0, 0, 0.3), edgecolor="blue", linewidth=5)
    figure.axes[0].patch.set_alpha(0.5)
    return figure


def _odd() -> Figure:
    return _lines(figsize=(3.337, 2.513), dpi=97.3)


def _rasterized() -> Figure:
    figure = _lines()
    figure.axes[0].lines[0].set_rasterized(True)
    figure.axes[0].lines[1].set_agg_filter(lambda image, dpi: (image[:, :, ::-1], 0, 0))
    return figure


def _logarithmic() -> Figure:
    figure, axes = pyplot.subplots(layout="tight")
    axes.loglog([1, 10, 1000], [1, 5, 2])
    axes.annotate("far", (10, 5), (1.2, -0.2), textcoords="axes fraction", arrowprops={"arrowstyle": "->"})
    axes.text(1.1, 1.1, "beyond", transform=axes.transAxes)
    return figure


def _compressed() -> Figure:
    figure, grid = pyplot.subplots(1, 2, layout="compressed")
    for axes in grid:
        axes.imshow(_noise((4, 8)))
    return figure


_FIGURES: tuple[Callable[[], Figure], ...] = (
    *(_lines, _grid, _colorbar, _polar, _solid, _inset, _located, _subfigures, _see_through, _odd),
    *(_rasterized, _logarithmic, _compressed, pyplot.figure),
)
_SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"savefig.bbox": "tight"},
    {"savefig.bbox": "tight", "savefig.pad_inches": 0.7, "savefig.dpi": 130},
    {"savefig.transparent": True},
    {"savefig.facecolor": "0.5", "savefig.edgecolor": "red", "savefig.dpi": 61.7},
    {"figure.autolayout": True},
    {"path.sketch": (1, 100, 2)},
)


class FigureTests(SynchronousTestCase):
    """PNG pictures of figures, beside those that C{savefig} makes."""

    def setUp(self) -> None:
        self.addCleanup(pyplot.close, "all")

    def assertAlike(self, make: Callable[[], Figure], wanted: Wanted, **settings: Any) -> None:
        """Check that a figure has the pixels, and all that is said of them, that C{savefig} gives it."""
        plain = io.BytesIO()
        # One for each: figures that were drawn before may be arranged anew.
        make().savefig(plain, format="png", **settings)
        theirs, ours = reopened(plain.getvalue()), reopened(encode_figure(make(), "png", wanted))
        pyplot.close("all")
        self.assertEqual((ours.mode, ours.size, ours.info), (theirs.mode, theirs.size, theirs.info))
        self.assertEqual(ours.tobytes(), theirs.tobytes())

    def test_many_figures(self) -> None:
        """Figures of many kinds, under settings of many kinds, come out with equal pixels."""
        for settings in _SETTINGS:
            with matplotlib.rc_context(settings):
                for make in _FIGURES:
                    self.assertAlike(make, Wanted())

    def test_resolution(self) -> None:
        """So they do at a wanted resolution."""
        for make in _FIGURES:
            self.assertAlike(make, Wanted(dpi=61.7), dpi=61.7)

    def test_figures_of_no_window(self) -> None:
        """A figure that pyplot does not know, or that has another canvas, comes out with equal pixels."""
        for canvas in (None, FigureCanvasAgg, FigureCanvasSVG):

            def make(canvas: Any = canvas) -> Figure:
                figure = Figure(figsize=(2, 1))
                figure.subplots().plot([1, 2])
                if canvas is not None:
                    canvas(figure)
                return figure

            self.assertAlike(make, Wanted())

    def test_saving_of_the_script_s_own(self) -> None:
        """Where a script has its own way to save a figure, that is taken."""

        class Mine(Figure):
            def savefig(self, fname: Any, **settings: Any) -> None:
                Image.new("L", (7, 7)).save(fname, "PNG")

        class Canvas(FigureCanvasAgg):
            def print_png(self, filename_or_obj: Any, **settings: Any) -> None:
                Image.new("L", (8, 8)).save(filename_or_obj, "PNG")

        other = Figure()
        Canvas(other)
        self.assertEqual(reopened(encode_figure(Mine(), "png", Wanted())).size, (7, 7))
        self.assertEqual(reopened(encode_figure(other, "png", Wanted())).size, (8, 8))
