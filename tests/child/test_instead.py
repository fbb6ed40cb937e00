"""Tests of L{cpyrender.child.instead}."""

import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import instead
from cpyrender.child.answer import answer_of
from cpyrender.values import Output, Wanted


class InsteadTests(SynchronousTestCase):
    """What is proposed for something that is no answer."""

    def setUp(self) -> None:
        self.addCleanup(pyplot.close, "all")

    def done(self, response: Any) -> Output:
        """Do as is proposed, and return the answer that this gives."""
        proposed = instead.of(response, {}).removeprefix("; instead: ").partition(",")[0]
        left = {"response": response}
        exec(proposed, {"matplotlib": __import__("matplotlib")}, left)
        (output,) = answer_of(left, Wanted()).outputs
        return output

    def test_figures(self) -> None:
        """For what belongs to a figure, and for pyplot, that figure gives a picture."""
        figure = Figure()
        part, _ = figure.subfigures(1, 2)
        axes = Figure().subplots()
        (line,) = axes.plot([1, 2])
        for response in (part, axes, line, pyplot, pyplot.subplots()):
            self.assertEqual(self.done(response).media_type, "image/png", response)

    def test_data(self) -> None:
        """What is in a file of memory or of the disk, and what can be counted up, is an answer."""
        path = Path(self.mktemp())
        path.write_bytes(b"data")
        self.assertEqual(self.done(io.BytesIO(b"data")).data, b"data")
        self.assertEqual(self.done(io.StringIO("data")).data, b"data")
        self.assertEqual(self.done(path).data, b"data")
        with path.open("rb") as file:
            self.assertEqual(self.done(file).data, b"data")
        for many in ((1, 2), {1, 2}, range(1, 3), iter((1, 2))):
            self.assertEqual(self.done(many).data, b"[1, 2]")

    def test_tables(self) -> None:
        """What can write itself as CSV, as a table of pandas, which counts up its columns only, does so."""

        class Table:
            def __iter__(self) -> Iterator[str]:
                return iter("ab")

            def to_csv(self) -> str:
                return "a,b\n1,2\n"

        self.assertEqual(self.done(Table()).data, b"a,b\n1,2\n")

    def test_words(self) -> None:
        """For nothing, and for a function, it is said what to do."""
        pyplot.figure()
        self.assertIn("leave response out", instead.of(None, {"image": Image.new("L", (2, 2))}))
        self.assertIn("what it returns", instead.of(print, {}))

    def test_nothing_to_propose(self) -> None:
        """For anything else nothing is proposed."""
        for response in (object(), 1j, Figure):
            self.assertEqual(instead.of(response, {}), "", response)


class NothingTests(SynchronousTestCase):
    """What is proposed where a script left neither a response nor an open figure."""

    def setUp(self) -> None:
        folder = self.mktemp()
        os.mkdir(folder)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder)

    def done(self, **left: Any) -> Output:
        """Do as is proposed, and return the answer that this gives."""
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            exec(instead.of_nothing(left).removeprefix("; instead: "), {}, left)
        (output,) = answer_of(left, Wanted()).outputs
        return output

    def test_saved(self) -> None:
        """The newest of the pictures that the script saved, under its name, before those that it has in memory."""
        for age, name in enumerate(("it's \u00f6.png", "older.JPG", "oldest.svg")):
            Path(name).write_bytes(name.encode())
            os.utime(name, (100 - age, 100 - age))
        Path("data.csv").write_bytes(b"1,2")

        output = self.done(files={}, image=Image.new("L", (2, 2)))

        self.assertEqual((output.name, output.data), ("it's \u00f6.png", "it's \u00f6.png".encode()))
        self.assertEqual(output.media_type, "image/png")

    def test_posted(self) -> None:
        """Nothing that came with the request, no link and no folder is taken for a picture that was saved."""
        Path("photo.jpg").write_bytes(b"data")
        os.mkdir("folder.png")
        os.symlink("photo.jpg", "link.jpg")

        self.assertEqual(instead.of_nothing({"files": {"photo.jpg": Path("photo.jpg")}}), "")
        self.assertIn("'photo.jpg'", instead.of_nothing({"files": None}))

    def test_saved_below(self) -> None:
        """A picture in a folder that the script made is found as well, the newest of all."""
        for folder in ("figures", "closed", "deep/er"):
            os.makedirs(folder)
        for age, name in enumerate(("figures/a.png", "figures/photo.jpg", "here.png")):
            Path(name).write_bytes(name.encode())
            os.utime(name, (100 - age, 100 - age))
        Path("deep/er/a.png").write_bytes(b"too deep")
        os.symlink("deep/er", "link")
        os.chmod("closed", 0)
        self.addCleanup(os.chmod, os.path.abspath("closed"), 0o700)

        output = self.done(files={})
        self.assertEqual((output.name, output.data), ("figures/a.png", b"figures/a.png"))
        os.remove("figures/a.png")
        # What came with the request has no folder.
        self.assertEqual(self.done(files={"photo.jpg": Path("photo.jpg")}).data, b"figures/photo.jpg")

    def test_named(self) -> None:
        """A figure, an image or an animation that the script has under a name, the one that it named last."""
        figure, image = Figure(), Image.new("L", (3, 2))
        self.assertEqual(self.done(figure=figure, image=image, data=b"data", Kind=Figure).width, 3)
        self.assertEqual(self.done(image=image, figure=figure).width, 640)
        moving = FuncAnimation(figure, lambda frame: (), frames=2)
        self.assertEqual(self.done(figure=image, moving=moving).width, 640)

    def test_none_and_no_figure(self) -> None:
        """For nothing, where no figure is open either, it is what a script is told that left nothing."""
        left = {"image": Image.new("L", (2, 2)), "response": None}
        self.assertEqual(instead.of(None, left), "; instead: response = image")
        self.assertEqual(instead.of(None, {"response": None}), "")

    def test_in_memory(self) -> None:
        """The bytes of a picture under a name, or in a file of memory that is open, are told by their beginning."""
        image, figure = Image.new("L", (2, 2)), Figure()
        for kind in ("png", "jpeg", "gif", "pdf", "svg"):
            file = io.BytesIO()
            if kind == "svg":
                figure.savefig(file, format=kind)
            else:
                image.save(file, format=kind)
            data = file.getvalue()
            self.assertEqual(self.done(image=image, file=file).data, data, kind)
            self.assertEqual(self.done(file=file, data=data).data, data, kind)
            self.assertEqual(instead.of_nothing({"file": file}), "; instead: response = file.getvalue()")
            file.close()
            self.assertEqual(instead.of_nothing({"file": file}), "")
        self.assertEqual(self.done(drawing=b"<svg/>").data, b"<svg/>")

    def test_other_bytes(self) -> None:
        """Bytes that begin otherwise are not taken for a picture."""
        for data in (b"", b"data", b"<?xml version='1.0'?><html/>", b"x" + b"GIF89a", b"<svgs/>"):
            self.assertEqual(instead.of_nothing({"data": data, "file": io.BytesIO(data)}), "", data)

    def test_nothing(self) -> None:
        """Nothing is proposed where there is no picture, or the working folder is gone."""
        self.assertEqual(instead.of_nothing({"data": b"data", "Kind": Image.Image, "array": [[1, 2]]}), "")
        os.rmdir(os.getcwd())
        self.assertEqual(instead.of_nothing({}), "")
