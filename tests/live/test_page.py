"""The page, as a person meets it: in a real Chromium, on a real server."""

from __future__ import annotations

import io
import json

from PIL import Image

from tests.live.browsing import BrowserTestCase, Visit, eventually
from tests.live.running import shared

ORANGE = (255, 128, 0)
PLAIN = """\
import matplotlib.pyplot as plt
fig = plt.figure(figsize=(4, 3), facecolor="#ff8000")
print("drawn")
"""


def shown(visit: Visit, selector: str = ".output img") -> Image.Image:
    """Return the pixels that the browser shows of an element."""
    png: bytes = visit.page.locator(selector).first.screenshot()
    return Image.open(io.BytesIO(png)).convert("RGB")


def busy(visit: Visit) -> int:
    found: int = json.loads(visit.server.get("/health").body)["busy"]
    return found


class RunTests(BrowserTestCase):
    def test_picture(self) -> None:
        """A script's picture is shown in its colours, with its size, what it printed, and the times it took."""
        visit = self.visit()
        visit.run(PLAIN)
        picture = shown(visit)
        self.assertEqual(picture.getpixel((picture.width // 2, picture.height // 2)), ORANGE)
        self.assertRegex(visit.text(".output .about"), r"^400 . 300 px, [\d.]+ (bytes|kB), image/png$")
        self.assertEqual(visit.text("#printed [aria-label=stdout] pre"), "drawn")
        self.assertRegex(visit.text("#seconds"), r"waited [\d.]+ ms, ran [\d.]+ m?s, encoded [\d.]+ m?s")

    def test_nothing_by_itself(self) -> None:
        """Opening the page, and opening it again, runs nothing; the text that was typed is there again."""
        visit = self.visit()
        before = visit.posts()
        visit.write("x = 'kept'\ny = 2")
        visit.page.reload()
        visit.wait("#server:not(:empty)")
        self.assertEqual(visit.script(), "x = 'kept'\ny = 2")
        self.assertEqual(visit.posts(), before)

    def test_error(self) -> None:
        """An error is marked in the gutter of its line, with its message beside it and the traceback folded below."""
        visit = self.visit()
        visit.run("x = 1\nprint('so far')\n\nplto([x])\n", ends="bad")
        self.assertIn("NameError: name 'plto' is not defined", visit.text(".cm-lineWrong"))
        self.assertTrue(visit.text(".cm-lineWrong").startswith("plto([x])"))
        marker = visit.page.locator(".cm-lint-marker-error").bounding_box()
        line = visit.page.locator(".cm-lineWrong").bounding_box()
        self.assertLess(abs(marker["y"] + marker["height"] / 2 - line["y"] - line["height"] / 2), 8)
        self.assertIn("Error on line 4", visit.text("#status"))
        traceback = visit.page.locator("#mistake pre")
        self.assertFalse(traceback.is_visible())
        visit.page.locator("#mistake summary").click()
        self.assertIn("plto([x])", traceback.inner_text())
        self.assertEqual(visit.text("#printed [aria-label=stdout] pre"), "so far")

    def test_error_goes(self) -> None:
        """The button of an error leads to its line, and the next good run takes all of it away."""
        visit = self.visit()
        visit.run("x = 1\n1 / 0\n", ends="bad")
        visit.page.locator("#mistake .where button").click()
        self.assertIn("1 / 0", visit.page.locator(".cm-activeLine").inner_text())
        visit.run("response = {'a': [1, 2]}")
        self.assertEqual(visit.page.locator(".cm-lineWrong, .cm-lint-marker, #mistake:not([hidden])").count(), 0)

    def test_syntax_error(self) -> None:
        """What is no Python is marked at its line too."""
        visit = self.visit()
        visit.run("x = 1\nif x\n    pass\n", ends="bad")
        self.assertTrue(visit.text(".cm-lineWrong").startswith("if x"))

    def test_out_of_time(self) -> None:
        """A script that runs out of time is marked where it was, and the line is said once."""
        visit = self.visit(shared("--timeout", "3", "--cpu", "9"))
        for _ in range(5):
            visit.run("x = 1\nwhile True:\n    x = -x\n", ends="bad")
            # On a busy machine it may not get a processor in time to say where it is.
            if "on line" in visit.text("#status"):
                break
        self.assertRegex(visit.text(".cm-lineWrong"), r"^\s*(while True:|x = -x)")
        self.assertRegex(visit.text("#status"), r"^the script ran past its time limit of 3 s on line [23]")
        self.assertEqual(visit.text("#status").count("on line"), 1)

    def test_cancel(self) -> None:
        """Cancelling ends an endless script on the server: its slot is free again."""
        visit = self.visit()
        visit.write("while True: pass")
        visit.page.locator("#run").click()
        visit.wait("#cancel:not([hidden])")
        self.assertEqual(busy(visit), 1)
        visit.page.locator("#cancel").click()
        self.assertEqual(visit.text("#status"), "Cancelled.")
        eventually(visit, lambda: busy(visit) == 0, "the end of the script")
        visit.run(PLAIN)

    def test_progress(self) -> None:
        """While a script runs, how far it says it is can be seen; afterwards that is gone."""
        visit = self.visit()
        visit.write("import time\nfrom cpyrender import progress\nprogress(0.4, 'drawing')\ntime.sleep(60)")
        visit.page.locator("#run").click()
        visit.wait("#progress:not([hidden])")
        self.assertEqual(visit.text("#status"), "40 % drawing")
        self.assertEqual(visit.page.locator("#progress").evaluate("bar => bar.value"), 0.4)
        visit.page.locator("#cancel").click()
        self.assertTrue(visit.page.locator("#progress").is_hidden())

    def test_as_one_types(self) -> None:
        """Where it is wished, a script runs when the typing pauses, and ends the one before it, be it endless."""
        visit = self.visit()
        visit.write("while True: pass")
        visit.page.locator("#typing").check()
        visit.page.locator(".cm-content").press("End")
        visit.page.keyboard.insert_text("  # on and on")
        visit.wait("#cancel:not([hidden])")
        visit.write(PLAIN)
        visit.wait(".output img")
        self.assertEqual(visit.text("#status"), "Done.")
        eventually(visit, lambda: busy(visit) == 0, "the end of the endless script")

    def test_others(self) -> None:
        """Text and JSON are shown as text, and what cannot be shown can be had as a file."""
        visit = self.visit()
        visit.run("response = {'b': [1, 'ü']}")
        self.assertEqual(json.loads(visit.text(".output pre")), {"b": [1, "ü"]})
        visit.run("response = 'a,b\\n1,2\\n'; filename = 't.csv'")
        self.assertEqual(visit.text(".output pre").strip(), "a,b\n1,2")
        visit.run("response = bytes(9); filename = 'raw.bin'")
        with visit.page.expect_download() as saved:
            visit.page.get_by_label("Download as bin").click()
        self.assertEqual((saved.value.suggested_filename, saved.value.path().read_bytes()), ("raw.bin", bytes(9)))


class FigureTests(BrowserTestCase):
    TWO = (
        "import matplotlib.pyplot as plt\n"
        "plt.figure(figsize=(3, 2), facecolor='#ff8000')\nplt.figure(figsize=(4, 2), facecolor='#0000ff')\n"
    )

    def test_several(self) -> None:
        """Every figure is shown, and each can be had as png, svg and pdf."""
        visit = self.visit()
        visit.run(self.TWO)
        self.assertEqual(visit.page.locator(".output h2").all_inner_texts(), ["Figure 1", "Figure 2"])
        second = visit.page.locator(".output").nth(1)
        self.assertRegex(second.locator(".about").inner_text(), "^400 . 200 px")
        for kind, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
            with visit.page.expect_download() as saved:
                second.get_by_label(f"Download as {kind}").click()
            body = saved.value.path().read_bytes()
            self.assertEqual(body[: len(magic)], magic)
            self.assertTrue(saved.value.suggested_filename.endswith(f".{kind}"))
            if kind == "svg":
                self.assertIn(b"#0000ff", body)

    def test_zoom(self) -> None:
        """A picture is fitted in, and larger or smaller on demand, by button and by key; a further run keeps that."""
        visit = self.visit()
        visit.run(PLAIN)
        image, stage = visit.page.locator(".output img"), visit.page.locator(".stage")

        def width() -> float:
            found: float = image.bounding_box()["width"]
            return found

        stage.press("1")
        self.assertEqual(width(), 400)
        visit.page.get_by_role("button", name="Larger").click()
        self.assertEqual(width(), 600)
        visit.run()
        self.assertEqual(width(), 600)
        stage.press("+")
        stage.press("+")
        self.assertEqual(width(), 1200)
        self.assertGreater(stage.evaluate("stage => stage.scrollWidth"), 1200)
        stage.press("0")
        self.assertLess(width(), stage.bounding_box()["width"])

    def test_own_bytes(self) -> None:
        """Of bytes that the script made itself there is no other format, and the page says so."""
        visit = self.visit()
        visit.run(
            "from io import BytesIO; from PIL import Image; out = BytesIO()\n"
            "Image.new('RGB', (9, 9)).save(out, 'PNG'); response = out.getvalue(); filename = 'a.png'"
        )
        visit.page.get_by_label("Download as pdf").click()
        visit.wait("#status.bad")
        self.assertIn("image/png", visit.text("#status"))
