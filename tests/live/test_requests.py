"""Every form of request, as real clients send it, on a real server."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import Running, shared
from tests.live.test_clients import needed

#: Answers with all that a script is told.
TELL = """
response = [params, {name: path.read_bytes().hex() for name, path in files.items()}]
"""
DRAW = "from matplotlib import pyplot as plt\nplt.plot([1, 2], label='$x^2$ é')\nplt.legend()\n"

FORMATS = ("png", "svg", "pdf", "jpg", "webp", "tiff", "gif", "eps", "ps", "json")


class Posted(SynchronousTestCase):
    @property
    def server(self) -> Running:
        return shared()

    def post_json(self, path: str = "/", **document: object) -> tuple[int, str]:
        reply = self.server.post(json.dumps(document), path, {"Content-Type": "application/json"})
        return reply.status, reply.text

    def post_parts(self, fields: dict[str, str], files: dict[str, str]) -> tuple[int, bytes]:
        """Post a form as a page does."""
        heads = [(f'form-data; name="{name}"', value) for name, value in fields.items()]
        heads += [
            (f'form-data; name="upload"; filename="{name}"\r\nContent-Type: text/plain', text)
            for name, text in files.items()
        ]
        mark = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
        body = "".join(f"--{mark}\r\nContent-Disposition: {head}\r\n\r\n{text}\r\n" for head, text in heads)
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        reply = self.server.post(f"{body}--{mark}--\r\n", "/", headers)
        return reply.status, reply.body


class CurlTests(Posted):
    """What the README says to type."""

    def setUp(self) -> None:
        needed("curl")
        folder = tempfile.TemporaryDirectory(prefix="cpyrender-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "tell.py").write_text(TELL)
        (self.folder / "größe.csv").write_bytes(b"1,2\r\n\xff")

    def curl(self, *arguments: str, path: str = "/") -> str:
        command = ["curl", "--silent", *arguments, f"http://127.0.0.1:{self.server.port}{path}"]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def told(self, *arguments: str, path: str = "/") -> tuple[dict[str, object], dict[str, str]]:
        answer = self.curl(*arguments, path=path)
        params, files = json.loads(answer)
        return params, files

    def test_form_in_parts(self) -> None:
        """-F sends script, fields and files; --form-string what begins with an @."""
        arguments = ("-F", "script=@tell.py", "-F", "data=@größe.csv", "-F", "year=2024", "--form-string", "at=@home")
        self.assertEqual(self.told(*arguments), ({"year": "2024", "at": "@home"}, {"größe.csv": "312c320d0aff"}))

    def test_script_as_a_field(self) -> None:
        """-F script=<FILE sends the script as a field, and ;filename= gives a file another name."""
        arguments = ("-F", "script=<tell.py", "-F", "data=@größe.csv;filename=a.csv;type=text/csv")
        self.assertEqual(self.told(*arguments), ({}, {"a.csv": "312c320d0aff"}))

    def test_file_by_its_field(self) -> None:
        """A file of a form is found by its field too, and is there once."""
        script = "response = [files['data'].name, files['größe.csv'].name, len(files)]"
        reply = self.curl("--form-string", f"script={script}", "-F", "data=@größe.csv")
        self.assertEqual(json.loads(reply), ["größe.csv", "größe.csv", 1])

    def test_quoted_form(self) -> None:
        """--data-urlencode sends a form, with the script from a file."""
        arguments = ("--data-urlencode", "script@tell.py", "--data-urlencode", "say=a & b = ü\n")
        self.assertEqual(self.told(*arguments, path="/?year=2024"), ({"year": "2024", "say": "a & b = ü\n"}, {}))

    def test_query(self) -> None:
        """--url-query, or -G for those who send no body, quotes a query; the body is the script."""
        arguments = (
            "--data-binary",
            "@tell.py",
            "--url-query",
            "place=Neu Ulm",
            "--url-query",
            "a=1",
            "--url-query",
            "a=2",
        )
        self.assertEqual(self.told(*arguments), ({"place": "Neu Ulm", "a": ["1", "2"]}, {}))

    def test_get(self) -> None:
        """-G makes a GET of it, which runs nothing."""
        answer = self.curl("-G", "--data-urlencode", "script@tell.py", "-w", "%{http_code}", path="/render.png")
        self.assertTrue(answer.endswith("404"), answer)

    def test_json(self) -> None:
        """--json sends JSON, and asks for JSON."""
        document = {"script": TELL, "params": {"years": [2023, 2024.5, None]}}
        answer = json.loads(self.curl("--json", json.dumps(document)))
        self.assertEqual(
            json.loads(base64.b64decode(answer["outputs"][0]["data"])), [{"years": [2023, 2024.5, None]}, {}]
        )


class ScriptTests(Posted):
    """What a script is told."""

    def test_types(self) -> None:
        """Parameters in JSON keep their types, and their order."""
        params = {"z": 1, "a": 1.0, "t": True, "n": None, "l": [1, "é", {}], "d": {"x": [[]]}, "": "", "big": 10**40}
        script = "response = repr(params)"
        self.assertEqual(self.post_json(script=script, params=params), (200, repr(params)))

    def test_files(self) -> None:
        """Each file is a Path in the script's folder, which has nothing else in it, and may be changed and removed."""
        script = (
            "import os, pathlib\n"
            "path = files['a.bin']\n"
            "assert type(path) is pathlib.PosixPath and path.parent == pathlib.Path.cwd(), path\n"
            "told = [sorted(os.listdir()), open('b c.txt').read(), len(path.read_bytes())]\n"
            "path.write_text('new'); files['b c.txt'].unlink()\n"
            "response = [*told, os.listdir(), open('a.bin').read()]\n"
        )
        content = os.urandom(3 << 20)
        files = {"a.bin": base64.b64encode(content).decode(), "b c.txt": "aGk="}
        expected = [["a.bin", "b c.txt"], "hi", len(content), ["a.bin"], "new"]
        status, text = self.post_json(script=script, files=files)
        self.assertEqual((status, json.loads(text)), (200, expected))

    def test_gone_afterwards(self) -> None:
        """No later script finds a file of an earlier one."""
        self.post_json(script="response = 1", files={"a": "YQ=="})
        status, text = self.post_json(script="import os; response = [os.listdir(), files]")
        self.assertEqual((status, json.loads(text)), (200, [[], {}]))

    def test_many_files(self) -> None:
        """A thousand files are within what a folder may hold, and so is the largest body."""
        files = {f"{number}.txt": str(number) for number in range(998)}
        status, body = self.post_parts({"script": "response = len(files)", "format": "png"}, files)
        self.assertEqual((status, body), (200, b"998"))
        large = {"large.txt": "x" * ((16 << 20) - 1000)}
        self.assertEqual(self.post_parts({"script": "import time; time.sleep(0.6); response = 1"}, large), (200, b"1"))

    def test_import(self) -> None:
        """A module that comes along can be imported, as beside any script."""
        files = {"shapes.py": "SIDES = 4\n"}
        self.assertEqual(self.post_parts({"script": "import shapes; response = shapes.SIDES"}, files), (200, b"4"))

    def test_named_like_modules(self) -> None:
        """Files that are named like modules get into the way of nothing that the server does with a script."""
        modules = [name for name in sys.stdlib_module_names if not name.startswith("_")]
        trap = "import os; os.write(2, b'trapped'); raise SystemExit('trapped')\n"
        names = [*modules, "numpy", "matplotlib", "mpl_toolkits", "PIL", "cpyrender", "pylab", "script"]
        files = {f"{name}.py": trap for name in names}
        for wanted in FORMATS:
            status, body = self.post_parts({"script": DRAW, "format": wanted}, files)
            self.assertEqual((status, b"trapped" in body), (200, False), wanted)
        for script, said in (
            ("def f():\n    return 1 / 0 + f()\nf()", "ZeroDivisionError"),
            ("x = (", "SyntaxError"),
            ("plto", "NameError"),
            ("import numpy\nnumpy.zers(1)", "AttributeError"),
            ("raise ExceptionGroup('漢字', [ValueError(1)]) from OSError(2)", "ExceptionGroup"),
            ("import warnings\nwarnings.warn('x')\nresponse = object()", "did not return a valid response"),
        ):
            status, body = self.post_parts({"script": script, "format": "png"}, files)
            self.assertEqual((status, b"trapped" in body), (501, False), script)
            self.assertIn(said, body.decode())


class RefusedTests(Posted):
    """What cannot be read is refused, and nothing is run."""

    def test_refused(self) -> None:
        """A request that makes no sense is a 400 that says why, and the same connection and server go on."""
        many = "&".join(f"{number}=1" for number in range(1001))
        for kind, body, why in (
            ("application/json", "{", "the JSON is malformed"),
            ("application/json", '{"script": "1", "year": 1, "params": {"year": 1}}', "'year' is in params"),
            ("application/json", "[" * 100_000, "nested more than"),
            ("application/json", '{"script": "1", "files": {"../x": ""}}', "is a path"),
            ("application/x-www-form-urlencoded", f"script=1&{many}", "more than 1000 fields"),
            ("application/x-www-form-urlencoded", "script=1&script=2", "2 fields named script"),
            ("multipart/form-data", "--x--", "names no boundary"),
            ("multipart/form-data; boundary=x", "--y\r\n\r\n--y--", "cannot be read"),
            ("multipart/form-data; boundary=x", "--x--", "there is no script"),
        ):
            reply = self.server.post(body, "/", {"Content-Type": kind})
            self.assertEqual(reply.status, 400, body[:100])
            self.assertIn(why, reply.text)
            self.assertIn(why, reply.reason)

    def test_large(self) -> None:
        """Large bodies that are wrong, or tedious to read, are refused by a server that answers others meanwhile."""
        for kind, body in (
            ("application/json", b'{"script": "1", "params": {"a": [' + b"[]," * (5 << 20) + b"1]}}"),
            ("application/x-www-form-urlencoded", b"&" * (15 << 20) + b"&script=1"),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 100_000,
            ),
            ("text/plain", b"#" * (15 << 20) + b"\xff"),
        ):
            self.assertEqual(self.server.post(body, "/", {"Content-Type": kind}).status, 400, kind)
        self.assertEqual(self.server.post("response = 'x'").body, b"x")
