"""Tests of L{cpyrender.child.pictures}."""

import io
import re
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender import formats
from cpyrender.child import pictures
from cpyrender.child.answer import NoAnswer
from cpyrender.values import Wanted

_RASTER = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tiff": "TIFF", "gif": "GIF"}
_POINTS_PER_INCH = 72
_WHITE, _RED = (255, 255, 255), (255, 0, 0)


def reopened(data: bytes) -> Image.Image:
    """Return a picture as whoever receives it sees it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def chart(**settings: Any) -> Figure:
    """Return a small figure with something in it."""
    figure = Figure(**({"figsize": (2, 1), "dpi": 50} | settings))
    figure.subplots().plot([1, 2, 4])
    return figure


def size(figure: Figure, **wanted: Any) -> tuple[int, int]:
    """Return the width and height in pixels that a figure comes out with as PNG."""
    return reopened(pictures.encode_figure(figure, "png", Wanted(**wanted))).size


def points(kind: str, data: bytes) -> tuple[float, float]:
    """Return the width and height in points that a vector picture says it has."""
    if kind == "svg":
        root = ElementTree.fromstring(data)
        return float(root.attrib["width"].removesuffix("pt")), float(root.attrib["height"].removesuffix("pt"))
    box = {"pdf": rb"/MediaBox \[([^\]]*)\]"}.get(kind, rb"%%HiResBoundingBox: ([^\n]*)")
    left, bottom, right, top = map(float, re.search(box, data)[1].split())
    return right - left, top - bottom


class FigureFormatTests(SynchronousTestCase):
    """Figures in each format that there is."""

    def test_raster(self) -> None:
        """In each format of pixels a figure is a picture of that format, of its own size and not blank."""
        for kind, name in _RASTER.items():
            image = reopened(pictures.encode(chart(), kind, Wanted(), "").data)
            self.assertEqual((image.format, image.size), (name, (100, 50)), kind)
            self.assertGreater(len(image.convert("RGB").getcolors(5000)), 1, kind)

    def test_vector(self) -> None:
        """In each format of lines a figure is a document of that format, of its own size."""
        beginnings = {"svg": b"<?xml", "pdf": b"%PDF-", "eps": b"%!PS-Adobe-3.0 EPSF", "ps": b"%!PS-Adobe-3.0\n"}
        for kind, beginning in beginnings.items():
            data = pictures.encode(chart(), kind, Wanted(), "").data
            self.assertEqual(data[: len(beginning)], beginning, kind)
            for got, inches in zip(points(kind, data), (2, 1), strict=True):
                self.assertApproximates(got, inches * _POINTS_PER_INCH, 0.01, kind)

    def test_all_formats_are_known(self) -> None:
        """These are all the formats that are offered."""
        self.assertEqual({*_RASTER, "svg", "pdf", "eps", "ps"}, set(formats.PICTURES))

    def test_media_type_and_name(self) -> None:
        """A picture goes out with the media type of its format, under the name that the script gave."""
        for kind, media_type in formats.PICTURES.items():
            output = pictures.encode(Image.new("L", (1, 1)) if kind != "svg" else chart(), kind, Wanted(), "a.b")
            self.assertEqual((output.media_type, output.name), (media_type, "a.b"))

    def test_transparent_figure(self) -> None:
        """A figure without a background is transparent where the format can say so, and else on white."""
        png = reopened(pictures.encode_figure(Figure(facecolor="none"), "png", Wanted()))
        jpg = reopened(pictures.encode_figure(Figure(facecolor="none"), "jpg", Wanted()))

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
        for kind in _RASTER:
            data = pictures.encode_figure(chart(), kind, Wanted(width=333, height=217, dpi=97.3))
            self.assertEqual(reopened(data).size, (333, 217), kind)

    def test_every_vector_format(self) -> None:
        """In a format of lines the wanted pixels are as many inches as the resolution makes of them."""
        for kind in ("svg", "pdf", "eps", "ps"):
            data = pictures.encode_figure(chart(), kind, Wanted(width=300, height=200, dpi=50))
            for got, pixels in zip(points(kind, data), (300, 200), strict=True):
                self.assertApproximates(got, pixels / 50 * _POINTS_PER_INCH, 0.01, kind)

    def test_resolution_only(self) -> None:
        """A resolution alone makes of the figure's inches as many pixels as it says."""
        self.assertEqual(size(chart(figsize=(3, 2)), dpi=40), (120, 80))

    def test_one_side_only(self) -> None:
        """A side that was not asked for follows from the figure's proportions."""
        self.assertEqual(size(chart(figsize=(4, 2)), width=300), (300, 150))
        self.assertEqual(size(chart(figsize=(4, 2)), height=300), (600, 300))

    def test_one_narrow_side_only(self) -> None:
        """A side that was not asked for has at least one pixel."""
        self.assertEqual(size(Figure(figsize=(4, 2)), width=1), (1, 1))

    def test_layouts(self) -> None:
        """A figure that arranges its axes by itself comes out with the wanted pixels as well."""
        for layout in ("constrained", "tight", "compressed"):
            self.assertEqual(size(chart(layout=layout), width=333, height=217), (333, 217), layout)

    def test_script_that_crops(self) -> None:
        """Where the script asks for its figures to be cropped, the wanted pixels still count."""
        with matplotlib.rc_context({"savefig.bbox": "tight"}):
            self.assertEqual(size(chart(), width=333, height=217), (333, 217))

    def test_script_that_crops_and_nothing_wanted(self) -> None:
        """Where nothing is asked for, the script may have its figures cropped."""
        with matplotlib.rc_context({"savefig.bbox": "tight", "savefig.pad_inches": 1}):
            self.assertNotEqual(size(chart()), (100, 50))


class OpenFiguresTests(SynchronousTestCase):
    """L{pictures.open_figures}."""

    def test_in_order_of_number(self) -> None:
        """Figures come in the order of their numbers, not in that of their making."""
        self.addCleanup(pyplot.close, "all")
        third, first = pyplot.figure(3), pyplot.figure(1)

        self.assertEqual(pictures.open_figures(), [first, third])

    def test_none(self) -> None:
        """Where no figure is open there is none."""
        self.assertEqual(pictures.open_figures(), [])


class ImageTests(SynchronousTestCase):
    """Pillow's images."""

    def encoded(self, image: Image.Image, kind: str, **wanted: Any) -> Image.Image:
        """Return an image as it arrives."""
        return reopened(pictures.encode(image, kind, Wanted(**wanted), "").data)

    def test_exact(self) -> None:
        """In a format that loses nothing an image arrives as it was."""
        image = Image.fromarray(numpy.arange(4 * 3 * 4, dtype=numpy.uint8).reshape(4, 3, 4))
        for kind in ("png", "tiff"):
            self.assertEqual(self.encoded(image, kind).tobytes(), image.tobytes(), kind)

    def test_transparency_on_white(self) -> None:
        """In a format without transparency an image stands on white, in proportion to how solid it is."""
        for alpha, wanted in ((0, _WHITE), (255, _RED), (128, (255, 127, 127))):
            jpg = self.encoded(Image.new("RGBA", (16, 16), (255, 0, 0, alpha)), "jpg")
            for got, want in zip(jpg.getpixel((8, 8)), wanted, strict=True):
                self.assertApproximates(got, want, 3, str(alpha))

    def test_transparent_palette(self) -> None:
        """The transparent colour of a palette turns to white as well."""
        image = Image.new("P", (8, 8))
        image.putpalette([255, 0, 0, 0, 0, 0])
        image.info["transparency"] = 0

        self.assertEqual(self.encoded(image, "jpg").getpixel((3, 3)), _WHITE)

    def test_usual_modes(self) -> None:
        """An image of a mode that drawings use can be had in every format of pixels, and as a page."""
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
            for kind in (*_RASTER, "pdf", "eps", "ps"):
                output = pictures.encode(Image.new(mode, (5, 4)), kind, Wanted(), "")
                self.assertGreater(len(output.data), 0, (mode, kind))

    def test_unusual_mode(self) -> None:
        """An image of a mode that the format does not know is refused with a sentence that names both."""
        error = self.assertRaises(NoAnswer, pictures.encode, Image.new("CMYK", (5, 4)), "png", Wanted(), "")

        self.assertIn("CMYK", str(error))
        self.assertIn("png", str(error))

    def test_no_lines_in_an_image(self) -> None:
        """An image cannot be had as SVG, and is refused with a sentence."""
        self.assertRaises(NoAnswer, pictures.encode, Image.new("L", (5, 4)), "svg", Wanted(), "")

    def test_closed(self) -> None:
        """An image that the script has closed is refused with a sentence."""
        image = Image.open(io.BytesIO(pictures.encode(Image.new("L", (5, 4)), "png", Wanted(), "").data))
        image.close()

        self.assertRaises(NoAnswer, pictures.encode, image, "png", Wanted(), "")

    def test_wanted_size(self) -> None:
        """An image is scaled to the wanted pixels; a side that was not asked for follows."""
        for mode in ("1", "L", "P", "RGBA"):
            image = Image.new(mode, (40, 20))
            self.assertEqual(self.encoded(image, "png", width=33, height=7).size, (33, 7), mode)
            self.assertEqual(self.encoded(image, "png", width=10).size, (10, 5), mode)
            self.assertEqual(self.encoded(image, "png", height=10).size, (20, 10), mode)

    def test_narrow(self) -> None:
        """A side that was not asked for has at least one pixel."""
        self.assertEqual(self.encoded(Image.new("L", (400, 2)), "png", width=3).size, (3, 1))

    def test_script_keeps_its_image(self) -> None:
        """The script's own image is not changed by what is wanted of the answer."""
        image = Image.new("RGBA", (40, 20))
        pictures.encode(image, "jpg", Wanted(width=5), "")

        self.assertEqual((image.size, image.mode), ((40, 20), "RGBA"))


class ArrayTests(SynchronousTestCase):
    """Arrays of numbers."""

    def assertRefused(self, array: NDArray[Any], *words: str) -> None:
        """Check that an array is no picture, and that the script is told these words."""
        message = str(self.assertRaises(NoAnswer, pictures.image_of, array))
        for word in words:
            self.assertIn(word, message)

    def test_shapes(self) -> None:
        """Rows and columns, with one, three or four channels, are grey, colour, and colour with transparency."""
        for shape, mode in (((4, 5), "L"), ((4, 5, 1), "L"), ((4, 5, 3), "RGB"), ((4, 5, 4), "RGBA")):
            image = pictures.image_of(numpy.zeros(shape, numpy.uint8))
            self.assertEqual((image.mode, image.size), (mode, (5, 4)))

    def test_values(self) -> None:
        """Each number becomes the pixel at its place."""
        array = numpy.arange(4 * 5 * 3, dtype=numpy.uint8).reshape(4, 5, 3)

        numpy.testing.assert_array_equal(numpy.asarray(pictures.image_of(array)), array)

    def test_views(self) -> None:
        """An array that is a turned or thinned view of another is the picture it looks like."""
        array = numpy.arange(8 * 6, dtype=numpy.uint8).reshape(8, 6)
        for view in (array.T, array[::-1], array[::2, 1::3]):
            numpy.testing.assert_array_equal(numpy.asarray(pictures.image_of(view)), view)

    def test_floats(self) -> None:
        """Floats from 0 to 1 become bytes from 0 to 255, rounded, whatever their precision."""
        for kind in (numpy.float16, numpy.float32, numpy.float64):
            image = pictures.image_of(numpy.array([[0, 0.5, 0.2, 1]], kind))
            self.assertEqual(list(image.tobytes()), [0, 128, 51, 255])

    def test_floats_beside_the_edge(self) -> None:
        """Floats that rounding has pushed a hair beyond 0 or 1 count as 0 and 1."""
        self.assertEqual(list(pictures.image_of(numpy.array([[-1e-7, 1 + 1e-7]])).tobytes()), [0, 255])

    def test_truth_values(self) -> None:
        """Truth values are black and white."""
        self.assertEqual(list(pictures.image_of(numpy.array([[False, True]])).tobytes()), [0, 255])

    def test_wrong_shapes(self) -> None:
        """An array that is no rows and columns, or has other channels, is refused by its shape."""
        for shape in ((), (5,), (4, 5, 2), (4, 5, 5), (2, 4, 5, 3), (0, 5), (4, 0, 3)):
            self.assertRefused(numpy.zeros(shape, numpy.uint8), str(shape))

    def test_wrong_kinds(self) -> None:
        """An array of numbers whose range is not known is refused by its kind."""
        for kind in ("int8", "int64", "uint16", "complex128", "object", "datetime64[s]", "U1"):
            self.assertRefused(numpy.zeros((2, 2), kind), str(numpy.dtype(kind)))

    def test_floats_out_of_range(self) -> None:
        """Floats beyond 0 and 1 are refused, and told what they go from and to."""
        self.assertRefused(numpy.array([[0.0, 255.0]]), "0 to 255")
        self.assertRefused(numpy.array([[-0.5, 1.0]]), "-0.5 to 1")

    def test_not_a_number(self) -> None:
        """Floats one of which is no number are refused."""
        for one in (numpy.nan, numpy.inf):
            self.assertRefused(numpy.array([[0.5, one]]), str(one))


class IsPictureTests(SynchronousTestCase):
    """L{pictures.is_picture}."""

    def test_pictures(self) -> None:
        """Figures, images and arrays are pictures; what merely looks like one is not."""
        for value in (Figure(), Image.new("L", (1, 1)), numpy.zeros(3)):
            self.assertTrue(pictures.is_picture(value), type(value))
        for value in (None, [[0, 1]], b"\x89PNG", chart().axes[0], Figure):
            self.assertFalse(pictures.is_picture(value), type(value))
