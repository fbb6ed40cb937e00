"""Tests of L{cpyrender.child.images}."""

import io
from base64 import b64decode
from typing import Any
from xml.etree import ElementTree

import numpy
from numpy.typing import NDArray
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import images, pictures
from cpyrender.child.answer import NoAnswer
from cpyrender.values import Wanted
from tests.child.reopened import RASTER, VECTOR, css_pixels, points, reopened

_MODES = (*("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F"),)
_WHITE, _RED = (255, 255, 255), (255, 0, 0)


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

    def test_every_mode(self) -> None:
        """An image of any mode can be had in every format of pixels, with its own pixels."""
        for mode in _MODES:
            for kind, name in RASTER.items():
                image = self.encoded(Image.new(mode, (5, 4)), kind)
                self.assertEqual((image.format, image.size), (name, (5, 4)), (mode, kind))

    def test_every_mode_as_a_document(self) -> None:
        """An image of any mode can be had as a document, in which a pixel is a point, or a CSS pixel in SVG."""
        for mode in _MODES:
            for kind, beginning in VECTOR.items():
                data = pictures.encode(Image.new(mode, (5, 4)), kind, Wanted(), "").data
                self.assertEqual(data[: len(beginning)], beginning, (mode, kind))
                size = css_pixels(data) if kind == "svg" else points(kind, data)
                self.assertEqual(size, (5, 4), (mode, kind))

    def test_every_mode_resized(self) -> None:
        """An image of any mode can be had at any size, with its resolution."""
        for mode in _MODES:
            for kind in (*RASTER, *VECTOR):
                data = pictures.encode(Image.new(mode, (5, 4)), kind, Wanted(width=15, height=7, dpi=50), "").data
                if kind in RASTER:
                    self.assertEqual(reopened(data).size, (15, 7), (mode, kind))
                elif kind == "svg":
                    self.assertEqual(css_pixels(data), (15, 7), mode)
                else:
                    for got, pixels in zip(points(kind, data), (15, 7), strict=True):
                        self.assertApproximates(got, pixels / 50 * 72, 0.01, (mode, kind))

    def test_resolution(self) -> None:
        """A format that can say its resolution says the wanted one, and the pixels stay."""
        for kind in ("png", "jpg", "tiff"):
            image = self.encoded(Image.new("RGB", (5, 4)), kind, dpi=200)
            self.assertApproximates(float(image.info["dpi"][0]), 200, 0.01, kind)
            self.assertEqual(image.size, (5, 4))

    def test_colours(self) -> None:
        """An image of colours that are told in another way than by red, green and blue keeps them."""
        orange = Image.new("RGB", (4, 4), (255, 128, 0))
        for mode in ("CMYK", "YCbCr", "HSV", "RGBX", "RGBa"):
            image = orange.convert("RGBA" if mode == "RGBa" else "RGB").convert(mode)
            for got, want in zip(
                self.encoded(image, "png").convert("RGB").getpixel((1, 1)), (255, 128, 0), strict=True
            ):
                self.assertApproximates(got, want, 3, mode)
        # L*, a* and b* of a plain red, CIE 15.
        red = self.encoded(Image.merge("LAB", [Image.new("L", (4, 4), level) for level in (137, 208, 195)]), "png")
        for got, want in zip(red.getpixel((1, 1)), _RED, strict=True):
            self.assertApproximates(got, want, 24)

    def test_shown_in_svg(self) -> None:
        """An SVG document of an image holds that very image."""
        image = Image.fromarray(numpy.arange(60, dtype=numpy.uint8).reshape(4, 5, 3))
        (shown,) = ElementTree.fromstring(pictures.encode(image, "svg", Wanted(), "").data)
        link = shown.attrib["{http://www.w3.org/1999/xlink}href"]

        self.assertEqual(reopened(b64decode(link.removeprefix("data:image/png;base64,"))).tobytes(), image.tobytes())

    def test_deep_grey(self) -> None:
        """Grey of 16 bits arrives whole where the format has room for it."""
        deep = numpy.array([[0, 300], [40_000, 65_535]])
        for mode in ("I;16", "I"):
            image = Image.fromarray(deep.astype(numpy.uint16 if mode == "I;16" else numpy.int32))
            self.assertEqual(image.mode, mode)
            for kind in ("png", "tiff"):
                numpy.testing.assert_array_equal(numpy.asarray(self.encoded(image, kind)), deep)

    def test_deep_grey_that_does_not_fit(self) -> None:
        """Grey beyond what a byte holds is refused where the format has no more, rather than cut off."""
        for mode, most in (("I", 300), ("I;16", 300), ("F", 255.5), ("I", -1), ("F", -0.5)):
            error = self.assertRaises(NoAnswer, self.encoded, Image.new(mode, (2, 2), most), "jpg")
            self.assertIn("within 0 and 255", str(error))
            self.assertIn(f"{most:g}", str(error))

    def test_mode_that_cannot_be_converted(self) -> None:
        """An image of a mode that nothing can be made of is refused with a sentence that names both."""
        error = self.assertRaises(NoAnswer, pictures.encode, Image.new("La", (5, 4)), "png", Wanted(), "")

        self.assertIn("mode La cannot be written as png", str(error))

    def test_no_pixels(self) -> None:
        """An image of no pixels is refused, with a size and without."""
        for wanted in (Wanted(), Wanted(width=5)):
            error = self.assertRaises(NoAnswer, pictures.encode, Image.new("L", (0, 4)), "png", wanted, "")
            self.assertIn("it has no pixels", str(error))

    def test_too_large_for_the_format(self) -> None:
        """An image that a format has no room for is refused, and the client told how much it has."""
        error = self.assertRaises(NoAnswer, pictures.encode, Image.new("L", (16384, 1)), "webp", Wanted(), "")

        self.assertIn("at most 16383", str(error))

    def test_closed(self) -> None:
        """An image that the script has closed is refused with a sentence."""
        image = Image.open(io.BytesIO(pictures.encode(Image.new("L", (5, 4)), "png", Wanted(), "").data))
        image.close()

        self.assertRaises(NoAnswer, pictures.encode, image, "png", Wanted(), "")

    def test_file_closed_too_early(self) -> None:
        """An image whose file was closed before it was read is refused in words, not so one that has been read."""
        file = io.BytesIO()
        Image.new("L", (4, 3)).save(file, format="PNG")
        with Image.open(io.BytesIO(file.getvalue())) as left:
            pass
        with Image.open(file) as read:
            read.load()
        with io.BytesIO(file.getvalue()) as closed:
            below = Image.open(closed)

        for image in (left, below):
            for kind in (*RASTER, *VECTOR):
                message = str(self.assertRaises(NoAnswer, self.encoded, image, kind))
                self.assertIn("is closed", message)
                self.assertIn("response = im.copy()", message)
        self.assertEqual(self.encoded(read, "png").size, (4, 3))

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
        message = str(self.assertRaises(NoAnswer, images.image_of, array))
        for word in words:
            self.assertIn(word, message)

    def test_shapes(self) -> None:
        """Rows and columns, with one to four channels, are grey, colour, and these with transparency."""
        for shape, mode in (
            ((4, 5), "L"),
            ((4, 5, 1), "L"),
            ((4, 5, 2), "LA"),
            ((4, 5, 3), "RGB"),
            ((4, 5, 4), "RGBA"),
        ):
            image = images.image_of(numpy.zeros(shape, numpy.uint8))
            self.assertEqual((image.mode, image.size), (mode, (5, 4)))

    def test_values(self) -> None:
        """Each number becomes the pixel at its place."""
        array = numpy.arange(4 * 5 * 3, dtype=numpy.uint8).reshape(4, 5, 3)

        numpy.testing.assert_array_equal(numpy.asarray(images.image_of(array)), array)

    def test_views(self) -> None:
        """An array that is a turned or thinned view of another is the picture it looks like."""
        array = numpy.arange(8 * 6, dtype=numpy.uint8).reshape(8, 6)
        for view in (array.T, array[::-1], array[::2, 1::3]):
            numpy.testing.assert_array_equal(numpy.asarray(images.image_of(view)), view)

    def test_floats(self) -> None:
        """Floats from 0 to 1 become bytes from 0 to 255, rounded, whatever their precision."""
        for kind in (numpy.float16, numpy.float32, numpy.float64):
            image = images.image_of(numpy.array([[0, 0.5, 0.2, 1]], kind))
            self.assertEqual(list(image.tobytes()), [0, 128, 51, 255])

    def test_floats_beside_the_edge(self) -> None:
        """Floats that rounding has pushed a hair beyond 0 or 1 count as 0 and 1."""
        self.assertEqual(list(images.image_of(numpy.array([[-1e-7, 1 + 1e-7]])).tobytes()), [0, 255])

    def test_truth_values(self) -> None:
        """Truth values are black and white."""
        self.assertEqual(list(images.image_of(numpy.array([[False, True]])).tobytes()), [0, 255])

    def test_wrong_shapes(self) -> None:
        """An array that is no rows and columns, or has other channels, is refused by its shape."""
        for shape in ((), (5,), (4, 5, 0), (4, 5, 5), (2, 4, 5, 3), (0, 5), (4, 0, 3)):
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
