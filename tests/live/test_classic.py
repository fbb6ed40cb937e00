"""The classic door over real sockets, with real interpreters behind it."""

from __future__ import annotations

import base64
import io
import json
import re
import socket
from typing import Any

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import Reply, Running, request, shared

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PLOT = "from matplotlib import pyplot as plt\nplt.plot([1, 2, 4])\n"

#: What the article of 2005 posts, in words of our own: the same calls, on the same old names.
OLD_CALLS = """
from pylab import *
from PIL import Image
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from StringIO import StringIO
plot([3, 1, 4, 1, 5], [9, 2, 6, 5, 3])
f = gcf()
canvas = FigureCanvas(f)
canvas.draw()
size = canvas.get_renderer().get_canvas_width_height()
buf = canvas.tostring_rgb()
im = Image.fromstring('RGB', size, buf, 'raw', 'RGB', 0, 1)
imdata = StringIO()
im.save(imdata, format='JPEG')
response = imdata.getvalue()
filename = 'old.jpg'
"""


class Served(SynchronousTestCase):
    """Tests that share one server."""

    options: tuple[str, ...] = ()
    level: str | None = None

    @property
    def server(self) -> Running:
        return shared(*self.options, level=self.level)

    def post(self, script: str | bytes, path: str = "/", **headers: str) -> Reply:
        return self.server.post(script, path, headers)

    def image(self, reply: Reply) -> Image.Image:
        self.assertEqual(reply.status, 200, reply.body[:2000])
        picture = Image.open(io.BytesIO(reply.body))
        picture.load()
        return picture


class AnswerTests(Served):
    """What a script gives back."""

    def test_old_calls_over_a_form(self) -> None:
        """The calls of 2005, posted as the client of 2005 posts them, are answered as image/jpeg."""
        reply = self.server.post(OLD_CALLS, "/", FORM)
        self.assertEqual((self.image(reply).format, reply.media_type), ("JPEG", "image/jpeg"))
        self.assertEqual(reply.headers["content-length"], str(len(reply.body)))

    def test_any_path(self) -> None:
        """A script may be posted to any path that nothing else claims."""
        for path in ("/", "/draw", "/a/b/c.py", "/%C3%A9/", "//", "/x?year=2024"):
            self.assertEqual(self.server.post("response = 'x'", path).body, b"x", path)

    def test_bytes_and_media_types(self) -> None:
        """Bytes and text go out as they are, their media type chosen by the extension of filename."""
        for name, media_type in (
            ("a.png", "image/png"), ("a.JPG", "image/jpeg"), ("a.svg", "image/svg+xml"), ("a.pdf", "application/pdf"),
            ("a.py", "text/plain"), ("a.c", "text/plain"), ("a.h", "text/plain"), ("a.csv", "text/csv"),
            ("a", "application/octet-stream"), ("a.unheard", "application/octet-stream"),
            ("a.js", "application/octet-stream"),
        ):  # fmt: skip
            reply = self.post(f"response = b'\\x00\\xff'; filename = {name!r}")
            self.assertEqual((reply.status, reply.media_type, reply.body), (200, media_type, b"\x00\xff"), name)

    def test_text_is_utf8(self) -> None:
        """Text goes out as UTF-8."""
        self.assertEqual(self.post("response = 'é€\\U0001f600'").body, "é€😀".encode())

    def test_values_as_json(self) -> None:
        """A dict, a list or a number is answered as JSON."""
        for value, text in (
            ("{'a': [1, None]}", b'{"a": [1, null]}'),
            ("[]", b"[]"),
            ("1.5", b"1.5"),
            ("True", b"true"),
        ):
            reply = self.post(f"response = {value}")
            self.assertEqual((reply.status, reply.media_type, reply.body), (200, "application/json", text))

    def test_open_figures(self) -> None:
        """Without a response the first open figure is the answer, and the header says how many there were."""
        two = PLOT + "plt.figure(figsize=(2, 1))\n"
        first, second = self.post(two), self.server.post(two, "/?figure=2")
        self.assertEqual((self.image(first).size, first.headers["figure-count"]), ((640, 480), "2"))
        self.assertEqual(self.image(second).size, (200, 100))

    def test_equal_to_savefig(self) -> None:
        """The picture of an open figure has the very pixels that the script's own savefig gives."""
        saved = PLOT + "import io; b = io.BytesIO(); plt.savefig(b); response = b.getvalue()"
        mine, its = self.image(self.post(PLOT)), self.image(self.post(saved))
        self.assertEqual(mine.tobytes(), its.tobytes())

    def test_formats(self) -> None:
        """An open figure comes in each format that is asked for, or that filename or Accept say."""
        for query, headers, more, media_type in (
            ("format=png", {}, "", "image/png"), ("format=svg", {}, "", "image/svg+xml"),
            ("format=pdf", {}, "", "application/pdf"), ("format=jpg", {}, "", "image/jpeg"),
            ("format=jpeg", {}, "", "image/jpeg"), ("format=webp", {}, "", "image/webp"),
            ("format=tiff", {}, "", "image/tiff"), ("format=gif", {}, "", "image/gif"),
            ("format=eps", {}, "", "application/postscript"), ("format=ps", {}, "", "application/postscript"),
            ("", {}, "filename = 'x.svg'", "image/svg+xml"), ("format=png", {}, "filename = 'x.svg'", "image/png"),
            ("", {"Accept": "image/webp, */*;q=0.1"}, "", "image/webp"), ("", {"Accept": "*/*"}, "", "image/png"),
        ):  # fmt: skip
            reply = self.server.post(PLOT + more, "/?" + query, headers)
            self.assertEqual(
                (reply.status, reply.media_type), (200, media_type), (query, headers, more, reply.body[:300])
            )

    def test_nothing_acceptable(self) -> None:
        """Where the client takes none of the formats that the server could choose, 406 says which there are."""
        reply = self.server.post(PLOT, "/", {"Accept": "video/mp4"})
        self.assertEqual(reply.status, 406)
        self.assertIn("png", reply.text)

    def test_size_in_pixels(self) -> None:
        """Width and height are exactly that many pixels."""
        self.assertEqual(self.image(self.server.post(PLOT, "/?width=333&height=217")).size, (333, 217))

    def test_figure_image_and_array(self) -> None:
        """A Figure, a PIL image and a numpy array are pictures too."""
        for script, size in (
            ("from matplotlib.figure import Figure\nresponse = Figure(figsize=(3, 2))", (300, 200)),
            ("from PIL import Image\nresponse = Image.new('RGBA', (7, 5), 'red')", (7, 5)),
            ("import numpy\nresponse = numpy.zeros((4, 9), 'uint8')", (9, 4)),
            ("import numpy\nresponse = numpy.ones((4, 9, 3)) * .5", (9, 4)),
        ):
            reply = self.post(script)
            self.assertEqual((self.image(reply).size, reply.media_type), (size, "image/png"))

    def test_careful_headers(self) -> None:
        """No browser may run an answer or guess its type, and none is told the server's version."""
        reply = self.post("response = '<script>alert(1)</script>'; filename = 'a.html'")
        self.assertEqual(reply.headers["x-content-type-options"], "nosniff")
        self.assertIn("sandbox", reply.headers["content-security-policy"])
        self.assertEqual(reply.headers["server"], "cpyrender")
        self.assertRegex(reply.headers["server-timing"], r"queue;dur=[\d.]+, run;dur=[\d.]+, encode;dur=[\d.]+")

    def test_filename_cannot_break_out(self) -> None:
        """No filename breaks the header it goes out in, or names more than a file."""
        name = '../../x/a\r\nSet-Cookie: b"c\\\u202egpj.é.png'
        reply = self.post(f"response = b''; filename = {name!r}")
        self.assertNotIn("set-cookie", reply.headers)
        self.assertNotIn("..", reply.headers["content-disposition"])
        self.assertEqual(reply.media_type, "image/png")


class SourceTests(Served):
    """What Python takes as a file, it takes as a body."""

    def test_encodings(self) -> None:
        """BOM, CRLF, lone CR, and coding lines mean what they mean to Python."""
        for body in (
            "response = 'é'".encode(),
            b"\xef\xbb\xbf" + "response = 'é'".encode(),
            b"# -*- coding: latin-1 -*-\r\nresponse = '\xe9'\r\n",
            b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nresponse = '\xe9'",
            "x = 1\r\nif x:\r\n    response = 'é'\r\n".encode(),
            "x = 1\rresponse = 'é'\r".encode(),
        ):
            self.assertEqual(self.post(body).body, "é".encode(), body)

    def test_not_a_script(self) -> None:
        """An empty body, NUL bytes, and bytes that are not UTF-8 without a coding line are refused with the reason."""
        for body, word in (
            (b"", "empty"), (b" \r\n\t", "empty"), (b"x = 1\0", "NUL"), ("x = 1".encode("utf-16"), "UTF-16"),
            (b"x = 1\ny = '\xe9'", "line 2"),
        ):  # fmt: skip
            reply = self.post(body)
            self.assertEqual(reply.status, 400, body)
            self.assertIn(word, reply.text)

    def test_unknown_coding(self) -> None:
        """A coding that Python does not know is the script's error."""
        reply = self.post(b"# coding: klingon\nresponse = '\xe9'")
        self.assertEqual(reply.status, 501)
        self.assertIn("klingon", reply.text)

    def test_other_content_types(self) -> None:
        """A body that is plainly no script, by its content type, is not run as one."""
        for kind in ("application/json", "multipart/form-data; boundary=x"):
            self.assertEqual(self.server.post("{}", "/", {"Content-Type": kind}).status, 400)


class NamespaceTests(Served):
    """What a script sees."""

    def test_params(self) -> None:
        """The query's names are the script's params, but for the options."""
        script = "response = dict(params)"
        reply = self.server.post(script, "/?year=2024&tag=a&tag=b&empty=&format=png&q=%C3%A9")
        self.assertEqual(reply.body.decode(), '{"year": "2024", "tag": ["a", "b"], "empty": "", "q": "é"}')

    def test_fresh_every_time(self) -> None:
        """Nothing of one script reaches the next: names, modules, builtins, rcParams, figures, files, environment."""
        leave = (
            "import builtins, os, sys, matplotlib, warnings\nbuiltins.left = sys.left = 1\n"
            "matplotlib.rcParams['lines.linewidth'] = 77\nfrom matplotlib import pyplot\npyplot.figure()\n"
            "os.environ['LEFT'] = '1'; open('left', 'w').close(); os.mkdir('d'); warnings.simplefilter('error')\n"
            "left = 1\nsys.modules['left'] = sys\nresponse = 'left'"
        )
        look = (
            "import builtins, os, sys, matplotlib, warnings\nfrom matplotlib import pyplot\n"
            "response = [hasattr(builtins, 'left'), hasattr(sys, 'left'), matplotlib.rcParams['lines.linewidth'],\n"
            " pyplot.get_fignums(), 'LEFT' in os.environ, os.listdir('.'), 'left' in globals(),\n"
            " 'left' in sys.modules, __name__, warnings.filters[0][0]]"
        )
        before = self.post(look).body
        for _ in range(4):
            self.assertEqual(self.post(leave).body, b"left")
            self.assertEqual(self.post(look).body, before)
        self.assertIn(b'false, false, 1.5, [], false, [], false, false, "__main__"', before)

    def test_random_numbers_differ(self) -> None:
        """Two scripts draw different random numbers, from random and from numpy."""
        script = "import random, numpy\nresponse = [random.random(), numpy.random.rand()]"
        first, second = (self.post(script).body.strip(b"[]").split(b",") for _ in range(2))
        self.assertFalse(set(first) & set(second))

    def test_not_root(self) -> None:
        """A script never runs as root, whoever started the server."""
        reply = self.post("import os\nresponse = [os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()]")
        self.assertNotIn(b"0", reply.body.strip(b"[]").split(b", "))

    def test_secrets_of_the_server(self) -> None:
        """The environment of the server is not the script's."""
        reply = self.post("import os\nresponse = sorted(os.environ)")
        self.assertNotIn(b"PYTHONPATH", reply.body)
        self.assertNotIn(b"OLDPWD", reply.body)

    def test_libraries_find_no_old_modules(self) -> None:
        """The module StringIO is there for the posted script and for nobody else."""
        script = (
            "import importlib, sys\nfrom StringIO import StringIO\nimport cStringIO\n"
            "try:\n    importlib.import_module('StringIO')\n    response = 'found'\n"
            "except ImportError:\n    response = str('StringIO' in sys.modules)"
        )
        self.assertEqual(self.post(script).body, b"False")

    def test_show_and_interactive_backends(self) -> None:
        """pyplot.show is harmless and says nothing."""
        self.assertEqual(self.image(self.post(PLOT + "plt.show(); plt.show(block=True)")).size, (640, 480))

    def test_progress(self) -> None:
        """A script may report its progress."""
        self.assertEqual(self.post("from cpyrender import progress\nprogress(0.4, 'x')\nresponse = 'ok'").body, b"ok")


class FailureTests(Served):
    """A script that fails gets 501 and the reason, and harms nobody."""

    options = ("--timeout", "20", "--cpu", "1", "--max-output", "1M", "--max-log", "1K", "--memory", "300M")

    def failed(self, script: str, *words: str) -> Reply:
        reply = self.post(script)
        self.assertEqual(reply.status, 501, (script, reply.body[:300]))
        for word in words:
            self.assertIn(word, reply.text)
        self.assertEqual(reply.headers["cache-control"], "no-store")
        self.assertEqual(self.post("response = 'well'").body, b"well", script)
        return reply

    def test_exceptions(self) -> None:
        """The exception, its message, the line, its source and a traceback of the script's frames only."""
        reply = self.failed(
            "import numpy\n\ndef f():\n    numpy.zeros(3).reshape(7)\n\nf()\n",
            "ValueError: cannot reshape array of size 3 into shape (7,)", "line 4: numpy.zeros(3).reshape(7)",
            'File "script.py", line 6, in <module>',
        )  # fmt: skip
        self.assertEqual(set(re.findall(r'File "(.*?)"', reply.text)), {"script.py"})
        self.assertEqual(reply.reason, "ValueError: cannot reshape array of size 3 into shape (7,)")

    def test_syntax_errors(self) -> None:
        """A syntax error names its line and shows the place."""
        self.failed("x = 1\ny = = 2\n", "SyntaxError: invalid syntax", "line 2: y = = 2", "    ^")
        self.failed("print 'x'", "SyntaxError: Missing parentheses")

    def test_as_json(self) -> None:
        """A client that accepts JSON gets problem details."""
        reply = self.server.post("print('said')\n1/0", "/", {"Accept": "application/json"})
        self.assertEqual((reply.status, reply.media_type), (501, "application/problem+json"))
        self.assertIn('"exception": "ZeroDivisionError", "message": "division by zero", "line": 2', reply.text)
        self.assertIn('"stdout": "said\\n"', reply.text)

    def test_no_response(self) -> None:
        """A script that gives nothing, or nothing usable, is told so in the words of 2005."""
        for script in (
            "",
            "response = None",
            "response = object()",
            "response = {'a': {1, 2}}",
            "response = float('nan')",
        ):
            self.failed("x = 1\n" + script, "The script did not return a valid response")

    def test_figure_that_is_not_there(self) -> None:
        """Asking for a figure that was not drawn says how many there are."""
        reply = self.server.post(PLOT, "/?figure=3")
        self.assertEqual((reply.status, "1 figure is open" in reply.text), (501, True))

    def test_ends(self) -> None:
        """Every way of ending the interpreter is an error of its own."""
        for script, word in (
            ("import sys; sys.exit()", "sys.exit()"), ("import sys; sys.exit(3)", "sys.exit(3)"),
            ("raise SystemExit('bye')", "'bye'"), ("raise KeyboardInterrupt", "KeyboardInterrupt"),
            ("raise GeneratorExit", "GeneratorExit"), ("import os; os._exit(0)", "exit status 0"),
            ("import os; os._exit(3)", "exit status 3"), ("import os; os.abort()", "SIGABRT"),
            ("import ctypes; ctypes.string_at(0)", "SIGSEGV"), ("import ctypes\nctypes.string_at(0)", "line 3"),
        ):  # fmt: skip
            self.failed("response = 'x'\n" + script, word)

    def test_channel(self) -> None:
        """Junk, lies and silence on the channel of the answer harm only who sent them."""
        frame = "import os, struct, json, time\nh = {}\nos.write(3, struct.pack('!4sIQ', b'CPYR', len(h), {}) + h)\n{}"
        empty = "json.dumps({'kind': 'drawn', 'outputs': []}).encode()"
        for script, word in (
            ("import os; os.write(3, b'junk' * 9)", "channel"),
            ("import os; os.close(3); response = 'x'", "without an answer"),
            ("import os; os.closerange(0, 100); response = 'x'", "without an answer"),
            ("import os, time; os.close(3); time.sleep(60)", "closed the channel"),
            (frame.format("b'{}'", 1 << 60, ""), "over the limit"),
            (frame.format("b'[]'", 0, "time.sleep(9)"), "channel"),
            (frame.format(empty, 0, "time.sleep(9)"), "makes no sense"),
            (frame.format("b'{' * 100000", 0, "time.sleep(9)"), "channel"),
        ):  # fmt: skip
            self.failed(script, word)

    def test_limits(self) -> None:
        """Time, CPU, memory and output each have a limit with a name."""
        slow = self.server.post("import time\ntime.sleep(60)", "/?timeout=1")
        self.assertEqual((slow.status, "time limit of 1 s" in slow.text), (501, True))
        self.failed("while True: pass", "CPU time limit of 1 s")
        self.failed(
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "CPU time limit of 1 s"
        )
        self.failed("import numpy\nx = numpy.ones(10**9)", "memory limit")
        self.failed("x = []\nwhile True: x.append(bytes(10**6))", "memory limit")
        self.failed("response = b'x' * (2 << 20)", "over the limit of 1048576 bytes")

    def test_printing_much(self) -> None:
        """A script may print as much as it likes; only so much of it is kept, and it is never mixed with another's."""
        reply = self.failed("for i in range(20000): print('spam')\n1/0", "spam")
        self.assertLess(len(reply.body), 4096)

    def test_own_timeout(self) -> None:
        """A client may grant less time than the server does."""
        reply = self.server.post("import time\ntime.sleep(60)", "/?timeout=0.2")
        self.assertEqual((reply.status, "limit of 0.2 s" in reply.text), (501, True))

    def test_bad_options(self) -> None:
        """A bad value of an option is refused, and nothing is run."""
        for query in (
            "format=exe", "dpi=-1", "dpi=nan", "width=1e9", "width=1.5", "figure=0", "timeout=0", "errors=html",
            "format=png&format=svg", "x=%FF",
        ):  # fmt: skip
            self.assertEqual(self.server.post("response = 'ran'", "/?" + query).status, 400, query)


class HttpTests(Served):
    """Being a server among servers."""

    options = ("--max-body", "64K")

    def test_methods(self) -> None:
        """What is not there is 404, what is not understood 405 with Allow, and HEAD and OPTIONS work."""
        self.assertEqual(self.server.get("/nothing/here").status, 404)
        reply = request(self.server.port, "PUT", "/")
        self.assertEqual((reply.status, "POST" in reply.headers["allow"]), (405, True))
        self.assertEqual(self.server.get("/quit").status, 404)

    def test_health(self) -> None:
        """/health and /ready answer as JSON with the level of isolation."""
        for path in ("/health", "/ready"):
            reply = self.server.get(path)
            self.assertEqual((reply.status, reply.media_type), (200, "application/json"))
            self.assertIn('"isolation": ', reply.text)

    def test_body_over_the_limit(self) -> None:
        """A body over the limit is refused with 413, by its length or as it grows, and the client can read that."""
        self.assertEqual(self.post(b"#" * (64 << 10)).status, 501)
        self.assertEqual(self.post(b"#" * ((64 << 10) + 1)).status, 413)
        self.assertEqual(self.post(b"#" * (8 << 20)).status, 413)
        self.assertIn(
            b" 413 ",
            self.talk(
                b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"8000\r\n" + b"#" * 0x8000 + b"\r\n",
                times=9,
            ),
        )

    def test_expect_continue(self) -> None:
        """A client that asks first is told to go on, or at once that its body is too large."""
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: "
        self.assertTrue(self.talk(head + b"14\r\n\r\n", b"response = 'x'").startswith(b"HTTP/1.1 100 Continue\r\n"))
        self.assertTrue(self.talk(head + b"99999999\r\n\r\n").startswith(b"HTTP/1.1 413 "))

    def talk(self, *parts: bytes, times: int = 1) -> bytes:
        """Send the first part, then the others so many times, and return all that comes until the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as connection:
            for part in parts[:1] + parts[1:] * times:
                connection.sendall(part)
            got = b""
            while data := connection.recv(65536):
                got += data
            return got


class NoLegacyTests(Served):
    """--no-legacy."""

    options = ("--no-legacy",)

    def test_old_names_are_gone(self) -> None:
        """Without the old names, the script of 2005 fails as it does everywhere."""
        reply = self.post(OLD_CALLS)
        self.assertEqual((reply.status, "No module named 'StringIO'" in reply.text), (501, True))

    def test_old_modules_are_gone(self) -> None:
        """Nor are Pillow's modules there beside its package."""
        reply = self.post("import Image")
        self.assertEqual((reply.status, "No module named 'Image'" in reply.text), (501, True))


class EverythingTests(Served):
    """All that a script made, as JSON."""

    def everything(self, script: str, path: str = "/?format=json", **headers: str) -> dict[str, Any]:
        reply = self.server.post(script, path, headers)
        self.assertEqual((reply.status, reply.media_type), (200, "application/json"), reply.body[:500])
        told: dict[str, Any] = json.loads(reply.body)
        return told

    def test_every_figure(self) -> None:
        """Every open figure is there, with its size, and what was printed, and how long it took."""
        script = PLOT + "plt.figure(figsize=(2, 1)); print('said'); import sys; print('complained', file=sys.stderr)"
        told = self.everything(script)
        self.assertEqual(
            [(one["media_type"], one["width"], one["height"]) for one in told["outputs"]],
            [("image/png", 640, 480), ("image/png", 200, 100)],
        )
        second = Image.open(io.BytesIO(base64.b64decode(told["outputs"][1]["data"])))
        self.assertEqual(second.size, (200, 100))
        self.assertEqual((told["stdout"], told["stderr"], told["warnings"]), ("said\n", "complained\n", []))
        self.assertGreater(told["seconds"], 0)

    def test_response(self) -> None:
        """A response that is no picture is there as it would have been sent, and Accept asks for it all as well."""
        (output,) = self.everything("response = 'é'; filename = 'a.txt'", "/", Accept="application/json")["outputs"]
        self.assertEqual((output["name"], output["media_type"], output["width"]), ("a.txt", "text/plain", None))
        self.assertEqual(base64.b64decode(output["data"]), "é".encode())

    def test_format_of_its_pictures(self) -> None:
        """The pictures in it have the format that the script's filename says."""
        (output,) = self.everything(PLOT + "filename = 'a.svg'")["outputs"]
        self.assertEqual((output["name"], output["media_type"]), ("a.svg", "image/svg+xml"))

    def test_missing_glyphs(self) -> None:
        """A glyph that no font has is told of in the warnings, and counted in a header of every answer."""
        script = "import warnings\nfrom matplotlib import pyplot as plt\nplt.title('\\U0001353f')"
        self.assertIn("Glyph 79167", self.everything(script)["warnings"][0])
        self.assertGreaterEqual(int(self.post(script).headers["warning-count"]), 1)
        self.assertNotIn("warning-count", self.post(PLOT).headers)
