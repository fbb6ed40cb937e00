"""What a person gives the page beside the script, and what the page gives a person beside the result."""

from __future__ import annotations

import json

from tests.live.browsing import BrowserTestCase, Visit, eventually
from tests.live.running import EXAMPLES, shared
from tests.live.test_page import shown


def drop(visit: Visit, name: str, text: str) -> None:
    """Drop a file onto the editor."""
    transfer = visit.page.evaluate_handle(
        "([name, text]) => { const all = new DataTransfer(); all.items.add(new File([text], name)); return all; }",
        [name, text],
    )
    for event in ("dragover", "drop"):
        visit.page.locator(".cm-content").dispatch_event(event, {"dataTransfer": transfer})


def add_param(visit: Visit, name: str, value: str) -> None:
    """Fill in one more parameter, where the fields can be seen."""
    visit.page.locator("#add-param").click()
    visit.page.keyboard.insert_text(name)
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.insert_text(value)


class InputTests(BrowserTestCase):
    def test_drop(self) -> None:
        """A file that is dropped, be it onto the editor, is the script's to read, and its text not in the script."""
        visit = self.visit()
        visit.write("response = files['points.csv'].read_text()[::-1]; filename = 'a.txt'")
        drop(visit, "points.csv", "x,ü\n1,2")
        self.assertEqual(visit.text("#inputs-count"), "(1)")
        visit.run()
        self.assertEqual(visit.text(".output pre"), "2,1\nü,x")
        visit.page.locator("#inputs summary").click()
        visit.page.get_by_label("Remove file points.csv").click()
        visit.run(ends="bad")
        self.assertIn("points.csv", visit.text("#status"))

    def test_params(self) -> None:
        """The fields are the script's params, as str, or a list where a name stands twice; a reload keeps them."""
        visit = self.visit()
        visit.page.locator("#inputs summary").click()
        for name, value in (("year", "2024"), ("line", "a & b"), ("line", "ü"), ("format", "pdf")):
            add_param(visit, name, value)
        visit.page.reload()
        visit.wait("#server:not(:empty)")
        visit.run("response = dict(params)")
        expected = {"year": "2024", "line": ["a & b", "ü"], "format": "pdf"}
        self.assertEqual(json.loads(visit.text(".output pre")), expected)


class GalleryTests(BrowserTestCase):
    def test_thumbnails(self) -> None:
        """The server draws a thumbnail of every example, once the menu is looked at and not before."""
        visit = self.visit()
        before = visit.posts()
        visit.page.locator("#examples").click()
        cards = visit.page.locator("#cards img")
        cards.first.wait_for()
        self.assertGreaterEqual(cards.count(), 12)
        drawn = "images => images.every((image) => image.src && image.complete && image.naturalWidth > 100)"
        eventually(visit, lambda: cards.evaluate_all(drawn), "the last thumbnail")
        self.assertEqual(visit.posts() - before, cards.count())

    def test_choose(self) -> None:
        """An example that is chosen is in the editor and runs; one's own script can be had back."""
        visit = self.visit()
        visit.write("response = 'my own'; filename = 'a.txt'")
        visit.page.locator("#examples").click()
        visit.page.get_by_role("button", name="Three figures").click()
        visit.wait("#status.good")
        self.assertEqual(visit.text("#status"), "Done: 3 figures.")
        colours = shown(visit).getcolors(1 << 20)
        self.assertGreater(len(colours or []), 100)
        visit.page.locator("#examples").click()
        visit.page.get_by_role("button", name="Your own script").click()
        visit.wait(".output pre")
        self.assertEqual(visit.text(".output pre"), "my own")

    def test_files(self) -> None:
        """Every example of the menu is a file in C{examples/}, as it stands there."""
        gallery = json.loads(shared().get("/page/gallery.json").body)
        self.assertGreaterEqual(len(gallery), 12)
        for example in gallery:
            self.assertEqual(example["script"], (EXAMPLES / example["file"]).read_text(), example["file"])
