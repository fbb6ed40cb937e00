"""Tests of L{cpyrender.child.answer}."""

import io
import json
import warnings
from pathlib import PurePosixPath
from typing import Any

import numpy
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.answer import NO_RESPONSE, Answer, NoAnswer, answer_of
from cpyrender.values import Output, Wanted


class _PathOfBytes:
    """A path as the system has it."""

    def __fspath__(self) -> bytes:
        return b"a.png"


class AnswerCase(SynchronousTestCase):
    """Answers for what scripts leave behind."""

    def answer(self, wanted: Wanted | None = None, **left: Any) -> Answer:
        """Return the answer where a script left these names."""
        return answer_of(left, wanted or Wanted())

    def output(self, wanted: Wanted | None = None, **left: Any) -> Output:
        """Return the only output of that answer."""
        (only,) = self.answer(wanted, **left).outputs
        return only

    def refused(self, wanted: Wanted | None = None, **left: Any) -> NoAnswer:
        """Return why there is no answer where a script left these names."""
        return self.assertRaises(NoAnswer, self.answer, wanted, **left)


class BytesTests(AnswerCase):
    """Responses that are bytes or text."""

    def test_bytes(self) -> None:
        """Bytes of any kind go out as they are, and without a file name as octets."""
        for data in (b"\x00\xff", bytearray(b"\x00\xff"), memoryview(b"\x00\xff"), memoryview(b"\x00-\xff")[::2]):
            self.assertEqual(
                self.output(response=data), Output(data=b"\x00\xff", media_type="application/octet-stream")
            )

    def test_text(self) -> None:
        """Text goes out as UTF-8, under its name and with the media type of that."""
        self.assertEqual(
            self.output(response="größer", filename="a.txt"),
            Output(data="größer".encode(), media_type="text/plain", name="a.txt"),
        )

    def test_bytes_of_a_file_name(self) -> None:
        """Text that holds the undecodable bytes of a file name goes out as those bytes."""
        self.assertEqual(self.output(response="a\udcff").data, b"a\xff")

    def test_no_utf8(self) -> None:
        """Text with half of a character is refused, and the script told which and where."""
        error = self.refused(response="ü\udcff\ud800\ud801")

        self.assertEqual(error.cause, "no-response")
        self.assertEqual(str(error), f"{NO_RESPONSE}: response is text that UTF-8 cannot say: '\\ud800' at position 2")

    def test_empty(self) -> None:
        """A response of no bytes is a response."""
        self.assertEqual(self.output(response=b"").data, b"")

    def test_no_conversion(self) -> None:
        """Bytes stay what they are, whatever format is wanted and whatever figures are open."""
        self.addCleanup(pyplot.close, "all")
        pyplot.figure()

        self.assertEqual(self.output(Wanted(format="svg", width=5), response=b"a").data, b"a")

    def test_paths(self) -> None:
        """A file name that is a path is its text, with all folders."""
        for name in ("chart.pdf", "../a/chart.pdf", "/chart.pdf"):
            output = self.output(response=b"", filename=PurePosixPath(name))
            self.assertEqual(output, self.output(response=b"", filename=name))
            self.assertEqual((output.name, output.media_type), (name, "application/pdf"))

    def test_odd_file_names(self) -> None:
        """A file name that is no text is none."""
        with warnings.catch_warnings(action="ignore"):
            for name in (None, 5, b"a.png", ["a.png"]):
                self.assertEqual(self.output(response=b"", filename=name).name, "")

    def test_warned_of_odd_file_names(self) -> None:
        """A script is warned of a file name that is no text, but not of none."""
        for name, kind in ((5, "int"), (b"a.png", "bytes"), (["a.png"], "list"), (_PathOfBytes(), "bytes")):
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                self.output(response=b"", filename=name)
            self.assertEqual(
                [str(one.message) for one in said], [f"filename is left out: it is of type {kind}, not str"]
            )
        with warnings.catch_warnings(action="error"):
            self.output(response=b"", filename=None)
            self.output(response=b"", filename="")


class JSONTests(AnswerCase):
    """Responses that are data."""

    def test_data(self) -> None:
        """Dicts, lists, numbers and truth values go out as JSON."""
        for data in ({"a": [1, None, "ü"]}, [], [1.5], 0, 1.25, True, numpy.float64(0.5), numpy.int64(5)):
            output = self.output(response=data, filename="a.png")
            self.assertEqual((output.media_type, json.loads(output.data)), ("application/json", data))

    def test_data_of_numpy(self) -> None:
        """numpy's numbers and arrays are the numbers and lists that they stand for, wherever they are."""
        data = {
            "a": [numpy.int8(1), numpy.float32(0.5), numpy.bool_(True), numpy.longdouble(2)],
            "b": numpy.arange(4).reshape(2, 2),
            "c": (numpy.zeros(()), numpy.str_("d")),
        }
        self.assertEqual(
            json.loads(self.output(response=data).data), {"a": [1, 0.5, True, 2], "b": [[0, 1], [2, 3]], "c": [0, "d"]}
        )
        for number, meant in ((numpy.int64(5), 5), (numpy.bool_(False), False), (numpy.float32(0.5), 0.5)):
            self.assertEqual(json.loads(self.output(response=number).data), meant)

    def test_not_a_number(self) -> None:
        """A number that is none is refused, wherever it is, and the script told what JSON has instead."""
        for data in ([float("nan")], numpy.float32("inf"), {"a": numpy.array([numpy.nan])}):
            self.assertIn("only null (None)", str(self.refused(response=data)))

    def test_not_json(self) -> None:
        """Data that JSON has no words for is refused, with the reason."""
        endless: list[Any] = []
        endless.append(endless)
        for data in (
            {"a": object()},
            {(1, 2): 3},
            [float("nan")],
            float("inf"),
            endless,
            ["\ud800"],
            [b"a"],
            [1j],
            [numpy.datetime64("now")],
        ):
            message = str(self.refused(response=data))
            self.assertIn(f"{type(data).__name__} cannot be written as JSON: ", message)

    def test_too_deep(self) -> None:
        """Data that nests deeper than Python recurses is refused."""
        deep: list[Any] = []
        for _ in range(100_000):
            deep = [deep]

        self.refused(response=deep)


class PictureTests(AnswerCase):
    """Responses that are pictures."""

    def test_each_kind(self) -> None:
        """A figure, an image and an array each go out as a picture, with no count of figures."""
        for picture in (Figure(figsize=(1, 1), dpi=50), Image.new("L", (50, 50)), numpy.zeros((50, 50))):
            answer = self.answer(response=picture)
            self.assertEqual((answer.outputs[0].media_type, answer.figure_count), ("image/png", None))
            self.assertEqual(Image.open(io.BytesIO(answer.outputs[0].data)).size, (50, 50))

    def test_not_a_picture(self) -> None:
        """An array that is no picture is refused, and the script told why."""
        self.assertIn("shape (3,)", str(self.refused(response=numpy.zeros(3))))


class FormatTests(AnswerCase):
    """Which format a picture goes out in."""

    def media_type(self, filename: str = "", **wanted: Any) -> str:
        """Return the media type of a picture."""
        return self.output(Wanted(**wanted), response=Image.new("L", (1, 1)), filename=filename).media_type

    def test_asked_for(self) -> None:
        """The format that was asked for comes before the file name and before what is accepted."""
        self.assertEqual(self.media_type("a.jpg", format="gif", acceptable=("png",)), "image/gif")

    def test_by_file_name(self) -> None:
        """The extension of the file name comes before what is accepted."""
        for name, media_type in (("a.JPEG", "image/jpeg"), ("a.tif", "image/tiff"), ("a.b.gif", "image/gif")):
            self.assertEqual(self.media_type(name, acceptable=("png",)), media_type)

    def test_accepted(self) -> None:
        """Where neither says anything, the best that is accepted is taken."""
        for name in ("", "chart", "chart.txt", "png"):
            self.assertEqual(self.media_type(name, acceptable=("webp", "png")), "image/webp")

    def test_nothing_accepted(self) -> None:
        """Where nothing is accepted and the server has to choose, the client is told what there is."""
        error = self.refused(Wanted(acceptable=()), response=Image.new("L", (1, 1)))

        self.assertEqual(error.cause, "unacceptable")
        self.assertIn("png, svg, pdf", str(error))

    def test_nothing_accepted_but_named(self) -> None:
        """Where the script chooses the format, what is accepted is not asked."""
        self.assertEqual(self.media_type("a.png", acceptable=()), "image/png")


class OpenFiguresTests(AnswerCase):
    """Scripts that leave no response but open figures."""

    def setUp(self) -> None:
        self.addCleanup(pyplot.close, "all")

    def size(self, answer: Answer) -> tuple[int, int]:
        """Return the size in pixels of an answer's picture."""
        return Image.open(io.BytesIO(answer.outputs[0].data)).size

    def test_first(self) -> None:
        """The first figure goes out, with the count of all."""
        for side in (1, 2, 3):
            pyplot.figure(figsize=(side, 1), dpi=50)
        answer = self.answer(filename="a.gif")

        self.assertEqual((self.size(answer), answer.figure_count), ((50, 50), 3))
        self.assertEqual((answer.outputs[0].media_type, answer.outputs[0].name), ("image/gif", "a.gif"))

    def test_chosen(self) -> None:
        """The figure that was asked for goes out, counted from 1 and not by pyplot's numbers."""
        for number in (7, 5):
            pyplot.figure(number, figsize=(number, 1), dpi=50)

        self.assertEqual(self.size(self.answer(Wanted(figure=2))), (350, 50))

    def test_one_too_many(self) -> None:
        """A figure that is not open is refused, with the number of those that are."""
        pyplot.figure()
        self.assertIn("figure 2 was asked for, but 1 figure is open", str(self.refused(Wanted(figure=2))))
        pyplot.figure()
        self.assertIn("2 figures are open", str(self.refused(Wanted(figure=3))))

    def test_response_before_figures(self) -> None:
        """Where there is a response, the open figures do not count."""
        pyplot.figure()

        self.assertIsNone(self.answer(response=b"a").figure_count)


class NothingTests(AnswerCase):
    """Scripts that leave nothing."""

    def test_nothing(self) -> None:
        """Neither a response nor a figure is no answer, in the words of 2005."""
        error = self.refused(filename="a.png", other=b"data")

        self.assertEqual((str(error), error.cause), (NO_RESPONSE, "no-response"))

    def test_something_else(self) -> None:
        """Where there is a picture after all, it is said how to answer with it."""
        message = str(self.refused(picture=Image.new("L", (2, 2))))

        self.assertEqual(message, f"{NO_RESPONSE}; instead: response = picture")

    def test_nothing_returned(self) -> None:
        """Where a method that returned nothing has changed a picture, that is what is to be answered with."""
        image = Image.new("L", (20, 20))
        message = str(self.refused(im=image, response=image.thumbnail((10, 10))))

        self.assertEqual(message, f"{NO_RESPONSE}: response is of type NoneType; instead: response = im")

    def test_other_objects(self) -> None:
        """A response of another kind is no answer, even with figures open, and its kind is named."""
        self.addCleanup(pyplot.close, "all")
        pyplot.figure()
        for response in (None, object(), {1, 2}, (1, 2), 1j, Figure, range(3), io.BytesIO(), pyplot, pyplot.gca()):
            message = str(self.refused(response=response))
            said = f"{NO_RESPONSE}: response is of type {type(response).__name__}"
            self.assertEqual(message.partition("; instead: ")[0], said)
