"""Tests of L{cpyrender.child.moving}."""

import io
import warnings
from typing import Any

import matplotlib
from matplotlib.animation import ArtistAnimation, FuncAnimation
from matplotlib.figure import Figure
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import moving, pictures
from cpyrender.child.answer import NoAnswer, answer_of
from cpyrender.values import Output, Wanted
from tests.child.reopened import frames, reopened

_COLOURS = ("red", "lime", "blue")
_RGB = ((255, 0, 0), (0, 255, 0), (0, 0, 255))


def figure(**settings: Any) -> Figure:
    """Return a small one."""
    return Figure(**({"figsize": (2, 1), "dpi": 50} | settings))


def blinking(count: int = 3, within: Figure | None = None, **settings: Any) -> FuncAnimation:
    """Return an animation whose figure is of another colour in each frame."""
    within = within or figure()
    animation = FuncAnimation(within, lambda n: within.set_facecolor(_COLOURS[n % 3]), frames=count, **settings)
    # One that is refused would warn at its end that nothing was drawn.
    animation._draw_was_started = True
    return animation


def answered(value: object, name: str = "", **wanted: Any) -> Output:
    """Return what a script is answered with that leaves an animation."""
    (output,) = answer_of({"response": value, "filename": name}, Wanted(**wanted)).outputs
    return output


def colours(data: bytes) -> list[tuple[int, ...]]:
    """Return the colour of each frame's first pixel, of 0 or 255 for each channel."""
    return [tuple(255 * (level > 127) for level in frame.getpixel((0, 0))[:3]) for frame in frames(data)]


class AnimationTests(SynchronousTestCase):
    """matplotlib's animations."""

    def test_each_format(self) -> None:
        """In each format that moves, all frames come one after the other, in the figure's size."""
        for kind, name in (("gif", "GIF"), ("webp", "WEBP"), ("png", "PNG")):
            output = answered(blinking(), format=kind)
            image = Image.open(io.BytesIO(output.data))
            self.assertEqual((image.format, image.size, image.n_frames), (name, (100, 50), 3))
            self.assertEqual((output.media_type, output.width, output.height), (f"image/{kind}", 100, 50))
            self.assertEqual(colours(output.data), list(_RGB), kind)

    def test_artists(self) -> None:
        """An animation that is a list of what to show in each frame moves as well."""
        within = figure()
        axes = within.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, 1))
        axes.set_axis_off()
        shown = [[axes.axvspan(0, 1, color=colour)] for colour in _COLOURS]

        self.assertEqual(colours(answered(ArtistAnimation(within, shown)).data), list(_RGB))

    def test_usual_format(self) -> None:
        """GIF is taken where it is accepted, else what is accepted, and the file's name comes before that."""
        accepted = ("png", "webp", "gif")
        self.assertEqual(answered(blinking(), acceptable=accepted).media_type, "image/gif")
        self.assertEqual(answered(blinking(), acceptable=("svg", "webp", "png")).media_type, "image/webp")
        self.assertEqual(answered(blinking(), "a.png", acceptable=accepted).media_type, "image/png")
        self.assertEqual(answered(blinking(), format="json").media_type, "image/gif")

    def test_nothing_acceptable(self) -> None:
        """Where nothing that moves is accepted, the client is told what there is."""
        error = self.assertRaises(NoAnswer, answered, blinking(), acceptable=("svg", "jpg"))

        self.assertEqual((error.cause, str(error)), ("unacceptable", "the picture can be had as gif, webp, png"))

    def test_format_that_does_not_move(self) -> None:
        """Another format is refused, with the names of those that there are."""
        for kind in ("jpg", "pdf", "svg", "tiff", "eps", "ps"):
            error = self.assertRaises(NoAnswer, answered, blinking(), f"a.{kind}")
            self.assertEqual(str(error), f"an animation cannot be had as {kind}, only as gif, webp, png")

    def test_size(self) -> None:
        """Width, height and resolution hold as they do for a figure, whatever its layout and cropping."""
        for kind in moving.FORMATS:
            for layout in (None, "constrained"):
                with matplotlib.rc_context({"savefig.bbox": "tight"}):
                    sized = answered(blinking(within=figure(layout=layout)), format=kind, width=333, height=251)
                self.assertEqual(reopened(sized.data).size, (333, 251), (kind, layout))
            self.assertEqual(reopened(answered(blinking(), format=kind, dpi=97).data).size, (194, 97), kind)
            self.assertEqual(reopened(answered(blinking(), format=kind, width=60, dpi=20).data).size, (60, 30), kind)

    def test_time(self) -> None:
        """Frames follow in the animation's interval, and the pause before it begins again is the last frame's."""
        for kind in moving.FORMATS:
            data = answered(blinking(interval=80, repeat_delay=400), format=kind).data
            told = [frame.info["duration"] for frame in _each(data)]
            self.assertEqual(told, [80, 80, 480], kind)

    def test_gif_that_is_too_fast(self) -> None:
        """A GIF is no faster than browsers show it."""
        data = answered(blinking(interval=1), "a.gif").data

        self.assertEqual([frame.info["duration"] for frame in _each(data)], [20] * 3)

    def test_repeat(self) -> None:
        """An animation that repeats does so without end, and one that does not is shown once."""
        for kind, once in (("gif", None), ("webp", 1), ("png", 1)):
            again = reopened(answered(blinking(), format=kind).data)
            single = reopened(answered(blinking(repeat=False), format=kind).data)
            self.assertEqual((again.info["loop"], single.info.get("loop")), (0, once), kind)

    def test_transparent(self) -> None:
        """What is not drawn is transparent in every frame, and nothing of the frame before is left there."""
        within = figure(facecolor="none")
        dot = within.add_artist(matplotlib.patches.Rectangle((0, 0), 0.2, 1, color="red"))
        animation = FuncAnimation(within, lambda n: dot.set_x(n * 0.4), frames=3)
        for kind in moving.FORMATS:
            shown = [
                [frame.getpixel((x, 25))[3] > 127 for x in (10, 50, 90)]
                for frame in frames(answered(animation, format=kind).data)
            ]
            self.assertEqual(shown, [[n == place for place in range(3)] for n in range(3)], kind)

    def test_unknown_length(self) -> None:
        """An animation without end is cut after a hundred frames, and said to be."""
        within = figure(figsize=(0.2, 0.2))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            animation = FuncAnimation(within, lambda n: within.set_facecolor(_COLOURS[n % 3]))
            data = answered(animation).data
        self.assertEqual(len(frames(data)), 100)
        self.assertIn("the first 100", str(said[-1].message))

    def test_known_length(self) -> None:
        """A length that is told holds, for a generator as well."""
        within = figure(figsize=(0.2, 0.2))
        endless = iter(int, 1)
        turn = iter(range(1000))
        animation = FuncAnimation(
            within, lambda _: within.set_facecolor(_COLOURS[next(turn) % 3]), frames=lambda: endless, save_count=107
        )

        self.assertEqual(len(frames(answered(animation).data)), 107)

    def test_no_frames(self) -> None:
        """An animation of no frames is refused."""
        within = figure()
        animation = FuncAnimation(within, lambda _: None, frames=[], init_func=lambda: None)

        self.assertIn("no frames", str(self.assertRaises(NoAnswer, answered, animation)))

    def test_too_large_for_the_format(self) -> None:
        """Where a format has no room for so many pixels, nothing is drawn first."""
        self.assertRaises(NoAnswer, answered, blinking(10**9), format="webp", width=20000, height=2)

    def test_error_in_the_script(self) -> None:
        """An exception of the script's own function is that exception."""
        within = figure()
        self.assertRaises(ZeroDivisionError, answered, FuncAnimation(within, lambda n: 1 // n, frames=3))


def _each(data: bytes) -> list[Image.Image]:
    image = Image.open(io.BytesIO(data))
    found = []
    for number in range(image.n_frames):
        image.seek(number)
        image.load()
        found.append(image.copy())
    return found


class FramesTests(SynchronousTestCase):
    """Images of several frames."""

    def image(self, kind: str) -> Image.Image:
        """Return an image of three frames, as it is read from a file."""
        return Image.open(io.BytesIO(answered(blinking(interval=80), format=kind).data))

    def test_between_formats(self) -> None:
        """An image that moves does so in each format that can, as fast as before."""
        for source in moving.FORMATS:
            for kind in moving.FORMATS:
                data = answered(self.image(source), format=kind).data
                self.assertEqual(colours(data), list(_RGB), (source, kind))
                self.assertEqual([frame.info["duration"] for frame in _each(data)], [80] * 3, (source, kind))
                self.assertEqual(reopened(data).info["loop"], 0)

    def test_sized(self) -> None:
        """All frames are scaled."""
        data = answered(self.image("gif"), format="webp", width=30).data

        self.assertEqual((reopened(data).size, colours(data)), ((30, 15), list(_RGB)))

    def test_still_formats(self) -> None:
        """In a format that does not move, the frame that the script has come to is shown."""
        image = self.image("png")
        image.seek(1)

        self.assertEqual(colours(answered(image, format="jpg").data), [_RGB[1]])

    def test_pages(self) -> None:
        """The pages of a TIFF stay pages, and are no frames of something that moves."""
        file = io.BytesIO()
        pages = [Image.new("RGB", (4, 4), colour) for colour in _COLOURS]
        pages[0].save(file, format="TIFF", save_all=True, append_images=pages[1:])

        self.assertEqual(colours(answered(Image.open(file), format="tiff").data), list(_RGB))
        self.assertEqual(colours(answered(Image.open(file), format="png").data), [_RGB[0]])

    def test_file_closed_too_early(self) -> None:
        """An image of several frames whose file is closed is refused in words, though the first has been read."""
        for kind in ("gif", "png"):
            path = self.mktemp()
            self.image(kind).save(path, format=kind, save_all=True)
            for first in (False, True):
                with Image.open(path) as image:
                    if first:
                        image.load()
                said = str(self.assertRaises(NoAnswer, answered, image, format=kind))
                self.assertIn("is closed", said)
                self.assertIn("response = im.copy()", said)
            self.assertEqual(reopened(answered(image, format="jpg").data).size, (100, 50))

    def test_file_left_open(self) -> None:
        """An image that still has its frames after a with block, as one from memory may, keeps them."""
        with self.image("gif") as image:
            pass

        self.assertEqual(colours(answered(image, format="gif").data), list(_RGB))

    def test_one_frame(self) -> None:
        """An image of one frame is a still one, wherever it was read from."""
        still = reopened(pictures.encode(Image.new("L", (4, 4)), "gif", Wanted(), "").data)

        self.assertFalse(moving.keeps_frames(still, "gif"))
