"""What scripts give back, from a real server, each answer opened again by a reader of its format."""

from __future__ import annotations

import json
from typing import Any

from cpyrender import formats
from tests.child.reopened import RASTER, VECTOR, css_pixels, frames, points, reopened
from tests.live.running import Reply
from tests.live.test_classic import Served

PLOT = "from matplotlib import pyplot as plt\nplt.plot([1, 3, 2])\n"
IMAGE = "from PIL import Image\nresponse = Image.new('RGBA', (64, 48), (255, 0, 0, 128))\n"
ARRAY = "import numpy\nresponse = numpy.linspace(0, 1, 64 * 48).reshape(48, 64)\n"
ANIMATION = (
    "from matplotlib import pyplot as plt\nfrom matplotlib.animation import FuncAnimation\n"
    "figure = plt.figure(figsize=(2, 1), dpi=50)\n"
    "response = FuncAnimation(figure, lambda n: figure.set_facecolor(f'C{n}'), frames=3, interval=80)\n"
)


class Answered(Served):
    """A client that takes every answer apart."""

    def picture(self, script: str, query: str) -> Reply:
        """Return the answer of a script that gives a picture."""
        reply = self.server.post(script, "/?" + query)
        self.assertEqual(reply.status, 200, f"{query}\n{script}\n{reply.body[:2000]!r}")
        return reply

    def failed(self, script: str | bytes) -> dict[str, Any]:
        """Return how a script's failure is described."""
        reply = self.server.post(script, "/?errors=json")
        self.assertEqual(reply.status, 501, reply.body[:500])
        told: dict[str, Any] = json.loads(reply.body)
        return told


class FormatTests(Answered):
    """Every format, at the size that was asked for."""

    def test_pixels(self) -> None:
        """Figures, images and arrays come in each format of pixels with just the pixels that were asked for."""
        for script in (PLOT, IMAGE, ARRAY):
            for kind, name in RASTER.items():
                reply = self.picture(script, f"format={kind}&width=333&height=251&dpi=97")
                image = reopened(reply.body)
                self.assertEqual((image.format, image.size), (name, (333, 251)), (kind, script))
                self.assertEqual(reply.media_type, formats.PICTURES[kind])

    def test_documents(self) -> None:
        """They come in each format of documents: in SVG as CSS pixels, on a page at the resolution."""
        for script in (PLOT, IMAGE, ARRAY):
            for kind, beginning in VECTOR.items():
                body = self.picture(script, f"format={kind}&width=300&height=200&dpi=50").body
                self.assertEqual(body[: len(beginning)], beginning, (kind, script))
                if kind == "svg":
                    self.assertEqual(css_pixels(body), (300, 200), script)
                else:
                    for got, pixels in zip(points(kind, body), (300, 200), strict=True):
                        self.assertApproximates(got, pixels / 50 * 72, 0.01, (kind, script))

    def test_animation(self) -> None:
        """An animation moves in each format that can, and is refused in the others."""
        for kind in ("gif", "webp", "png"):
            reply = self.picture(ANIMATION, f"format={kind}&width=90")
            self.assertEqual([frame.size for frame in frames(reply.body)], [(90, 45)] * 3, kind)
            self.assertEqual(reply.media_type, f"image/{kind}")
        self.assertEqual(self.picture(ANIMATION, "").media_type, "image/gif")
        refused = self.server.post(ANIMATION, "/?format=pdf&errors=text")
        self.assertIn("only as gif, webp, png", refused.text)


class FailureTests(Answered):
    """How failures of each kind are told apart."""

    def test_hints(self) -> None:
        """What Python says of a name that may have been meant is in the message, and in the reason phrase."""
        script = "plto = 1\nplt"
        told = self.failed(script)
        self.assertEqual(told["message"], "name 'plt' is not defined. Did you mean: 'plto'?")
        self.assertIn("Did you mean: 'plto'?", self.server.post(script).reason)

    def test_not_python(self) -> None:
        """A script that is not Python is told the line and the column, with a caret."""
        told = self.failed("a = 1\ndef f(:\n")
        self.assertEqual((told["line"], told["column"], told["source"]), (2, 7, "def f(:"))
        self.assertIn("\n    def f(:\n          ^\n", told["traceback"])

    def test_memory(self) -> None:
        """A script that outgrows its memory is told so, one that survives that is answered."""
        grows = "kept = []\nwhile True:\n    kept.append(bytearray(10_000_000))\n"
        for script in (grows, "import numpy\nnumpy.ones(10**10)\n"):
            self.assertIn("outgrew its memory limit", self.failed(script)["message"])
        catches = (
            f"try:\n    {grows.splitlines()[0]}\n    bytearray(10**12)\nexcept MemoryError:\n    response = b'ok'\n"
        )
        self.assertEqual(self.server.post(catches).body, b"ok")

    def test_nested(self) -> None:
        """A function without end is an exception, a script that is nested too deeply no Python: neither is a crash."""
        self.assertEqual(self.failed("def f():\n    f()\nf()\n")["exception"], "RecursionError")
        self.assertEqual(self.failed("lambda: " * 10_000 + "1")["exception"], "SyntaxError")

    def test_while_it_is_drawn(self) -> None:
        """An exception in a function of the script's that draws is at that function's line."""
        told = self.failed(
            PLOT + "def tick(value, position):\n    return 1 / 0\nplt.gca().xaxis.set_major_formatter(tick)\n"
        )
        self.assertEqual((told["exception"], told["source"]), ("ZeroDivisionError", "return 1 / 0"))
        self.assertNotIn("site-packages", told["traceback"])

    def test_instead(self) -> None:
        """A script that leaves something which is no answer is told what may have been meant."""
        self.assertIn(
            "instead: response = response.getvalue()", self.failed("import io\nresponse = io.BytesIO(b'a')\n")["detail"]
        )


class ToldTests(Answered):
    """What is told beside the answer."""

    def everything(self, script: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.picture(script, "format=json").body)
        return told

    def test_glyphs(self) -> None:
        """Each glyph that no font has is told once, with its character."""
        told = self.everything(PLOT + "plt.title('\U0001353f \U0001353e \U0001353f'); plt.xlabel('\U0001353f')\n")
        self.assertEqual(len(told["warnings"]), 2, told["warnings"])
        for glyph in ("\U0001353f", "\U0001353e"):
            self.assertTrue(any(glyph in warning for warning in told["warnings"]), told["warnings"])

    def test_progress(self) -> None:
        """What a script reported comes with its answer, and with its failure."""
        script = "from cpyrender import progress\nprogress(0.25, 'é'); progress(1)\n"
        reports = [{"fraction": 0.25, "text": "é"}, {"fraction": 1.0, "text": ""}]
        self.assertEqual(self.everything(script + "response = 1")["progress"], reports)
        self.assertEqual(self.failed(script + "1 / 0")["progress"], reports)
        self.assertEqual(self.everything("response = 1")["progress"], [])
        self.assertIn("from 0 to 1, not 40", self.failed(script + "progress(40)")["message"])
