"""Tests of L{cpyrender.child.pictures}."""

from typing import Any

import numpy
from matplotlib.figure import Figure
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import pictures

_POINTS_PER_INCH = 72
_WHITE, _RED = (255, 255, 255), (255, 0, 0)


def chart(**settings: Any) -> Figure:
    """Return a small figure with something in it."""
    figure = Figure(**({"figsize": (2, 1), "dpi": 50} | settings))
    figure.subplots().plot([1, 2, 4])
    return figure


class IsPictureTests(SynchronousTestCase):
    """L{pictures.is_picture}."""

    def test_pictures(self) -> None:
        """Figures, images and arrays are pictures; what merely looks like one is not."""
        for value in (Figure(), Image.new("L", (1, 1)), numpy.zeros(3)):
            self.assertTrue(pictures.is_picture(value), type(value))
        for value in (None, [[0, 1]], b"\x89PNG", chart().axes[0], Figure):
            self.assertFalse(pictures.is_picture(value), type(value))
