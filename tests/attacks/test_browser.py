"""A real browser, driven by hostile pages: it must not get a script run, and must not run what a script answers."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live.running import Reply, Running, serving

_CHROMIUM = shutil.which("chromium")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
)  # fmt: skip

#: Every way in which a page can send something to a server that has not asked for it.
_WAYS = """
<!doctype html><title>hostile</title><body><script>
const target = "TARGET", script = "import os; x='='";
const text = new Blob([script], {type: "text/plain"});
fetch(target + "?way=fetch", {method: "POST", mode: "no-cors", body: script}).catch(() => 0);
fetch(target + "?way=credentials", {method: "POST", mode: "no-cors", credentials: "include", body: text})
  .catch(() => 0);
fetch(target + "?way=cors", {method: "POST", body: script, headers: {"Content-Type": "text/plain"}}).catch(() => 0);
fetch(target + "?way=preflight", {method: "POST", body: script, headers: {"X-Own": "1"}}).catch(() => 0);
fetch(target + "?way=keepalive", {method: "POST", mode: "no-cors", keepalive: true, body: script}).catch(() => 0);
navigator.sendBeacon(target + "?way=beacon", text);
const request = new XMLHttpRequest();
request.open("POST", target + "?way=xhr"); request.send(script);
for (const kind of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
  const frame = document.createElement("iframe"); frame.name = kind; document.body.append(frame);
  const form = document.createElement("form");
  form.method = "POST"; form.enctype = kind; form.target = kind; form.action = target + "?way=" + kind;
  const field = document.createElement("input"); field.name = "import os; x"; field.value = "1"; form.append(field);
  document.body.append(form); form.submit();
}
const sandboxed = document.createElement("iframe"); sandboxed.sandbox = "allow-scripts";
sandboxed.srcdoc = `<script>fetch("${target}?way=null", {method: "POST", mode: "no-cors", body: "x = 1"})<\\/script>`;
document.body.append(sandboxed);
const shown = document.createElement("iframe"); shown.src = target + "?way=frame"; document.body.append(shown);
fetch(target + "?way=get", {mode: "no-cors"}).catch(() => 0);
new Image().src = target + "quit?way=image";
for (const [name, from] of [["script", "src"], ["link", "href"], ["object", "data"]]) {
  const element = document.createElement(name); element[from] = target + "quit?way=" + name;
  if (name === "link") element.rel = "stylesheet";
  document.body.append(element);
}
</script>
"""

_MARK = "this-has-run"
_SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.documentElement.append('{0}'.toUpperCase())\">"
    "<script>document.documentElement.append('{0}'.toUpperCase())</script><text>still here</text></svg>"
)
_HTML = (
    "<!doctype html><p>still here<img src=x onerror=\"document.body.append('{0}'.toUpperCase())\">"
    "<script>document.body.append('{0}'.toUpperCase())</script>"
)


class _Pages(ThreadingHTTPServer):
    """Serves one page, with the headers it is given, at every path."""

    daemon_threads = True

    def __init__(self, headers: dict[str, str], body: bytes) -> None:
        self.answer = headers, body
        super().__init__(("127.0.0.1", 0), _Page)

    def __enter__(self) -> _Pages:
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *why: object) -> None:
        self.shutdown()
        self.server_close()


class _Page(BaseHTTPRequestHandler):
    server: _Pages

    def do_GET(self) -> None:
        headers, body = self.server.answer
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


class BrowserTests(SynchronousTestCase):
    """Chromium against a real server."""

    def setUp(self) -> None:
        if _CHROMIUM is None:
            raise SkipTest("there is no Chromium here")

    def look(self, url: str) -> str:
        """Open a page, let it do what it does for a while, and return what it has become."""
        assert _CHROMIUM is not None
        with tempfile.TemporaryDirectory(prefix="cpyrender-chromium-", ignore_cleanup_errors=True) as profile:
            run = subprocess.run(
                [_CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "--virtual-time-budget=4000", "--dump-dom", url],
                capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        return run.stdout

    def serve(self) -> Running:
        server = serving("--allow-quit").__enter__()
        self.addCleanup(server.stop)
        return server

    def test_pages_of_others(self) -> None:
        """No page of another origin gets one script run, or the server stopped, whichever way it tries."""
        server = self.serve()
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            page = _WAYS.replace("TARGET", f"http://{host}:{server.port}/").encode()
            with _Pages({"Content-Type": "text/html"}, page) as pages:
                self.assertIn("<title>hostile</title>", self.look(f"http://127.0.0.1:{pages.server_address[1]}/"))
        # The first is of who waited for the server to start.
        statuses = [
            line.split()[4] for line in server.log.splitlines() if "RenderSite" in line and " bytes to " in line
        ][1:]
        self.assertGreater(len(statuses), 20, server.log)
        self.assertFalse({"200", "204", "501", "503"} & set(statuses), server.log)
        self.assertEqual(server.post("response = 'honest'").body, b"honest")

    def test_answers_do_nothing(self) -> None:
        """A browser that opens an answer shows it, and runs nothing in it."""
        server = self.serve()
        for name, source in (("a.svg", _SVG), ("a.html", _HTML), ("a.xml", _SVG), ("a.txt", _HTML)):
            made = server.post(f"response = {source.format(_MARK)!r}; filename = {name!r}")
            self.assertEqual(made.status, 200)
            self.assertNotIn(_MARK.upper(), self.open(made), name)

    def test_errors_do_nothing(self) -> None:
        """Nor does it run what a script put into its error."""
        made = self.serve().post(f"raise ValueError({_HTML.format(_MARK)!r})")
        self.assertEqual(made.status, 501)
        self.assertNotIn(_MARK.upper(), self.open(made))

    def test_control(self) -> None:
        """The same answers without the headers do run: what is looked for above can be found."""
        for kind, source in (("image/svg+xml", _SVG), ("text/html", _HTML)):
            bare = Reply(200, "OK", {"content-type": kind}, source.format(_MARK).encode())
            self.assertIn(_MARK.upper(), self.open(bare))

    def open(self, reply: Reply) -> str:
        """Let the browser open a reply: a page cannot navigate to it, so it is handed out again, headers and all."""
        with _Pages(dict(reply.headers), reply.body) as pages:
            return self.look(f"http://127.0.0.1:{pages.server_address[1]}/answer")
