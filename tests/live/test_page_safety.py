"""The page against hostile scripts, hostile links and hostile pages; the token; and no page at all."""

from __future__ import annotations

import json
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.live.browsing import BrowserTestCase, Visit, eventually
from tests.live.running import Running, serving, shared
from tests.live.test_page import PLAIN

SECRET = "a-token-of-this-test"
# What a browser would run, were it ever taken for markup.
MARKUP = "<img src=x onerror=\"document.title='RUN'\"><script>document.title='RUN'</script>"
SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='200' onload=\"top.document.title='RUN'\">"
    "<script>top.document.title = 'RUN'; fetch('/health?svg')</script>"
    "<image href='/health?image' width='9' height='9'/>"
    "<foreignObject width='9' height='9'><img xmlns='http://www.w3.org/1999/xhtml' src='x' "
    "onerror=\"top.document.title='RUN'\"/></foreignObject><rect width='300' height='200' fill='#ff8000'/></svg>"
)


@cache
def protected() -> Running:
    """Return a server that wants a token; its file has done its duty when the server has started."""
    with tempfile.TemporaryDirectory(prefix="cpyrender-test-") as folder:
        path = Path(folder, "token")
        path.touch(stat.S_IRUSR | stat.S_IWUSR)
        path.write_text(SECRET)
        return shared("--token-file", str(path))


@contextmanager
def another_site(body: str) -> Iterator[str]:
    """Serve one page of somebody else's, and give its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            # Another site: to a browser, localhost and 127.0.0.1 have nothing in common.
            yield f"http://localhost:{server.server_address[1]}/"
        finally:
            server.shutdown()


class HostileScriptTests(BrowserTestCase):
    def test_svg(self) -> None:
        """A hostile SVG is shown as a picture; it runs nothing and loads nothing."""
        visit = self.visit()
        visit.run(f"response = {SVG!r}; filename = 'a.svg'")
        self.assertEqual(visit.page.locator(".output img").evaluate("image => image.naturalWidth"), 300)
        self.assertEqual(visit.page.title(), "cpyrender")
        self.assertFalse([url for url in visit.urls if "?svg" in url or "?image" in url])

    def test_control(self) -> None:
        """The same SVG as a page of its own does run: what is looked for above can be found."""
        visit = self.visit()
        with another_site(f"<title>quiet</title>{SVG}") as url:
            other = visit.context.new_page()
            other.goto(url)
            self.assertEqual(other.title(), "RUN")

    def test_markup(self) -> None:
        """Markup in a response, in its name, in what is printed, in a warning and in an error is shown as text."""
        visit = self.visit()
        for script, ends, place in (
            (f"response = {MARKUP!r}; filename = 'a.html'", "good", ".output pre"),
            (f"response = b'1'; filename = {MARKUP!r}.replace('/', '') + '.txt'", "good", ".output h2"),
            (f"print({MARKUP!r}); response = 1", "good", "#printed"),
            (f"import warnings; warnings.warn({MARKUP!r}); response = 1", "good", "#printed"),
            (f"raise ValueError({MARKUP!r})", "bad", "#mistake"),
            (f"raise ValueError({MARKUP!r})", "bad", ".cm-why"),
        ):
            visit.run(script, ends)
            self.assertIn("document.title='RUN'", visit.text(place), script)
        self.assertEqual(visit.page.title(), "cpyrender")

    def test_own_origin(self) -> None:
        """All that the page asks for, whatever is done with it, is of the server's own origin."""
        visit = self.visit()
        visit.run(PLAIN)
        visit.page.locator("#examples").click()
        visit.page.locator("#cards img").first.wait_for()
        visit.page.keyboard.press("Escape")
        visit.page.locator("#copy").click()
        visit.page.keyboard.press("Escape")
        with visit.page.expect_download():
            visit.page.get_by_label("Download as svg").click()
        self.assertGreater(len(visit.urls), 6)
        foreign = [url for url in visit.urls if not url.startswith((visit.home, f"blob:{visit.home}", "data:"))]
        self.assertEqual(foreign, [])


class LinkTests(BrowserTestCase):
    def link(self, visit: Visit) -> str:
        visit.page.locator("#copy").click()
        visit.page.get_by_label("Link to this page").check()
        snippet = visit.page.locator("#snippet")
        eventually(visit, lambda: "#script=" in snippet.inner_text(), "the link")
        found: str = snippet.inner_text()
        return found

    def test_there_and_back(self) -> None:
        """A link brings its script into an editor, where it does not run by itself; the text before it is kept."""
        visit = self.visit()
        visit.write("response = 'from afar'; filename = 'a.txt'")
        link = self.link(visit)
        other = self.visit()
        other.write("x = 'my own'")
        other.page.locator("#typing").check()
        before = other.posts()
        other.page.goto("about:blank")
        other.page.goto(link)
        other.wait("#notice:not([hidden])")
        self.assertIn("from afar", other.script())
        other.page.locator(".cm-content").press("Control+End")
        other.page.keyboard.insert_text("\n# touched")
        other.page.get_by_role("button", name="Back to my script").click()
        self.assertEqual(other.script(), "x = 'my own'")
        self.assertEqual(other.posts(), before)

    def test_used(self) -> None:
        """Once it has been run, a script that came by a link is one's own; no request has had it in its address."""
        visit = self.visit()
        visit.write("response = 'from afar'; filename = 'a.txt'")
        other = self.visit(fragment=self.link(visit).partition("/#")[2].join(["#", ""]))
        other.run()
        self.assertEqual(other.text(".output pre"), "from afar")
        other.page.reload()
        other.wait("#server:not(:empty)")
        self.assertIn("from afar", other.script())
        self.assertNotIn("script=", "".join(other.urls[1:]) + other.server.log)

    def test_unreadable(self) -> None:
        """A link that holds nothing of use says so."""
        visit = self.visit(fragment="#script=nonsense")
        self.assertIn("no script", visit.text("#notice"))

    def test_from_elsewhere(self) -> None:
        """A link on another site leads to the page; a frame of another site's does not, and neither runs a thing."""
        visit = self.visit()
        before = visit.posts()
        with another_site(f"<a href='{visit.home}'>go</a><iframe src='{visit.home}?framed'></iframe>") as url:
            other = visit.context.new_page()
            other.goto(url)
            other.get_by_text("go").click()
            other.wait_for_selector("#server:not(:empty)")
            self.assertEqual(other.url, visit.home)
        eventually(visit, lambda: "GET / 403" in visit.server.log, "the refusal of the frame")
        self.assertEqual(visit.posts(), before)


class TokenTests(BrowserTestCase):
    def test_asked_once(self) -> None:
        """The page opens without the token, asks for it when it is wanted, again if it is wrong, and then no more."""
        visit = self.visit(protected())
        visit.write(PLAIN)
        visit.page.locator("#run").click()
        for token in ("wrong", SECRET):
            visit.page.locator("#token").fill(token)
            visit.page.keyboard.press("Enter")
        visit.wait(".output img")
        visit.page.reload()
        visit.wait("#server:not(:empty)")
        visit.run()
        self.assertFalse(visit.page.locator("#asking").is_visible())
        stored = visit.page.evaluate(
            "() => [JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie]"
        )
        self.assertEqual([SECRET in text for text in stored], [True, False, False])
        self.assertNotIn(SECRET, "".join(visit.urls) + visit.server.log)

    def test_refused(self) -> None:
        """Who has no token can say so, and has run nothing."""
        visit = self.visit(protected())
        visit.page.locator("#run").click()
        visit.wait("#token")
        visit.page.keyboard.press("Escape")
        visit.wait("#status.bad")
        self.assertIn("token", visit.text("#status"))

    def test_only_the_page(self) -> None:
        """Nothing but the page and its files is open: a script without the token is refused as before."""
        server = protected()
        for path, expected in (("/", 200), ("/?a=1", 200), ("/page/page.js", 200), ("/page/nothing", 404), ("/x", 401),
                               ("/page", 401), ("/pages/", 401), ("//", 401), ("/page%2fpage.js", 401)):  # fmt: skip
            self.assertEqual(server.get(path).status, expected, path)
        for path in ("/", "/page/page.js", "/page/"):
            self.assertEqual(server.post(PLAIN, path).status, 401, path)


class WithoutTests(BrowserTestCase):
    def test_no_page(self) -> None:
        """With --no-page, GET / is 405 with Allow, its files are not there, and scripts run."""
        with serving("--no-page") as server:
            reply = server.get("/")
            self.assertEqual((reply.status, reply.headers["allow"]), (405, "POST, OPTIONS"))
            self.assertEqual(server.get("/page/page.js").status, 404)
            self.assertEqual(server.post(PLAIN).status, 200)
            link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
            self.assertEqual(server.get("/", link).status, 403)

    def test_weight(self) -> None:
        """All files of the page together are below 500 kB, and a client that knows them is told so in no bytes."""
        server, size = shared(), 0
        for path in ("/", "/page/page.js", "/page/page.css", "/page/theme.js", "/page/icon.svg", "/page/gallery.json",
                     "/page/licenses.txt"):  # fmt: skip
            reply = server.get(path)
            size += len(reply.body)
            again = server.get(path, {"If-None-Match": reply.headers["etag"]})
            self.assertEqual((reply.status, again.status, again.body), (200, 304, b""), path)
        self.assertLess(size, 500_000)
        self.assertIn("ready", json.loads(server.get("/ready").body))
