"""Pictures that move: matplotlib's animations, and images of several frames."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.animation import AbstractMovieWriter, Animation
from matplotlib.figure import Figure
from PIL import Image, ImageSequence

from cpyrender.child.answer import NoAnswer
from cpyrender.child.figures import pixels, resize, resolution
from cpyrender.child.images import CLOSED, check_size, in_mode_for, is_closed, resized
from cpyrender.values import Wanted

#: Formats in which a picture can move, the usual one first.
FORMATS = ("gif", "webp", "png")

# As many as matplotlib once took where it was not told how many there are.
_MOST_OF_UNKNOWN = 100
_MS_BETWEEN_FRAMES = 200
# Browsers show a GIF that is faster than this at a tenth of a second for each frame.
_LEAST_MS_OF_GIF = 20

# Which images of several frames keep them, by the format they were read from: in time, or as pages.
_KEPT = {"GIF": FORMATS, "WEBP": FORMATS, "PNG": FORMATS, "TIFF": ("tiff", "pdf")}


def encode_animation(animation: Animation, kind: str, wanted: Wanted) -> bytes:
    """Return an animation of matplotlib's, drawn frame by frame as its C{save} does.

    @param kind: one of L{FORMATS}; C{"png"} gives APNG (PNG, third edition).
    @raise NoAnswer: it has no frames, or cannot be had in that format.
    """
    if kind not in FORMATS:
        raise NoAnswer(f"an animation cannot be had as {kind}, only as {', '.join(FORMATS)}")
    frames = _Frames(wanted, kind, _MOST_OF_UNKNOWN if getattr(animation, "_save_count", 0) is None else None)
    # A frame that is cropped would be of another size than the next.
    with matplotlib.rc_context({"savefig.bbox": None}):
        try:
            animation.save("", writer=frames, dpi=wanted.dpi)
        except _Enough:
            warnings.warn(
                f"the animation does not say how many frames it has; these are the first {_MOST_OF_UNKNOWN}, "
                "save_count= asks for more",
                stacklevel=1,
            )
    if not frames.taken:
        raise NoAnswer("the animation has no frames")
    between = _interval(animation)
    pause = between + int(getattr(animation, "_repeat_delay", 0) or 0)
    durations = [between] * (len(frames.taken) - 1) + [pause]
    return _joined(frames.taken, kind, durations, 0 if getattr(animation, "_repeat", True) else 1)


def _interval(animation: Animation) -> int:
    """Return milliseconds between two frames."""
    interval = getattr(animation.event_source, "interval", None)
    return int(interval) if isinstance(interval, int | float) and interval > 0 else _MS_BETWEEN_FRAMES


class _Enough(Exception):
    """No more frames are taken."""


class _Frames(AbstractMovieWriter):
    """Takes the frames of an animation as images of the wanted size.

    @ivar taken: the frames so far.
    """

    def __init__(self, wanted: Wanted, kind: str, most: int | None) -> None:
        super().__init__()
        self._wanted = wanted
        self._kind = kind
        self._most = most
        self.taken: list[Image.Image] = []

    def setup(self, fig: Figure, outfile: Any, dpi: float | None = None) -> None:
        """Begin with a figure: only here the animation gives it out."""
        if self._wanted.width is not None or self._wanted.height is not None:
            resize(fig, self._wanted)
        dpi = resolution(fig, self._wanted)
        check_size(pixels(fig, dpi), self._kind)
        super().setup(fig, outfile, dpi)

    def _supports_transparency(self) -> bool:
        return True

    def grab_frame(self, **settings: Any) -> None:
        """Draw the figure as it is now."""
        if len(self.taken) == self._most:
            raise _Enough
        file = io.BytesIO()
        self.fig.savefig(file, format="rgba", dpi=self.dpi, **settings)
        frame = Image.frombytes("RGBA", pixels(self.fig, self.dpi), file.getvalue())
        # Without an alpha channel a GIF finds better colours.
        self.taken.append(frame.convert("RGB") if frame.getchannel("A").getextrema() == (255, 255) else frame)

    def finish(self) -> None:
        """Do nothing: there is no file."""


def keeps_frames(image: Image.Image, kind: str) -> bool:
    """Whether an image has several frames that the format C{kind} can hold in the way in which the image has them.

    @raise NoAnswer: its file is closed, and they have not been counted before.
    """
    try:
        return kind in _KEPT.get(image.format or "", ()) and getattr(image, "n_frames", 1) > 1
    except ValueError:
        if is_closed(image):
            raise NoAnswer(CLOSED) from None
        raise


def encode_frames(image: Image.Image, kind: str, wanted: Wanted) -> bytes:
    """Return an image with all its frames, each at the wanted size.

    @raise NoAnswer: it cannot be written in that format.
    """
    frames, durations = [], []
    try:
        for frame in ImageSequence.Iterator(image):
            # Some readers know a frame's time only then.
            frame.load()
            durations.append(int(frame.info.get("duration", _MS_BETWEEN_FRAMES)))
            frames.append(in_mode_for(resized(frame.copy(), wanted), kind))
        return _joined(frames, kind, durations, int(image.info.get("loop", 1)))
    except (AssertionError, EOFError, KeyError, OSError, SyntaxError, TypeError, ValueError) as error:
        # Not before, for some images have another file to read further frames from.
        said = CLOSED if is_closed(image) else f"an image of several frames cannot be written as {kind}: {error}"
        raise NoAnswer(said) from None


def _joined(frames: Sequence[Image.Image], kind: str, durations: list[int], loop: int) -> bytes:
    """Return frames one after the other.

    @param durations: of each, in milliseconds.
    @param loop: how often all are shown; 0: without end.
    """
    settings: dict[str, Any] = {"duration": durations, "loop": loop}
    if kind == "gif":
        settings["duration"] = [max(_LEAST_MS_OF_GIF, duration) for duration in durations]
        if any(frame.has_transparency_data for frame in frames):
            # What is not drawn shows the page, not the frame before.
            settings["disposal"] = 2
        if loop == 1:
            # Without a word on it a GIF is shown once.
            del settings["loop"]
    elif kind in {"tiff", "pdf"}:
        settings = {}
    file = io.BytesIO()
    frames[0].save(file, format=kind.upper(), save_all=True, append_images=frames[1:], **settings)
    return file.getvalue()
