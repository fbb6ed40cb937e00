"""Tests of L{cpyrender.child.instead}."""

import io
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from matplotlib.figure import Figure
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
        proposed = instead.of(response).removeprefix("; instead: ").partition(",")[0]
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

    def test_words(self) -> None:
        """For nothing, and for a function, it is said what to do."""
        self.assertIn("leave response out", instead.of(None))
        self.assertIn("what it returns", instead.of(print))

    def test_nothing_to_propose(self) -> None:
        """For anything else nothing is proposed."""
        for response in (object(), 1j, Figure):
            self.assertEqual(instead.of(response), "", response)
