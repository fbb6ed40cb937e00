"""A real Chromium for tests to drive, and the page in it."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Callable
from functools import cache
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live.running import Running, shared

CHROMIUM = shutil.which("chromium")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
)
# A script that fails is an answer with a status; and where one types over a selection, Chromium first tries to keep its
# look by a style attribute, which the page's policy refuses.
_USUAL = ("Failed to load resource: the server responded with a status of", "Applying inline style violates")
_PATIENCE = 60_000.0  # ms


@cache
def browser() -> Any:
    """Return a Chromium that all tests share; it ends with the test run."""
    from playwright.sync_api import sync_playwright

    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
    atexit.register(found.close)
    return found


class Visit:
    """The page of a server, open in a window with a storage of its own.

    @ivar page: what Playwright gives to drive it.
    @ivar urls: of all that it has asked for.
    @ivar complaints: what stands in its console as an error, the failures of scripts excepted.
    """

    def __init__(self, server: Running, fragment: str = "", **context: Any) -> None:
        self.server = server
        self.context = browser().new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
        self.context.set_default_timeout(_PATIENCE)
        self.urls: list[str] = []
        self.complaints: list[str] = []
        self.context.on("request", lambda request: self.urls.append(request.url))
        self.home = f"http://127.0.0.1:{server.port}/"
        self.page = self.open(fragment)

    def open(self, fragment: str = "") -> Any:
        """Open the page in a further window of the same storage, and return it when it can be written in."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.goto(self.home + fragment)
        page.wait_for_selector("#server:not(:empty)")
        return page

    def _listen(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith(_USUAL):
            self.complaints.append(message.text)

    def write(self, script: str) -> None:
        """Put a script in the place of the one that is there, as a person would paste it."""
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(script)

    def run(self, script: str | None = None, ends: str = "good") -> None:
        """Run a script, and wait for its end.

        @param ends: C{good} or C{bad}.
        """
        if script is not None:
            self.write(script)
        self.page.evaluate("() => { document.getElementById('status').className = ''; }")
        self.page.keyboard.press("Control+Enter")
        self.wait(f"#status.{ends}")

    def wait(self, selector: str) -> Any:
        """Wait until there is such an element that can be seen, and return it."""
        return self.page.wait_for_selector(selector)

    def text(self, selector: str) -> str:
        found: str = self.page.locator(selector).inner_text()
        return found

    def script(self) -> str:
        """Return what stands in the editor, of which all is in sight."""
        lines: list[str] = self.page.locator(".cm-line").all_inner_texts()
        return "\n".join(line.rstrip("\n") for line in lines)

    def posts(self) -> int:
        """Return how many scripts have been posted to the server by anybody."""
        return sum(" POST " in line for line in self.server.log.splitlines())


class BrowserTestCase(SynchronousTestCase):
    """Tests with a Chromium."""

    def setUp(self) -> None:
        if CHROMIUM is None:
            raise SkipTest("there is no Chromium here")
        try:
            import playwright  # noqa: F401
        except ImportError:
            raise SkipTest("there is no Playwright here") from None

    def visit(self, server: Running | None = None, fragment: str = "", **context: Any) -> Visit:
        """Open the page; when the test ends, it must have complained of nothing."""
        visit = Visit(server or shared(), fragment, **context)
        self.addCleanup(self._leave, visit)
        return visit

    def _leave(self, visit: Visit) -> None:
        visit.context.close()
        self.assertEqual(visit.complaints, [])


def eventually(visit: Visit, happened: Callable[[], object], what: str) -> None:
    """Wait until something has happened, letting the browser go on meanwhile."""
    for _ in range(1200):
        if happened():
            return
        visit.page.wait_for_timeout(50)
    raise AssertionError(f"{what} did not happen")
