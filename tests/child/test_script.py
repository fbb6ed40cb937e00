"""Tests of L{cpyrender.child.script}."""

import builtins
import linecache
import os
import sys
import tempfile
import threading
import warnings
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cpyrender import reporting, wire
from cpyrender.child import script
from cpyrender.child.confine import out_of_cpu
from cpyrender.child.progress import Progress
from cpyrender.child.task import Task
from cpyrender.parcel import parcel
from cpyrender.values import Submission, Wanted
from tests.child.apart import begin_apart
from tests.child.scarce import descriptors
from tests.child.scripted import ScriptedCase


class CompileTests(ScriptedCase):
    """What Python takes as a file, a child takes as a script."""

    def test_encodings(self) -> None:
        """A BOM, a coding line and each kind of line end mean what they mean to Python."""
        for source in (
            b"\xef\xbb\xbfx = '\xc3\xbc'",
            b"# -*- coding: latin-1 -*-\nx = '\xfc'",
            b"#!/usr/bin/python\n# vim: set fileencoding=latin-1 :\nx = '\xfc'",
            b"# a\r\nx = '\xc3\xbc'\r\n",
            b"# a\rx = '\xc3\xbc'\r",
        ):
            self.assertEqual(self.run_script(source)["x"], "ü", source)

    def test_no_future_of_ours(self) -> None:
        """A script has the language as it is, and not with what the server's own modules ask for."""
        self.assertEqual(self.run_script("def f(x: int): pass\n")["f"].__annotations__, {"x": int})


class RunCase(ScriptedCase):
    """Runs tasks in this process, and puts back what that changes."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(builtins, "__import__", builtins.__import__)
        self.patch(reporting, "_report", reporting._report)
        self.patch(sys, "argv", sys.argv)
        self.patch(sys, "path", list(sys.path))
        self.addCleanup(sys.modules.__setitem__, "__main__", sys.modules["__main__"])
        self.addCleanup(os.chdir, os.getcwd())
        folder = self.mktemp()
        os.makedirs(folder)
        os.chdir(folder)

    def run_task(
        self,
        source: str,
        params: dict[str, Any] | None = None,
        files: dict[str, bytes] | None = None,
        legacy: bool = False,
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Run a script and return the header and the blobs of its answer."""
        return script.run(Task(source.encode(), params or {}, files or {}, Wanted()), legacy)

    def response(self, source: str, **task: Any) -> bytes:
        """Run a script and return its only output."""
        header, blobs = self.run_task(source, **task)
        self.assertEqual(header["kind"], "drawn", header)
        (only,) = blobs
        return only


class NamespaceTests(RunCase):
    """What a script sees."""

    def test_fresh_main(self) -> None:
        """A script is C{__main__}, and sees its parameters, its files, and nothing else that is not Python's."""
        seen = self.response("response = sorted(name for name in dir() if name != 'response')")

        self.assertEqual(
            seen,
            b'["__builtins__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__",'
            b' "files", "params"]',
        )

    def test_nothing_of_the_last(self) -> None:
        """What one script named, the next does not see."""
        self.run_task("left = 1\nresponse = b''")

        self.assertEqual(self.response("response = str('left' in globals())"), b"False")

    def test_main(self) -> None:
        """A script that asks for C{__main__}, by its name or as a module, finds itself."""
        source = "import __main__, sys\nx = 5\nresponse = [__name__, __main__.x, __file__, sys.argv]"

        self.assertEqual(self.response(source), b'["__main__", 5, "script.py", ["script.py"]]')

    def test_params(self) -> None:
        """Parameters keep the types they came with."""
        params = {"a": "1", "b": ["2", "3"], "c": {"d": None}}

        self.assertEqual(
            self.response("response = params", params=params), b'{"a": "1", "b": ["2", "3"], "c": {"d": null}}'
        )

    def test_bad_files(self) -> None:
        """A file that cannot be put into the folder is said so, before any of the script is run."""
        for name, why in (
            ("../a", "has a path for a name"),
            ("/tmp/cpyrender-never", "has a path for a name"),
            ("a/b", "has a path for a name"),
            ("a/", "has a path for a name"),
            ("..", "has a path for a name"),
            (".", "has a path for a name"),
            ("", "has a path for a name"),
            ("a" * 256, "cannot be kept: File name too long"),
        ):
            header, blobs = self.run_task("open('ran', 'w')", files={name: b"1"})
            self.assertEqual((header["kind"], header["cause"], blobs), ("failed", "output", []), name)
            self.assertIn(why, header["message"], name)
            self.assertEqual(os.listdir(), [], name)

    def test_file_of_the_scripts_name(self) -> None:
        """What Python says of a script that it cannot compile quotes the script, not a file of its name."""
        header, _ = self.run_task("x = (", files={"script.py": b"import trap\n"})
        self.assertEqual((header["exception"], header["source"]), ("SyntaxError", "x = ("))
        self.assertNotIn("trap", header["traceback"])

    def test_files(self) -> None:
        """Files lie in the script's folder, which holds nothing else, and are given as paths by name."""
        source = "import os\nresponse = [files['a.csv'].read_text(), str(files['b']), sorted(os.listdir())]"
        here = str(Path.cwd())

        self.assertEqual(
            self.response(source, files={"a.csv": b"1,2", "b": b""}),
            f'["1,2", "{here}/b", ["a.csv", "b"]]'.encode(),
        )

    def test_own_modules(self) -> None:
        """A script may import a module that came as a file."""
        self.addCleanup(sys.modules.pop, "brought_along", None)
        self.patch(sys, "dont_write_bytecode", True)

        self.assertEqual(
            self.response("import brought_along\nresponse = brought_along.x", files={"brought_along.py": b"x = 5"}),
            b"5",
        )

    def test_legacy(self) -> None:
        """The names of 2005 are there where the operator has not turned them off."""
        source = "import StringIO\nresponse = b''"
        self.assertEqual(self.run_task(source, legacy=False)[0]["exception"], "ModuleNotFoundError")

        self.assertEqual(self.response(source, legacy=True), b"")

    def test_legacy_modules(self) -> None:
        """So are PIL's modules of that time, but for those by whose names a file came."""
        self.addCleanup(sys.modules.pop, "ImageStat", None)
        self.patch(sys, "dont_write_bytecode", True)
        source = "import Image, ImageStat\nresponse = Image.__name__ + ImageStat.x"
        files = {"ImageStat.py": b"x = ' and mine'"}
        self.assertEqual(self.run_task(source, files=files)[0]["exception"], "ModuleNotFoundError")

        os.remove("ImageStat.py")
        self.assertEqual(self.response(source, files=files, legacy=True), b"PIL.Image and mine")

    def test_progress(self) -> None:
        """Progress is not printed."""
        printed = tempfile.TemporaryFile("w+")
        self.addCleanup(printed.close)
        self.patch(sys, "stderr", printed)
        self.response("from cpyrender import progress\nprogress(0.5, 'half')\nresponse = b''")

        self.assertEqual(printed.tell(), 0)


class HeaderTests(RunCase):
    """What a child says of a script."""

    def test_drawn(self) -> None:
        """A response is told of by its size, its media type and its name."""
        header, blobs = self.run_task("response = b'abc'\nfilename = 'a.txt'")

        self.assertEqual(blobs, [b"abc"])
        self.assertEqual(
            header["outputs"], [{"name": "a.txt", "media_type": "text/plain", "size": 3, "width": None, "height": None}]
        )
        self.assertIsNone(header["figure_count"])

    def test_raised(self) -> None:
        """An exception is described, and nothing is sent beside that."""
        header, blobs = self.run_task("x = 1\nraise ValueError('no')")

        self.assertEqual((header["cause"], header["message"], header["line"], blobs), ("raised", "no", 2, []))

    def test_out_of_cpu_after_its_end(self) -> None:
        """A script whose time is up while it is cleared away has used up its time; it has not broken anything."""
        self.patch(Progress, "end", lambda _: out_of_cpu(0, None))
        for source in ("raise MemoryError", "response = b'drawn'"):
            header, blobs = self.run_task(source)

            self.assertEqual((header["kind"], blobs), ("out-of-cpu", []))

    def test_not_python(self) -> None:
        """A script that is not Python fails like one that raises."""
        self.assertEqual(self.run_task("x = (")[0]["exception"], "SyntaxError")

    def test_ended_itself(self) -> None:
        """A script that calls sys.exit() ends no more than itself."""
        self.assertEqual(self.run_task("import sys\nsys.exit(3)")[0]["cause"], "exited")

    def test_no_answer(self) -> None:
        """A script that leaves nothing is told so, and no exception or line is made up."""
        header, _ = self.run_task("x = 1")

        self.assertEqual((header["kind"], header["cause"]), ("failed", "no-response"))
        self.assertEqual(header.keys() & {"exception", "line", "traceback"}, set())

    def test_raised_in_drawing(self) -> None:
        """What is raised while the picture is drawn, after the script's last line, is described as well."""
        header, _ = self.run_task(
            "from matplotlib.figure import Figure\n"
            "class Bad(Figure):\n"
            "    def draw(self, renderer):\n"
            "        raise ValueError('no')\n"
            "response = Bad()\n"
        )

        self.assertEqual((header["cause"], header["message"], header["line"]), ("raised", "no", 4))

    def test_times(self) -> None:
        """The seconds of the script and of the drawing are told, whatever becomes of it."""
        for source in ("response = b''", "raise ValueError", "x = 1"):
            header, _ = self.run_task(source)
            for seconds in (header["run"], header["encode"]):
                self.assertIs(type(seconds), float, source)
                self.assertGreaterEqual(seconds, 0, source)

    def test_long_file_name(self) -> None:
        """A file name of two megabytes does not make the header too large for its reader."""
        header, blobs = self.run_task("response = b''\nfilename = 'n' * (1 << 21)")

        self.assertLessEqual(len(wire.pack(header, blobs)[0]), wire.MAX_HEADER)


def framed(source: str) -> bytes:
    """Return a script as the server sends it."""
    return b"".join(parcel(Submission(script=source.encode())))


class ServeOneTests(SynchronousTestCase):
    """A child's whole life, in a process of its own."""

    def serve(self, sent: bytes) -> tuple[int, bytes, bytes, bytes]:
        """Let a process serve what it is sent, and return its exit status, its answer, its stdout and its stderr."""
        there, here = os.pipe()
        self.addCleanup(os.close, there)
        source = "import sys\nfrom cpyrender.child import streams\nfrom cpyrender.child.script import serve_one\n"
        with begin_apart(
            f"{source}streams.open_streams()\nserve_one(result={here}, legacy=True)", fds=(here,)
        ) as process:
            os.close(here)
            stdout, stderr = process.communicate(sent)
        return process.returncode, os.read(there, 1 << 16), stdout, stderr

    def serve_script(self, source: str, more: bytes = b"") -> tuple[dict[str, Any], bytes, bytes]:
        """Let a process run a script, and return the header of its answer, its stdout and its stderr."""
        status, answer, stdout, stderr = self.serve(framed(source) + more)
        self.assertEqual(status, 0, stderr)
        with tempfile.TemporaryFile() as file:
            file.write(answer)
            file.seek(0)
            reader = wire.FrameReader(1 << 16)
            while reader.read(file.fileno()):
                pass
        self.assertTrue(reader.complete)
        return reader.header, stdout, stderr

    def test_nothing_to_do(self) -> None:
        """A child whose server sends no script ends without a word."""
        self.assertEqual(self.serve(b""), (0, b"", b"", b""))

    def test_answers(self) -> None:
        """A child answers with one frame, and ends; what was printed goes its own way."""
        header, stdout, stderr = self.serve_script(
            "import sys\nprint('größer')\nprint('warned', file=sys.stderr)\nprint('no end', end='')\n1 / 0\n"
        )

        self.assertEqual((header["cause"], header["exception"]), ("raised", "ZeroDivisionError"))
        self.assertEqual((stdout, stderr), ("größer\nno end".encode(), b"warned\n"))

    def test_stdin(self) -> None:
        """A script finds its stdin empty, though more should come where its source came from."""
        source = "import os, sys\nprint([sys.stdin.read(), os.read(0, 100)])\n1 / 0\n"

        self.assertEqual(self.serve_script(source, b"more")[1], b"['', b'']\n")

    def test_killed(self) -> None:
        """A script that is killed has said all the lines that it printed."""
        status, answer, stdout, _ = self.serve(framed("import os\nprint('said')\nos.kill(os.getpid(), 9)\n"))

        self.assertEqual((status, answer, stdout), (-9, b"", b"said\n"))

    def test_unprintable(self) -> None:
        """Text that UTF-8 cannot say is printed as escapes, and fails nothing."""
        header, stdout, _ = self.serve_script("print('\\ud800')\n1 / 0\n")

        self.assertEqual((header["exception"], stdout), ("ZeroDivisionError", b"\\ud800\n"))

    def test_exceptions_elsewhere(self) -> None:
        """Of an exception in a thread, or one that nobody can catch, stderr has the script's own frames."""
        _, _, stderr = self.serve_script("""
import json, threading
class Late:
    def __del__(self): json.loads('{')
t = threading.Thread(target=json.loads, args=('{',), name='a thread'); t.start(); t.join()
late = Late()
del late
threading.Thread(target=exit).start()
1 / 0
""")
        said = stderr.decode()

        self.assertIn("Exception in thread a thread:\njson.decoder.JSONDec", said)
        # As Python 3.14 says it, or those before.
        self.assertRegex(
            said, r"Exception ignored (while calling deallocator|in:) <function Late.__del__ at \w+>\nTraceback"
        )
        self.assertIn('  File "script.py", line 4, in __del__\n', said)
        self.assertNotIn('File "/', said)
        self.assertNotIn("SystemExit", said)

    def test_warning_of_a_library(self) -> None:
        """A library that warns of itself is called by its name in stderr, not by where it lies on the server."""
        script = "import sys, warnings\nfrom pathlib import Path\nsys.path.append(Path('x'))\n"
        warned = (
            "warnings.simplefilter('always')\nwarnings.warn_explicit('w', UserWarning, warnings.__file__, 1)\n1 / 0\n"
        )

        self.assertEqual(self.serve_script(script + warned)[2].splitlines()[0], b"warnings.py:1: UserWarning: w")

    def test_warned_of_a_file_name(self) -> None:
        """That a file name has been left out is among the warnings of the answer."""
        source = "import warnings\nwarnings.simplefilter('always')\nresponse = b''\nfilename = 5\n"
        header, _, _ = self.serve_script(source)

        self.assertEqual(header["outputs"][0]["name"], "")
        self.assertEqual(header["warnings"], ["UserWarning: filename is left out: it is of type int, not str"])

    def test_broken_interpreter(self) -> None:
        """A script under which nothing works any more is answered all the same, and told nothing of the server."""
        for source in (
            "from cpyrender import wire\nwire.pack = None\n1 / 0\n",
            "import sys\nsys._getframe(1).f_globals.clear()\n",
            "import builtins\nbuiltins.__dict__.clear()\n",
            "import builtins\nbuiltins.BaseException = builtins.Exception = int\n1 / 0\n",
            "import time\ntime.perf_counter = exit\n",
        ):
            status, answer, _, stderr = self.serve(framed(source))
            self.assertIn(b"the script broke the interpreter that it ran in", answer, source)
            self.assertEqual((status, stderr), (70, b""), source)

    def test_channel_closed(self) -> None:
        """Where not even that can be said, the process ends with a status that tells."""
        status, answer, _, stderr = self.serve(framed("import os\nos.closerange(3, 256)\n"))

        self.assertEqual((status, answer, stderr), (70, b"", b""))

    def test_broken_streams(self) -> None:
        """A script that closes its streams, or puts something else in their place, is answered all the same."""
        for source in (
            "import sys\nsys.stdout.close()\nsys.stderr = None\n1 / 0\n",
            "import os\nprint('lost', end='')\nos.close(1)\n1 / 0\n",
            "import sys\nsys.stdout = sys.stderr = 5\n1 / 0\n",
            "import sys\nclass S:\n    def flush(self): raise KeyError\nsys.stdout = S()\n1 / 0\n",
        ):
            self.assertEqual(self.serve_script(source)[0]["exception"], "ZeroDivisionError", source)


class PractiseTests(RunCase):
    """L{cpyrender.child.script.practise}."""

    def test_as_before(self) -> None:
        """A script is run from its arrival to its answer, and nothing of the interpreter is other than before."""

        def state() -> list[object]:
            names = (
                sys.modules["__main__"],
                sys.argv,
                list(sys.path),
                reporting._report,
                linecache.cache.get(script.NAME),
            )
            return [*names, warnings.showwarning, threading.excepthook, sys.unraisablehook, descriptors()]

        source = b"import builtins, sys\nbuiltins.found = sys.argv\nresponse = 'x' * 100_000"
        self.addCleanup(delattr, builtins, "found")
        before = state()
        script.practise(source, legacy=True, refusing=False)

        self.assertEqual(builtins.found, ["script.py"])  # type: ignore[attr-defined]
        self.assertEqual(state(), before)
