"""Tests of L{cpyrender.child.viewers}."""

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_SHOWN = """
import sys
from cpyrender.child import viewers
viewers.open_none()
from PIL import Image, ImageDraw
image = Image.new("RGB", (2, 2))
print(image.show(), image.show(title="a"), image.crop((0, 0, 1, 1)).show("a"), "PIL.ImageShow" in sys.modules)
"""


class OpenNoneTests(SynchronousTestCase):
    """L{cpyrender.child.viewers.open_none}."""

    def test_nothing_is_opened(self) -> None:
        """An image that is shown, however that is called, is not, and what looks for viewers is not even imported."""
        self.assertEqual(run_apart(_SHOWN), "None None None False\n")
