"""Tests of L{cpyrender.web.notice}."""

from __future__ import annotations

import io
from xml.etree import ElementTree

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.formats import PICTURES
from cpyrender.web.notice import notice


class NoticeTests(SynchronousTestCase):
    def test_formats(self) -> None:
        """There is a picture in every format, of the wanted size."""
        for kind, media_type in PICTURES.items():
            drawn = notice("503 Service Unavailable", "the queue is full", kind, 400, 300)
            self.assertEqual(drawn.media_type, media_type)
            if kind in {"pdf", "eps", "ps"}:
                self.assertIn(drawn.data[:4], (b"%PDF", b"%!PS"), kind)
                self.assertIsNone(drawn.width)
            elif kind == "svg":
                root = ElementTree.fromstring(drawn.data)
                self.assertEqual((root.attrib["width"], root.attrib["height"]), ("400", "300"))
            else:
                with Image.open(io.BytesIO(drawn.data)) as picture:
                    self.assertEqual((picture.size, (drawn.width, drawn.height)), ((400, 300), (400, 300)), kind)

    def test_words(self) -> None:
        """The words are there, each as it is, and long ones are wrapped."""
        root = ElementTree.fromstring(notice("<b>&amp;", "word " * 40, "svg").data)
        words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertEqual(words[0], "<b>&amp;")
        self.assertGreater(len(words), 2)

    def test_something_is_drawn(self) -> None:
        """In a picture of pixels there is more than paper."""
        with Image.open(io.BytesIO(notice("503", "the queue is full", "png").data)) as picture:
            self.assertGreater(len(picture.getcolors(1 << 16) or []), 10)

    def test_sizes(self) -> None:
        """A size that no word fits into is made larger, and a huge one smaller."""
        self.assertEqual(notice("503", "", "png", 1, 1).width, 160)
        self.assertEqual(notice("503", "", "png", 20_000, 64).width, 4096)
