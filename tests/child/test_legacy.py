"""Tests of L{cpyrender.child.legacy}."""

import builtins
import io
import sys
from pathlib import Path
from typing import Any

import numpy
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import figure
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import legacy
from cpyrender.child.legacy import StringIO


class StringIOTests(SynchronousTestCase):
    """The file in memory of 2005."""

    def test_text(self) -> None:
        """Where only text went in, text comes out, with its line ends as they were."""
        file = StringIO()
        file.write("a\r\n")
        file.write("ü")

        self.assertEqual(file.getvalue(), "a\r\nü")

    def test_bytes(self) -> None:
        """Where bytes went in, bytes come out."""
        file = StringIO()
        file.write(b"\x89PNG")
        file.write(bytearray(b"\xff"))
        file.write(memoryview(b"\x00"))

        self.assertEqual(file.getvalue(), b"\x89PNG\xff\x00")

    def test_text_then_bytes(self) -> None:
        """Text that is followed by bytes becomes UTF-8, and so does text that follows them."""
        file = StringIO()
        file.writelines(["ü", b"\xff", "ü"])

        self.assertEqual(file.getvalue(), "ü".encode() + b"\xff" + "ü".encode())

    def test_bytes_in_the_middle(self) -> None:
        """Bytes that are written over text go where the text was."""
        file = StringIO("üabc")
        file.seek(2)
        file.write(b"X")

        self.assertEqual(file.getvalue(), "üaXc".encode())

    def test_no_bytes(self) -> None:
        """Writing no bytes at all leaves text what it is."""
        file = StringIO("a")

        self.assertEqual((file.write(b""), file.getvalue()), (0, "a"))

    def test_initial(self) -> None:
        """A file that is made of text or of bytes is read from its beginning."""
        self.assertEqual([StringIO("ab").read(1), StringIO(b"ab").read(1)], ["a", b"a"])

    def test_lines(self) -> None:
        """Lines can be iterated over."""
        self.assertEqual(list(StringIO("a\nb")), ["a\n", "b"])

    def test_context(self) -> None:
        """At the end of a C{with} block the file is closed."""
        with StringIO("a") as file:
            self.assertFalse(file.closed)

        self.assertTrue(file.closed)

    @given(st.lists(st.text(max_size=5) | st.binary(max_size=5), max_size=8))
    def test_any_mixture(self, pieces: list[str | bytes]) -> None:
        """Whatever is written, in whatever order, comes out in that order: text if all was, else bytes."""
        file = StringIO()
        file.writelines(pieces)
        together = b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
        all_text = all(isinstance(piece, str) for piece in pieces if piece)

        self.assertEqual(file.getvalue(), together.decode() if all_text else together)

    def test_holds_pictures(self) -> None:
        """Pillow and matplotlib write their pictures into it, and Pillow reads them back."""
        made = figure.Figure(figsize=(1, 1), dpi=50)
        for kind in ("png", "svg", "pdf"):
            made.savefig(file := StringIO(), format=kind)
            self.assertIsInstance(file.getvalue(), bytes, kind)
        Image.new("RGB", (3, 4)).save(file := StringIO(), format="JPEG")
        file.seek(0)

        self.assertEqual(Image.open(file).size, (3, 4))


class InstallCase(SynchronousTestCase):
    """Puts back what the old names change."""

    def setUp(self) -> None:
        self.patch(builtins, "__import__", builtins.__import__)
        for where, name in (
            (Image, "fromstring"),
            (Image.Image, "fromstring"),
            (Image.Image, "tostring"),
            (FigureCanvasAgg, "tostring_rgb"),
        ):
            self.assertFalse(hasattr(where, name), f"{name} is back, and this test knows nothing of that")
            self.addCleanup(self.remove, where, name)

    def remove(self, where: object, name: str) -> None:
        """Remove an old name where it has been put up."""
        if hasattr(where, name):
            delattr(where, name)

    def run_script(self, source: str) -> dict[str, Any]:
        """Run a script with the old names that it mentions, and return its globals."""
        namespace: dict[str, Any] = {"__name__": "__main__"}
        legacy.install(source.encode(), namespace)
        exec(source, namespace)
        return namespace


class ModuleTests(InstallCase):
    """The modules of 2005."""

    def test_imports(self) -> None:
        """A script finds the modules in each way of importing them, within its functions too."""
        made = self.run_script(
            "import StringIO, cStringIO\n"
            "from StringIO import StringIO as a\n"
            "from cStringIO import StringIO as b\n"
            "def f():\n"
            "    from StringIO import StringIO\n"
            "    return StringIO\n"
            "c = f()\n"
            "d = StringIO.StringIO, cStringIO.StringIO\n"
        )

        self.assertEqual([made["a"], made["b"], made["c"], *made["d"]], [StringIO] * 5)

    def test_not_for_libraries(self) -> None:
        """A library that looks for the module does not find it, even when the script calls it."""
        library: dict[str, Any] = {"__name__": "library"}
        exec("def look():\n    import StringIO\n", library)
        namespace = self.run_script("import StringIO\n")

        self.assertRaises(ModuleNotFoundError, library["look"])
        namespace["look"] = library["look"]
        self.assertRaises(ModuleNotFoundError, exec, "look()", namespace)

    def test_other_imports(self) -> None:
        """All other imports work as ever, and what is not there is still not there."""
        made = self.run_script("import StringIO, os.path\nfrom io import StringIO as new\nhere = os.path.sep\n")

        self.assertEqual((made["new"], made["here"]), (io.StringIO, "/"))
        self.assertRaises(ModuleNotFoundError, self.run_script, "import StringIO, cPickle\n")

    def test_called_by_hand(self) -> None:
        """The import function takes its arguments by the names that Python documents."""
        namespace = self.run_script("import StringIO\n")
        found = builtins.__import__(name="os", globals=namespace, locals={}, fromlist=("path",), level=0)

        self.assertEqual(found.__name__, "os")

    def test_only_where_mentioned(self) -> None:
        """A script that does not mention the old names has nothing changed under it."""
        before = builtins.__import__
        self.run_script("import io\nx = io.BytesIO\n")

        self.assertIs(builtins.__import__, before)
        self.assertFalse(hasattr(Image, "fromstring"))
        self.assertFalse(hasattr(FigureCanvasAgg, "tostring_rgb"))


class PILTests(InstallCase):
    """PIL's modules by the names that they had beside their package."""

    def test_imports(self) -> None:
        """A script finds each of them as what Pillow has under this name."""
        names = [
            *("Image", "ImageChops", "ImageColor", "ImageDraw", "ImageEnhance", "ImageFile", "ImageFilter"),
            *("ImageFont", "ImageMath", "ImageOps", "ImagePalette", "ImageSequence", "ImageStat"),
        ]
        made = self.run_script(f"import {', '.join(names)}\n")

        self.assertEqual([made[name].__name__ for name in names], [f"PIL.{name}" for name in names])
        self.assertRaises(ModuleNotFoundError, self.run_script, "import Image, ImageTk\n")

    def test_each_way(self) -> None:
        """Each way of importing one works, wherever the statement stands."""
        for source in (
            "import Image as found",
            "import os, Image as found",
            "import os.path as p, \\\r\n  Image as found\n",
            "if True: import Image as found",
            "x = 1;import\tImage as found",
            "def f():\n\timport Image\n\treturn Image\nfound = f()",
            "from Image import new\nfrom ImageDraw import Image as found",
            "from Image import *\nimport sys\nfound = sys.modules[new.__module__]",
            "from StringIO import StringIO\nimport Image as found",
        ):
            self.assertIs(self.run_script(source)["found"], Image, source)

    def test_not_for_libraries(self) -> None:
        """A library that looks for one of them does not find it, even when the script calls it."""
        library: dict[str, Any] = {"__name__": "library"}
        exec("def look():\n    import Image\n", library)
        namespace = self.run_script("import Image\n")

        namespace["look"] = library["look"]
        self.assertRaises(ModuleNotFoundError, exec, "look()", namespace)

    def test_others_come_first(self) -> None:
        """A module that can be imported by that name, with all that is in it, comes before Pillow's."""
        folder = Path(self.mktemp())
        (folder / "Image").mkdir(parents=True)
        (folder / "Image" / "__init__.py").touch()
        (folder / "Image" / "part.py").write_text("kept = 1")
        (folder / "ImageDraw.py").write_text("import Image, ImageFont")
        self.patch(sys, "path", [str(folder), *sys.path])
        for name in ("Image", "Image.part"):
            self.addCleanup(sys.modules.pop, name, None)
        made = self.run_script("from Image import part\nimport Image\n")

        self.assertEqual((made["part"].kept, made["Image"].part), (1, made["part"]))
        error = self.assertRaises(ModuleNotFoundError, self.run_script, "import ImageDraw\n")
        self.assertEqual(error.name, "ImageFont")

    def test_only_where_mentioned(self) -> None:
        """A script that finds Pillow's modules in its package, as today's do, has nothing changed under it."""
        before = builtins.__import__
        self.run_script(
            "from PIL import Image, ImageDraw\n"
            "import PIL.Image, PIL.ImageFont as ImageFont\n"
            "from PIL.Image import Image as Kind\n"
            "from matplotlib.offsetbox import OffsetImage\n"
        )

        self.assertIs(builtins.__import__, before)


class MethodTests(InstallCase):
    """The methods of 2005."""

    def test_from_string(self) -> None:
        """Pillow's C{fromstring} makes an image of bytes as the article called it, with a size of floats."""
        made = self.run_script(
            "from PIL import Image\n"
            "image = Image.fromstring('RGB', (2.0, 1.0), b'abcdef', 'raw', 'RGB', 0, 1)\n"
            "text = image.tostring()\n"
        )

        self.assertEqual((made["image"].size, made["text"]), ((2, 1), b"abcdef"))

    def test_from_string_into_an_image(self) -> None:
        """An image's own C{fromstring} fills it."""
        made = self.run_script("from PIL import Image\nimage = Image.new('L', (2, 1))\nimage.fromstring(b'ab')\n")

        self.assertEqual(made["image"].tobytes(), b"ab")

    def test_tostring_rgb(self) -> None:
        """Agg's C{tostring_rgb} gives three bytes for each pixel, row by row, as drawn."""
        made = self.run_script(
            "from matplotlib.figure import Figure\n"
            "from matplotlib.backends.backend_agg import FigureCanvasAgg\n"
            "canvas = FigureCanvasAgg(Figure(figsize=(3, 2), dpi=10, facecolor=(1, 0, 0.2)))\n"
            "canvas.draw()\n"
            "text = canvas.tostring_rgb()\n"
        )
        pixels = numpy.frombuffer(made["text"], numpy.uint8).reshape(20, 30, 3)

        self.assertEqual(numpy.unique(pixels.reshape(-1, 3), axis=0).tolist(), [[255, 0, 51]])

    def test_article(self) -> None:
        """The script of the old article, as it stands in its text, leaves a JPEG picture."""
        made = self.run_script(
            "from pylab import *\n"
            "from PIL import Image\n"
            "from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas\n"
            "from StringIO import StringIO\n"
            "plot([1, 2, 4, 7, 9], [23, 45, 67, 99, 112])\n"
            "f = gcf()\n"
            "canvas = FigureCanvas(f)\n"
            "canvas.draw()\n"
            "size = canvas.get_renderer().get_canvas_width_height()\n"
            "buf = canvas.tostring_rgb()\n"
            "im = Image.fromstring('RGB', size, buf, 'raw', 'RGB', 0, 1)\n"
            "imdata = StringIO()\n"
            "im.save(imdata, format='JPEG')\n"
            "response = imdata.getvalue()\n"
            "filename = 'test.jpg'\n"
        )
        self.addCleanup(made["close"], "all")
        picture = Image.open(io.BytesIO(made["response"]))

        self.assertEqual((picture.format, picture.size), ("JPEG", (640, 480)))
