"""Tests of L{cpyrender.web.page}."""

from __future__ import annotations

import gzip
import re
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.memory import MemoryRenderer
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.page import BUILT, put_page
from tests.live.running import Reply
from tests.web.requests import Connection, message, site_of

FILES = {"index.html": b"<!doctype html><p>the page", "page.js": b"let a = 1;\n" * 200, "icon.svg": b"<svg/>",
         "gallery.json": b"[]", "licenses.txt": b"MIT"}  # fmt: skip


class PageTests(SynchronousTestCase):
    def setUp(self) -> None:
        with tempfile.TemporaryDirectory(prefix="cpyrender-test-") as folder:
            for name, body in FILES.items():
                Path(folder, name).write_bytes(body)
            self.root = ClassicDoor(MemoryRenderer(), 1 << 20)
            put_page(self.root, Path(folder))

    def ask(self, method: str, target: str, *lines: str, body: bytes | None = None) -> Reply:
        connection = Connection(site_of(self.root))
        connection.send(message(method, target, *lines, body=body))
        return connection.reply(method)

    def test_files(self) -> None:
        """GET / is the page, and its files are below /page, each as it was built and with its media type."""
        for target, name, media_type in (
            ("/", "index.html", "text/html; charset=utf-8"), ("/?a=1", "index.html", "text/html; charset=utf-8"),
            ("/page/page.js", "page.js", "text/javascript; charset=utf-8"),
            ("/page/icon.svg", "icon.svg", "image/svg+xml"),
            ("/page/gallery.json", "gallery.json", "application/json; charset=utf-8"),
            ("/page/licenses.txt", "licenses.txt", "text/plain; charset=utf-8"),
        ):  # fmt: skip
            reply = self.ask("GET", target)
            self.assertEqual((reply.status, reply.body), (200, FILES[name]), target)
            self.assertEqual(reply.headers["content-type"], media_type)

    def test_nothing_else(self) -> None:
        """Where the page has no file there is nothing, whatever is tried."""
        for target in ("/page", "/page/", "/page/index.html", "/page/page.js/", "/page/page.js/x", "/page/../setup.py",
                       "/page/%2e%2e/setup.py", "/page/..%2fsetup.py", "/page/page.js%00"):  # fmt: skip
            for method in ("GET", "POST"):
                reply = self.ask(method, target, body=b"1" if method == "POST" else None)
                self.assertIn(reply.status, {404, 405}, (method, target))

    def test_policy(self) -> None:
        """Each file forbids what is not the page's own: inline script, foreign addresses, frames, markup from text."""
        for target in ("/", "/page/page.js"):
            reply = self.ask("GET", target)
            policy = {
                name: value
                for name, _, value in (
                    part.strip().partition(" ") for part in reply.headers["content-security-policy"].split(";")
                )
            }
            self.assertEqual(policy["default-src"], "'none'")
            self.assertEqual(policy["script-src"], "'self'")
            self.assertEqual(policy["frame-ancestors"], "'none'")
            self.assertEqual(policy["require-trusted-types-for"], "'script'")
            self.assertNotIn("unsafe", reply.headers["content-security-policy"])
            self.assertEqual(reply.headers["x-frame-options"], "DENY")
            self.assertEqual(reply.headers["x-content-type-options"], "nosniff")
            self.assertEqual(reply.headers["cross-origin-opener-policy"], "same-origin")

    def test_compressed(self) -> None:
        """Who takes gzip gets it, who does not gets the file, and caches are told that there are both."""
        for line, coding in (("Accept-Encoding: gzip, br", "gzip"), ("Accept-Encoding: br, gzip;q=0", None),
                             ("Accept-Encoding:", None), ("Accept: */*", None)):  # fmt: skip
            reply = self.ask("GET", "/page/page.js", line)
            self.assertEqual(reply.headers.get("content-encoding"), coding, line)
            body = gzip.decompress(reply.body) if coding else reply.body
            self.assertEqual((body, reply.headers["vary"]), (FILES["page.js"], "Accept-Encoding"))
            self.assertEqual(reply.headers["content-length"], str(len(reply.body)))

    def test_not_again(self) -> None:
        """A client that has a file is not sent it again; the tags of the compressed and the plain one differ."""
        plain = self.ask("GET", "/page/page.js")
        zipped = self.ask("GET", "/page/page.js", "Accept-Encoding: gzip")
        self.assertNotEqual(plain.headers["etag"], zipped.headers["etag"])
        self.assertEqual(plain.headers["cache-control"], "no-cache")
        again = self.ask("GET", "/page/page.js", f"If-None-Match: {plain.headers['etag']}")
        self.assertEqual((again.status, again.body), (304, b""))
        changed = self.ask("GET", "/page/page.js", 'If-None-Match: "another"')
        self.assertEqual(changed.status, 200)

    def test_compared(self) -> None:
        """Tags are compared weakly, one by one (RFC 9110, 13.1.2); what only looks like the file's is another's."""
        for lines in (("Accept: */*",), ("Accept-Encoding: gzip",)):
            tag = self.ask("GET", "/", *lines).headers["etag"]
            for held, status in (
                (f"W/{tag}", 304), (f'"a", W/{tag} ,"b"', 304), (f'{tag},"a"', 304), (f'W/"a",{tag}', 304), ("*", 304),
                (f"w/{tag}", 200), (tag.strip('"'), 200), (f'W/"W/{tag[1:]}', 200), ('"*"', 200), ('W/"a"', 200),
                ("", 200),
            ):  # fmt: skip
                reply = self.ask("GET", "/", *lines, f"If-None-Match: {held}")
                self.assertEqual((reply.status, reply.headers["etag"]), (status, tag), held)
            twice = self.ask("HEAD", "/", *lines, 'If-None-Match: "a"', f"If-None-Match: W/{tag}")
            self.assertEqual((twice.status, twice.body), (304, b""))

    def test_methods(self) -> None:
        """HEAD is GET without the body; the page's path takes scripts too, its files' do not, and all say so."""
        head = self.ask("HEAD", "/")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["content-length"], str(len(FILES["index.html"])))
        for target, allowed in (("/", "GET, HEAD, POST, OPTIONS"), ("/page/page.js", "GET, HEAD, OPTIONS")):
            refused = self.ask("PUT", target, body=b"1")
            self.assertEqual((refused.status, refused.headers["allow"]), (405, allowed))
            self.assertEqual(self.ask("OPTIONS", target).headers["allow"], allowed)

    def test_scripts(self) -> None:
        """Scripts are posted to the page's path and to all others, its own folder excepted, as if it were not there."""
        for target in ("/", "/?format=svg", "//", "//a", "/a", "/a/"):
            reply = self.ask("POST", target, body=b"")
            self.assertEqual((reply.status, b"empty" in reply.body), (400, True), target)


class BuiltTests(SynchronousTestCase):
    """The page that is shipped."""

    def test_whole(self) -> None:
        """All that the page refers to is there, and nothing of it is inline or from elsewhere."""
        index = (BUILT / "index.html").read_text()
        for name in re.findall(r'(?:src|href)="(.*?)"', index):
            self.assertTrue((BUILT.parent / name).is_file(), name)
        self.assertNotRegex(index, r"<style|<script>|\son\w+=|\sstyle=|//\w")
