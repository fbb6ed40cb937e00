"""The page for whoever likes it dark, has a phone, no mouse, or a screen reader."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SkipTest

from tests.live.browsing import BrowserTestCase, Visit
from tests.live.running import ROOT
from tests.live.test_page import PLAIN

AXE = ROOT / "page" / "node_modules" / "axe-core" / "axe.min.js"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LONG = "x = " + "'a very long line ' + " * 30 + "''\n"


def brightness(visit: Visit, selector: str = "body") -> float:
    """Return how bright an element's background is, from 0 to 255."""
    colour = visit.page.locator(selector).evaluate("element => getComputedStyle(element).backgroundColor")
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(parts) / 3


class ColourTests(BrowserTestCase):
    def test_as_the_system(self) -> None:
        """It is light or dark as the system is, and follows when that changes."""
        visit = self.visit(color_scheme="dark")
        self.assertLess(brightness(visit), 60)
        visit.page.emulate_media(color_scheme="light")
        self.assertGreater(brightness(visit), 200)

    def test_chosen(self) -> None:
        """What is chosen by the button counts for more than the system, the editor's colours too, and is kept."""
        visit = self.visit(color_scheme="light")
        button = visit.page.locator("#theme")
        while button.get_attribute("aria-label") != "Colours: dark":
            button.click()
        for _ in range(2):
            self.assertLess(max(brightness(visit), brightness(visit, ".cm-gutters")), 60)
            visit.page.reload()
            visit.wait("#server:not(:empty)")


class PhoneTests(BrowserTestCase):
    def check_fits(self, visit: Visit) -> None:
        self.assertEqual(visit.page.evaluate("() => document.documentElement.scrollWidth"), 360)

    def test_width(self) -> None:
        """On 360 pixels nothing has to be scrolled sideways: not a long line, an error, a picture nor a dialog."""
        visit = self.visit(**PHONE)
        self.check_fits(visit)
        visit.write(LONG + PLAIN)
        visit.page.locator("#run").tap()
        visit.wait(".output img")
        self.check_fits(visit)
        self.assertLessEqual(visit.page.locator(".output img").bounding_box()["width"], 360)
        visit.run(LONG + f"raise ValueError({LONG!r})", ends="bad")
        visit.page.locator("#mistake summary").tap()
        self.check_fits(visit)
        for opener, dialog in (("#examples", "#gallery"), ("#copy", "#copying")):
            visit.page.locator(opener).tap()
            box = visit.wait(dialog).bounding_box()
            self.assertGreaterEqual(box["x"], 0)
            self.assertLessEqual(box["x"] + box["width"], 360)
            visit.page.locator(f"{dialog} .close").tap()
        visit.page.locator("#inputs summary").tap()
        visit.page.locator("#add-param").tap()
        self.check_fits(visit)


class KeyboardTests(BrowserTestCase):
    def focused(self, visit: Visit) -> str:
        found: str = visit.page.evaluate("() => document.activeElement.id")
        return found

    def test_all_can_be_reached(self) -> None:
        """Tab leads through all controls; Escape and Tab lead out of the editor, in which Tab indents."""
        visit = self.visit()
        visit.write("if x:")
        visit.page.keyboard.press("Enter")
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.insert_text("y")
        self.assertEqual(visit.script(), "if x:\n        y")
        visit.page.keyboard.press("Escape")
        visit.page.keyboard.press("Tab")
        self.assertNotEqual(self.focused(visit), "editor")
        reached = set()
        for _ in range(25):
            visit.page.keyboard.press("Escape")
            visit.page.keyboard.press("Tab")
            reached.add(self.focused(visit))
        self.assertLessEqual({"examples", "copy", "typing", "theme", "run", "splitter", "editor"}, reached)

    def test_dialog(self) -> None:
        """An example is had by keys alone, and the focus is where one can go on."""
        visit = self.visit()
        visit.page.locator("#examples").focus()
        visit.page.keyboard.press("Enter")
        visit.page.locator("#cards .card").first.wait_for()
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        visit.wait("#status.good")
        self.assertEqual(self.focused(visit), "editor")

    def test_splitter(self) -> None:
        """The bar between script and result is moved by arrow keys, and stays where it was put."""
        visit = self.visit()
        width = visit.page.locator("#left").bounding_box()["width"]
        visit.page.locator("#splitter").press("ArrowRight")
        wider = visit.page.locator("#left").bounding_box()["width"]
        self.assertGreater(wider, width)
        visit.page.reload()
        visit.wait("#server:not(:empty)")
        self.assertEqual(visit.page.locator("#left").bounding_box()["width"], wider)

    def test_cancel(self) -> None:
        """Escape, outside the editor, cancels what runs."""
        visit = self.visit()
        visit.write("while True: pass")
        visit.page.locator("#run").press("Enter")
        visit.wait("#cancel:not([hidden])")
        visit.page.keyboard.press("Escape")
        self.assertEqual(visit.text("#status"), "Cancelled.")


class AxeTests(BrowserTestCase):
    """What axe-core, which knows the rules of WCAG, has to say."""

    def setUp(self) -> None:
        super().setUp()
        if not AXE.exists():
            raise SkipTest("`npm ci` has not been run in page/")

    def check(self, visit: Visit, where: str) -> None:
        visit.page.evaluate(AXE.read_text() + "; null")
        found = visit.page.evaluate("() => axe.run(document)")
        self.assertGreater(len(found["passes"]), 15)
        grave = [
            (one["id"], [node["html"] + node["failureSummary"] for node in one["nodes"]])
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        self.assertEqual(grave, [], where)

    def walk(self, visit: Visit, name: str) -> None:
        self.check(visit, f"{name}, as it opens")
        visit.page.locator("#inputs summary").click()
        visit.page.locator("#add-param").click()
        visit.run("import sys; print(1); print(2, file=sys.stderr)\n" + PLAIN)
        self.check(visit, f"{name}, with a result")
        visit.run("import sys\nprint(1)\nx = [  # why\n  2, 'b']\n1 / 0", ends="bad")
        self.check(visit, f"{name}, with an error")
        for opener, ready in (("#examples", "#cards .card"), ("#copy", "#snippet:not(:empty)")):
            visit.page.locator(opener).click()
            visit.page.locator(ready).first.wait_for()
            self.check(visit, f"{name}, {opener}")
            visit.page.keyboard.press("Escape")

    def test_light(self) -> None:
        """It finds nothing serious in the light page and its dialogs."""
        self.walk(self.visit(color_scheme="light"), "light")

    def test_dark(self) -> None:
        """Nor in the dark one."""
        self.walk(self.visit(color_scheme="dark"), "dark")

    def test_phone(self) -> None:
        """Nor on a phone."""
        self.walk(self.visit(**PHONE), "phone")
