"""Tests of L{cpyrender.web.placard}."""

from __future__ import annotations

from http import HTTPStatus

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Drawn, Output, Wanted
from cpyrender.web.placard import placard_of, wanted_of
from cpyrender.web.problem import Problem
from tests.web.requests import arrived

PICTURE = Output(data=b"x", media_type="image/png")


def wanted_by(target: str, *lines: str) -> Wanted:
    request, connection = arrived("POST", target, *lines)
    wanted = wanted_of(request)
    connection.leave()
    return wanted


class PlacardTests(SynchronousTestCase):
    def drawn_as(self, wanted: Wanted, detail: str = "no") -> MemoryRenderer:
        """Return the renderer that a problem has been drawn by."""
        renderer = MemoryRenderer(outcome=Drawn(outputs=(PICTURE,)))
        drawing = placard_of(Problem(status=HTTPStatus.BAD_REQUEST, detail=detail), wanted, renderer)
        with self.assertRaises(StopIteration) as stop:
            drawing.send(None)
        self.assertIs(stop.exception.value, PICTURE)
        return renderer

    def test_format(self) -> None:
        """The format is the wanted one, else the one that is most welcome, else png."""
        for wanted, kind in (
            (Wanted(format="pdf", acceptable=("gif",)), "pdf"),
            (Wanted(format="json", acceptable=("gif", "png")), "gif"),
            (Wanted(acceptable=("webp",)), "webp"),
            (Wanted(acceptable=()), "png"),
        ):
            self.assertEqual(self.drawn_as(wanted).submissions[0].wanted.format, kind)

    def test_long(self) -> None:
        """Of a very long text only the beginning is sent to be drawn."""
        params = self.drawn_as(Wanted(), "x" * 1_000_000).submissions[0].params
        self.assertLess(len(str(params["text"])), 20_000)

    def test_quick(self) -> None:
        """Drawing a problem is not given the time of a script."""
        self.assertLessEqual(self.drawn_as(Wanted()).submissions[0].timeout or 99, 10)


class OwnWordsTests(SynchronousTestCase):
    """Problems that no interpreter is asked to draw."""

    def test_no_interpreter(self) -> None:
        """What there is no room for is drawn without asking for any, and with all its words."""
        renderer = MemoryRenderer()
        for status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
            drawing = placard_of(Problem(status=status, detail="later, later"), Wanted(format="svg"), renderer)
            with self.assertRaises(StopIteration) as stop:
                drawing.send(None)
            self.assertIn(b"later, later", stop.exception.value.data)
        self.assertEqual(renderer.submissions, [])


class WantedTests(SynchronousTestCase):
    def test_as_far_as_it_can_be_read(self) -> None:
        """What is right in a query counts, beside whatever is not."""
        for target, expected in (
            ("/?format=svg&width=9&height=7&dpi=x", ("svg", 9, 7)),
            ("/?format=exe&width=9", (None, 9, None)),
            ("/?width=9&width=10&height=7", (None, None, 7)),
            ("/?width=-1", (None, None, None)),
            ("/?%FF=%FF", (None, None, None)),
            ("/?" + "a&" * 3000, (None, None, None)),
            ("/", (None, None, None)),
        ):
            wanted = wanted_by(target)
            self.assertEqual((wanted.format, wanted.width, wanted.height), expected, target[:80])

    def test_accept(self) -> None:
        """What an C{<img>} accepts is what the picture may be."""
        self.assertEqual(wanted_by("/", "Accept: image/avif,image/webp,image/*;q=0.8").acceptable[0], "webp")
