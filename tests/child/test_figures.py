"""Tests of L{cpyrender.child.figures}."""

from typing import Any

import matplotlib
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender import formats
from cpyrender.child import figures, pictures
from cpyrender.child.answer import NoAnswer
from cpyrender.values import Wanted
from tests.child.reopened import RASTER, VECTOR, css_pixels, points, reopened, viewed

_POINTS_PER_INCH = 72
_WHITE, _RED = (255, 255, 255), (255, 0, 0)


def chart(**settings: Any) -> Figure:
    """Return a small figure with something in it."""
    figure = Figure(**({"figsize": (2, 1), "dpi": 50} | settings))
    figure.subplots().plot([1, 2, 4])
    return figure


def size(figure: Figure, **wanted: Any) -> tuple[int, int]:
    """Return the width and height in pixels that a figure comes out with as PNG."""
    return reopened(figures.encode_figure(figure, "png", Wanted(**wanted))).size


class FigureFormatTests(SynchronousTestCase):
    """Figures in each format that there is."""

    def test_raster(self) -> None:
        """In each format of pixels a figure is a picture of that format, of its own size and not blank."""
        for kind, name in RASTER.items():
            image = reopened(pictures.encode(chart(), kind, Wanted(), "").data)
            self.assertEqual((image.format, image.size), (name, (100, 50)), kind)
            self.assertGreater(len(image.convert("RGB").getcolors(5000)), 1, kind)

    def test_vector(self) -> None:
        """In each format of lines a figure is a document of that format, of its own size."""
        for kind, beginning in VECTOR.items():
            data = pictures.encode(chart(), kind, Wanted(), "").data
            self.assertEqual(data[: len(beginning)], beginning, kind)
            for got, inches in zip(points(kind, data), (2, 1), strict=True):
                self.assertApproximates(got, inches * _POINTS_PER_INCH, 0.01, kind)

    def test_all_formats_are_known(self) -> None:
        """These are all the formats that are offered."""
        self.assertEqual({*RASTER, *VECTOR}, set(formats.PICTURES))

    def test_media_type_and_name(self) -> None:
        """A picture goes out with the media type of its format, under the name that the script gave."""
        for kind, media_type in formats.PICTURES.items():
            output = pictures.encode(Image.new("L", (1, 1)) if kind != "svg" else chart(), kind, Wanted(), "a.b")
            self.assertEqual((output.media_type, output.name), (media_type, "a.b"))

    def test_transparent_figure(self) -> None:
        """A figure without a background is transparent where the format can say so, and else on white."""
        png = reopened(figures.encode_figure(Figure(facecolor="none"), "png", Wanted()))
        jpg = reopened(figures.encode_figure(Figure(facecolor="none"), "jpg", Wanted()))

        self.assertEqual((png.getpixel((0, 0))[3], jpg.getpixel((0, 0))), (0, _WHITE))


class FigureSizeTests(SynchronousTestCase):
    """Figures of a wanted size."""

    @given(
        st.integers(1, 700),
        st.integers(1, 700),
        st.none() | st.floats(1, 2400),
        st.floats(10, 400),
        st.floats(0.5, 20),
    )
    def test_any_size(self, width: int, height: int, dpi: float | None, own_dpi: float, own_width: float) -> None:
        """A figure comes out with just the pixels that were asked for, at any resolution, whatever its own size."""
        figure = Figure(figsize=(own_width, 3), dpi=own_dpi)

        self.assertEqual(size(figure, width=width, height=height, dpi=dpi), (width, height))

    def test_odd_sizes(self) -> None:
        """Sizes and resolutions that no fraction of inches hits are hit."""
        for dpi in (None, 72, 97.3, 100, 299.7):
            for wanted in ((333, 217), (333, 332), (1, 1), (1023, 7), (999, 1001)):
                self.assertEqual(size(Figure(), width=wanted[0], height=wanted[1], dpi=dpi), wanted, dpi)

    def test_every_raster_format(self) -> None:
        """The wanted pixels are the same in each format of pixels."""
        for kind in RASTER:
            data = figures.encode_figure(chart(), kind, Wanted(width=333, height=217, dpi=97.3))
            self.assertEqual(reopened(data).size, (333, 217), kind)

    def test_every_vector_format(self) -> None:
        """In a document for paper the wanted pixels are as many inches as the resolution makes of them."""
        for kind in ("pdf", "eps", "ps"):
            data = figures.encode_figure(chart(), kind, Wanted(width=300, height=200, dpi=50))
            for got, pixels in zip(points(kind, data), (300, 200), strict=True):
                self.assertApproximates(got, pixels / 50 * _POINTS_PER_INCH, 0.01, kind)

    def test_svg(self) -> None:
        """In an SVG document the wanted pixels are those of CSS, at any resolution, and all is in proportion."""
        for dpi in (None, 50, 97.3):
            data = figures.encode_figure(chart(), "svg", Wanted(width=333, height=251, dpi=dpi))
            self.assertEqual(css_pixels(data), (333, 251), dpi)
            width, height = viewed(data)
            self.assertApproximates(width / height, 333 / 251, 1e-4)

    def test_svg_as_the_script_made_it(self) -> None:
        """Where no size is asked for, an SVG document has the figure's inches."""
        for wanted in (Wanted(), Wanted(dpi=200)):
            data = figures.encode_figure(chart(figsize=(3, 2)), "svg", wanted)
            self.assertEqual(points("svg", data), (216, 144))

    def test_svg_and_png_are_drawn_alike(self) -> None:
        """Lettering takes the same part of the width in an SVG document as in a PNG of the same pixels."""
        figure = chart()
        self.assertEqual(size(figure, width=300, height=200), (300, 200))
        width, _ = viewed(figures.encode_figure(figure, "svg", Wanted(width=300, height=200)))
        # Its units are points, as those of letters are.
        self.assertApproximates(width, 300 / figure.dpi * _POINTS_PER_INCH, 1e-3)

    def test_wide(self) -> None:
        """As wide as may be asked for."""
        self.assertEqual(size(Figure(), width=20000, height=3), (20000, 3))

    def test_too_wide_for_the_format(self) -> None:
        """Where a format has no room for so many pixels, the client is told how many it has."""
        error = self.assertRaises(NoAnswer, figures.encode_figure, Figure(), "webp", Wanted(width=20000, height=3))

        self.assertIn("at most 16383", str(error))

    def test_script_that_sets_the_resolution(self) -> None:
        """A resolution that the script sets for saving holds, unless another is wanted."""
        with matplotlib.rc_context({"savefig.dpi": 25}):
            self.assertEqual(size(chart()), (50, 25))
            self.assertEqual(size(chart(), width=333, height=217), (333, 217))
            self.assertEqual(size(chart(), dpi=100), (200, 100))

    def test_subfigures(self) -> None:
        """A figure that is divided into others comes out with the wanted pixels."""
        for layout in (None, "constrained"):
            figure = Figure(layout=layout)
            for part in figure.subfigures(1, 2):
                part.subplots().plot([1, 2])
            self.assertEqual(size(figure, width=333, height=251), (333, 251), layout)

    def test_resolution_only(self) -> None:
        """A resolution alone makes of the figure's inches as many pixels as it says."""
        self.assertEqual(size(chart(figsize=(3, 2)), dpi=40), (120, 80))

    def test_one_side_only(self) -> None:
        """A side that was not asked for follows from the figure's proportions."""
        self.assertEqual(size(chart(figsize=(4, 2)), width=300), (300, 150))
        self.assertEqual(size(chart(figsize=(4, 2)), height=300), (600, 300))
        self.assertEqual(size(chart(figsize=(4, 3)), width=333), (333, 250))

    def test_one_narrow_side_only(self) -> None:
        """A side that was not asked for has at least one pixel."""
        self.assertEqual(size(Figure(figsize=(4, 2)), width=1), (1, 1))

    def test_layouts(self) -> None:
        """A figure that arranges its axes by itself comes out with the wanted pixels as well."""
        for layout in ("constrained", "tight", "compressed"):
            for dpi in (None, 97.3):
                self.assertEqual(size(chart(layout=layout), width=333, height=251, dpi=dpi), (333, 251), layout)

    def test_script_that_crops(self) -> None:
        """Where the script asks for its figures to be cropped, the wanted pixels still count."""
        with matplotlib.rc_context({"savefig.bbox": "tight"}):
            self.assertEqual(size(chart(), width=333, height=217), (333, 217))
            svg = figures.encode_figure(chart(), "svg", Wanted(width=333, height=217))
            self.assertEqual(css_pixels(svg), (333, 217))

    def test_script_that_crops_and_nothing_wanted(self) -> None:
        """Where nothing is asked for, the script may have its figures cropped."""
        with matplotlib.rc_context({"savefig.bbox": "tight", "savefig.pad_inches": 1}):
            self.assertNotEqual(size(chart()), (100, 50))


class OpenFiguresTests(SynchronousTestCase):
    """L{figures.open_figures}."""

    def test_in_order_of_number(self) -> None:
        """Figures come in the order of their numbers, not in that of their making."""
        self.addCleanup(pyplot.close, "all")
        third, first = pyplot.figure(3), pyplot.figure(1)

        self.assertEqual(figures.open_figures(), [first, third])

    def test_none(self) -> None:
        """Where no figure is open there is none."""
        self.assertEqual(figures.open_figures(), [])
