"""Tests of L{cpyrender.child.failure}."""

import json
import os
import re
import sys
import traceback
import warnings
from pathlib import Path

from cpyrender import wire
from cpyrender.child import script
from cpyrender.child.confine import OutOfCPU
from cpyrender.child.failure import describe
from tests.child.scripted import ScriptedCase

_UNSPEAKABLE = """\
class Unspeakable(Exception):
    def __str__(self):
        raise KeyError
    __repr__ = __str__
"""


class LineTests(ScriptedCase):
    """Where a script failed."""

    def test_line_and_source(self) -> None:
        """The line that raised is named, with its text."""
        told = self.failed("x = 1\n  \n    \nif x:\n    raise ValueError('no')\n")

        self.assertEqual((told["line"], told["source"]), (5, "raise ValueError('no')"))

    def test_innermost_of_the_script(self) -> None:
        """Of several frames of the script the innermost is named."""
        told = self.failed("def f():\n    return 1 / 0\n\nf()\n")

        self.assertEqual((told["line"], told["source"]), (2, "return 1 / 0"))

    def test_raised_in_a_library(self) -> None:
        """Where a library raised, the script's line that called it is named."""
        told = self.failed("import json\n\njson.loads('{')\n")

        self.assertEqual((told["line"], told["source"], told["exception"]), (3, "json.loads('{')", "JSONDecodeError"))

    def test_line_ends(self) -> None:
        """Lines are counted as Python counts them, whatever ends them."""
        for end in ("\n", "\r\n", "\r"):
            told = self.failed(f"a = 1{end}b = 2{end}raise ValueError{end}")
            self.assertEqual((told["line"], told["source"]), (3, "raise ValueError"), repr(end))

    def test_what_ends_no_line(self) -> None:
        """A form feed or a Unicode separator within a line ends no line."""
        for separator in "\x0b\x0c\x1c\x85\u2028\u2029":
            told = self.failed(f"a = '{separator}'\nraise ValueError\n")
            self.assertEqual((told["line"], told["source"]), (2, "raise ValueError"), repr(separator))

    def test_coding_line(self) -> None:
        """The text of a line is read in the script's own coding."""
        told = self.failed("# coding: latin-1\nraise ValueError('grün')\n".encode("latin-1"))

        self.assertEqual((told["source"], told["message"]), ("raise ValueError('grün')", "grün"))

    def test_long_line(self) -> None:
        """Of a very long line the beginning is told."""
        told = self.failed(f"raise ValueError({'1' * 3000})")

        self.assertEqual(told["source"], f"raise ValueError({'1' * 3000})"[:1000])

    def test_no_line(self) -> None:
        """An exception that came from outside the script names no line."""
        told = describe(ValueError("no"), "script.py")

        self.assertEqual((told["line"], told["source"]), (None, None))


class SyntaxTests(ScriptedCase):
    """Scripts that are not Python."""

    def test_line(self) -> None:
        """A syntax error names the line where it is, with its text."""
        told = self.failed("a = 1\ndef f(:\n    pass\n")

        self.assertEqual(
            (told["exception"], told["line"], told["column"], told["source"]), ("SyntaxError", 2, 7, "def f(:")
        )

    def test_column(self) -> None:
        """The column counts in the line as it was posted, with its indentation."""
        for source, column in (("  x = 1", 2), ("if 1:\n\tx = $", 6), ("a = (1,\n  2", 5)):
            told = self.failed(source)
            self.assertIn(told["exception"], {"SyntaxError", "IndentationError"})
            self.assertEqual(told["column"], column, source)

    def test_after_parsing(self) -> None:
        """What is only found after parsing has its line as well, though there is no file of the script's name."""
        for source in ("x = 1\nawait x\n", "x = 1\nreturn x", "x = 1\nyield x", "def f():\n    x = 1\n    global x"):
            told = self.failed(source)
            last = source.splitlines()[-1].strip()
            self.assertEqual((told["exception"], told["source"]), ("SyntaxError", last))
            self.assertIn(f'"script.py", line {told["line"]}\n    {last}\n    ', told["traceback"])

    def test_tabs(self) -> None:
        """Tabs and spaces that do not go together are called so."""
        told = self.failed("if True:\n\tx = 1\n        y = 2\n")

        self.assertEqual((told["exception"], told["line"], told["source"]), ("TabError", 3, "y = 2"))

    def test_format_string(self) -> None:
        """What is wrong within a format string is on its line."""
        told = self.failed("a = 1\nb = f'{a b}'\n")

        self.assertEqual((told["exception"], told["line"]), ("SyntaxError", 2))
        self.assertIn("Perhaps you forgot a comma?", told["message"])

    def test_nested_too_deeply(self) -> None:
        """A script that the parser gives up on is not Python; it has not outgrown its memory."""
        for source in ("lambda: " * 10_000 + "1", "-" * 100_000 + "1"):
            told = self.failed(source)
            self.assertEqual((told["cause"], told["exception"]), ("raised", "SyntaxError"))
            self.assertIn("nested too deeply", told["message"])

    def test_traceback(self) -> None:
        """A syntax error is pointed at, and no frame of ours is shown."""
        told = self.failed("a = 1\ndef f(:\n    pass\n")

        self.assertEqual(
            told["traceback"],
            '  File "script.py", line 2\n    def f(:\n          ^\nSyntaxError: invalid syntax\n',
        )

    def test_indentation(self) -> None:
        """A wrong indentation is called so."""
        told = self.failed("if True:\npass\n")

        self.assertEqual((told["exception"], told["line"]), ("IndentationError", 2))

    def test_in_what_the_script_compiles(self) -> None:
        """A syntax error in code that the script itself compiles is at the script's line that does so."""
        told = self.failed("\neval('1 +')\n")

        self.assertEqual((told["line"], told["source"]), (2, "eval('1 +')"))

    def test_unknown_coding(self) -> None:
        """A coding line that names no coding is said, and no line that there is not."""
        told = self.failed("# coding: klingon\n")

        self.assertIn("unknown encoding: klingon", told["message"])
        self.assertIsNone(told["line"])

    def test_not_utf8(self) -> None:
        """A byte that is not UTF-8 is a syntax error on its line."""
        told = self.failed(b"a = 1\nb = '\xff'\n")

        self.assertEqual((told["exception"], told["line"]), ("SyntaxError", 2))

    def test_too_many_brackets(self) -> None:
        """A script of more brackets than the parser takes is described like any other."""
        told = self.failed("(" * 10_000)

        self.assertEqual((told["cause"], told["line"]), ("raised", 1))

    def test_raised_by_the_script(self) -> None:
        """A syntax error that a script makes up, of fields that are none, is described all the same."""
        told = self.failed("raise SyntaxError('no', ('script.py', 'one', 'two', 5))")

        self.assertEqual((told["cause"], told["exception"]), ("raised", "SyntaxError"))
        json.dumps(told)


class HintedTests(ScriptedCase):
    """What Python adds to some messages."""

    def test_message_and_traceback(self) -> None:
        """The name that may have been meant is in the message and at the traceback's end, once."""
        told = self.failed("plto = 1\nplt")

        self.assertEqual(told["message"], "name 'plt' is not defined. Did you mean: 'plto'?")
        self.assertTrue(told["traceback"].endswith("\nNameError: " + told["message"] + "\n"), told["traceback"])
        self.assertEqual(told["traceback"].count("Did you mean"), 1)


class TracebackTests(ScriptedCase):
    """How a script is told the way to its failure."""

    def test_called_back(self) -> None:
        """An exception in a function of the script's that a library calls is at the line of that function."""
        told = self.failed("import re\ndef f(match):\n    return 1 / 0\nre.sub('a', f, 'a')\n")

        self.assertEqual((told["line"], told["source"]), (3, "return 1 / 0"))
        self.assertEqual(told["traceback"].count('File "'), 2)

    def test_code_that_the_script_makes(self) -> None:
        """An exception in code that the script makes itself is at the script's line that runs it."""
        told = self.failed("a = 1\nexec('1 / 0')\n")

        self.assertEqual((told["line"], told["source"]), (2, "exec('1 / 0')"))

    def test_modules_of_the_script(self) -> None:
        """The frames of a module that came with the script are its own, called as the file was when it was posted."""
        folder = self.mktemp()
        os.mkdir(folder)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder)
        Path("came_along.py").write_text("def f():\n    return 1 / 0\n")
        self.patch(sys, "path", [os.getcwd(), *sys.path])
        self.addCleanup(sys.modules.pop, "came_along", None)

        told = self.failed("import came_along\ncame_along.f()\n")

        self.assertEqual((told["line"], told["source"]), (2, "came_along.f()"))
        self.assertIn('  File "came_along.py", line 2, in f\n    return 1 / 0\n', told["traceback"])
        self.assertEqual(told["traceback"].count('File "'), 2)

    def test_handling_another(self) -> None:
        """What was raised while another exception was handled is told after that one, and both by own frames."""
        told = self.failed("import json\ntry:\n    json.loads('{')\nexcept ValueError:\n    {}['a']\n")

        self.assertEqual(told["line"], 5)
        self.assertIn("During handling", told["traceback"])
        self.assertEqual(told["traceback"].count('File "script.py"'), told["traceback"].count('File "'))
        self.assertEqual(told["traceback"].count('File "'), 2)

    def test_endless_recursion(self) -> None:
        """A function that calls itself without end is an exception at its line, not a crash, and told briefly."""
        told = self.failed("def f():\n    f()\nf()\n")

        self.assertEqual((told["cause"], told["exception"], told["line"]), ("raised", "RecursionError", 2))
        self.assertLess(len(told["traceback"]), 2000)

    def test_own_frames_only(self) -> None:
        """The traceback reads as Python's, without a frame that is not the script's."""
        told = self.failed("import json\n\ndef f():\n    json.loads('{')\n\nf()\n")

        self.assertEqual(
            # From Python 3.13 on, calls are pointed at.
            re.sub(r"(?m)^ *[~^]+\n", "", told["traceback"]),
            "Traceback (most recent call last):\n"
            '  File "script.py", line 6, in <module>\n'
            "    f()\n"
            '  File "script.py", line 4, in f\n'
            "    json.loads('{')\n"
            "json.decoder.JSONDecodeError: "
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n",
        )

    def test_notes(self) -> None:
        """What may have been meant stands behind the exception's own text, once, and its notes follow."""
        told = self.failed(
            "plto = 1\ntry:\n    plt\nexcept NameError as error:\n    error.add_note('a\\nb')\n    raise\n"
        )

        meant = "NameError: name 'plt' is not defined. Did you mean: 'plto'?\na\nb\n"
        self.assertEqual(told["traceback"].partition("NameError")[1:], ("NameError", meant.removeprefix("NameError")))

    def test_no_warnings(self) -> None:
        """Python warns of nothing while it is told what failed: to point at it, the line is parsed once more."""
        with warnings.catch_warnings(record=True, action="always") as warned:
            self.failed("'\\d' + 1\n")

        self.assertLessEqual({warning.filename for warning in warned}, {script.NAME})

    def test_chained(self) -> None:
        """Both parts of a chain are told, and of both only the script's frames."""
        told = self.failed(
            "import json\ntry:\n    json.loads('{')\nexcept ValueError as error:\n    raise KeyError('k') from error\n"
        )

        self.assertIn("direct cause", told["traceback"])
        self.assertIn('"script.py", line 3', told["traceback"])
        self.assertIn('"script.py", line 5', told["traceback"])
        self.assertNotIn("decoder.py", told["traceback"])

    def test_context(self) -> None:
        """What failed while another failure was being dealt with is told after that one."""
        told = self.failed("import json\ntry:\n    json.loads('{')\nexcept ValueError:\n    1 / 0\n")

        self.assertIn("During handling", told["traceback"])
        self.assertNotIn("decoder.py", told["traceback"])

    def test_group(self) -> None:
        """Each member of an exception group is told, and of each only the script's frames."""
        told = self.failed(
            "import json\n"
            "errors = []\n"
            "for text in ('{', '['):\n"
            "    try:\n"
            "        json.loads(text)\n"
            "    except ValueError as error:\n"
            "        errors.append(error)\n"
            "raise ExceptionGroup('both', errors)\n"
        )

        self.assertEqual((told["exception"], told["line"]), ("ExceptionGroup", 8))
        self.assertEqual(told["traceback"].count('"script.py", line 5'), 2)
        self.assertNotIn("decoder.py", told["traceback"])

    def test_recursion(self) -> None:
        """A recursion without end is told in a few lines."""
        told = self.failed("def f():\n    f()\n\nf()\n")

        self.assertEqual((told["cause"], told["exception"], told["line"]), ("raised", "RecursionError", 2))
        self.assertIn("more times", told["traceback"])
        self.assertLess(len(told["traceback"]), 1000)

    def test_endless_chain(self) -> None:
        """A chain of more exceptions than Python recurses into is described all the same."""
        told = self.failed(
            "error = None\n"
            "for _ in range(5000):\n"
            "    new = ValueError('v')\n"
            "    new.__cause__ = error\n"
            "    error = new\n"
            "raise error\n"
        )

        self.assertEqual((told["exception"], told["line"], told["message"]), ("ValueError", 6, "v"))

    def test_endless_chain_is_not_put_together(self) -> None:
        """To put such a chain together would take a second of the script's CPU, for a text that is left out."""
        put_together: list[BaseException] = []
        self.patch(traceback.TracebackException, "from_exception", put_together.append)
        for link in ("__cause__", "__context__"):
            error = ValueError()
            for _ in range(5000):
                new = ValueError()
                setattr(new, link, error)
                error = new

            self.assertEqual(describe(error, "script.py")["exception"], "ValueError")
        self.assertEqual(put_together, [])

    def test_ring(self) -> None:
        """Exceptions that are each other's cause are told once."""
        told = self.failed("a, b = ValueError('a'), ValueError('b')\na.__cause__, b.__cause__ = b, a\nraise a\n")

        self.assertEqual(told["traceback"].count("ValueError: a\n"), 1)


class CauseTests(ScriptedCase):
    """What a failure is put down to."""

    def test_raised(self) -> None:
        """An exception is told by its name and its text."""
        told = self.failed("class OhNo(Exception):\n    pass\n\nraise OhNo('dear')\n")

        self.assertEqual(
            (told["kind"], told["cause"], told["exception"], told["message"]), ("failed", "raised", "OhNo", "dear")
        )

    def test_keyboard_interrupt(self) -> None:
        """What is no C{Exception} is described like one."""
        told = self.failed("raise KeyboardInterrupt")

        self.assertEqual((told["cause"], told["exception"]), ("raised", "KeyboardInterrupt"))

    def test_memory(self) -> None:
        """A script that asks for more memory than there is outgrew its limit."""
        told = self.failed("x = bytearray(1 << 62)\n")

        self.assertEqual((told["cause"], told["line"]), ("memory", 1))
        self.assertEqual(told["message"], "the script outgrew its memory limit")

    def test_memory_with_a_reason(self) -> None:
        """What the library says of the memory it lacked is told."""
        told = self.failed("raise MemoryError('no room for shape (9, 9)')")

        self.assertEqual(told["message"], "the script outgrew its memory limit (no room for shape (9, 9))")

    def test_exit(self) -> None:
        """A script that ends itself is told so, with the status it gave."""
        said = [self.failed(f"import sys; sys.exit({code})")["message"] for code in ("", "0", "3", "'bye'")]

        self.assertEqual(said, [f"the script called sys.exit({code})" for code in ("", "0", "3", "'bye'")])
        self.assertEqual(self.failed("raise SystemExit")["cause"], "exited")

    def test_exit_with_what_cannot_be_shown(self) -> None:
        """A script that ends itself with an object whose repr() raises is told that it ended itself."""
        told = self.failed(f"{_UNSPEAKABLE}\nraise SystemExit(Unspeakable())\n")

        self.assertEqual(told["cause"], "exited")

    def test_out_of_cpu(self) -> None:
        """A script that used up its CPU time is told nothing but that, where no line of it was being run."""
        self.assertEqual(describe(OutOfCPU(), "script.py"), {"kind": "out-of-cpu"})

    def test_line_out_of_cpu(self) -> None:
        """A script that used up its CPU time is told on which of its lines it did, also below its own functions."""
        raises = "from cpyrender.child.confine import out_of_cpu\n"
        source = f"{raises}def f():\n    out_of_cpu(0, None)\n\ndef g():\n    f()\n\ng()\n"

        self.assertEqual(self.failed(source), {"kind": "out-of-cpu", "line": 3})

    def test_unspeakable(self) -> None:
        """An exception whose str() raises is told by its name, and by what its str() raised."""
        told = self.failed(f"{_UNSPEAKABLE}\nraise Unspeakable\n")

        self.assertEqual((told["exception"], told["message"]), ("Unspeakable", "<its str() raised KeyError>"))

    def test_str_that_exits(self) -> None:
        """An exception whose str() ends the process is told by its name."""
        told = self.failed("import sys\nclass Rude(Exception):\n    __str__ = sys.exit\n\nraise Rude\n")

        self.assertEqual((told["exception"], told["message"]), ("Rude", "<its str() raised SystemExit>"))

    def test_text_that_is_none(self) -> None:
        """An exception whose text is of a class of the script's own goes out as plain text."""
        told = self.failed(
            "class Text(str):\n"
            "    def __getitem__(self, key):\n"
            "        return 5\n\n"
            "class Odd(Exception):\n"
            "    def __str__(self):\n"
            "        return Text('odd')\n\n"
            "raise Odd\n"
        )

        self.assertEqual(told["message"], "odd")


class SizeTests(ScriptedCase):
    """What is cut."""

    def test_fits_into_a_frame(self) -> None:
        """The description of the largest of failures is a header that its reader takes."""
        for character in ("a", "\x01", "\ud800", "\N{GRINNING FACE}"):
            told = describe(ValueError(character * (1 << 20)), "script.py")
            size = len(wire.pack(told)[0])
            self.assertLess(size, wire.MAX_HEADER, repr(character))

    def test_long_name(self) -> None:
        """Of a very long class name the beginning is told."""
        told = describe(type("E" * 1000, (Exception,), {})(), "script.py")

        self.assertEqual(told["exception"], "E" * 200)

    def test_broken_traceback_module(self) -> None:
        """A script that broke what tracebacks are made with is still told the name and the text."""
        self.patch(sys.modules["traceback"], "TracebackException", None)
        told = self.failed("raise ValueError('no')")

        self.assertEqual((told["exception"], told["message"], told["traceback"]), ("ValueError", "no", ""))


class IndescribableTests(ScriptedCase):
    """Exceptions that do not let themselves be looked at."""

    def test_raises_where_it_is_looked_at(self) -> None:
        """An exception that raises where its class, its name or its traceback is asked for is said to be such a one."""
        for trap in ("__class__", "__traceback__"):
            told = self.failed(f"class E(Exception):\n    {trap} = property(lambda self: 1 / 0)\nraise E\n")
            self.assertEqual(told["message"], "the script failed with what cannot be described", trap)

    def test_memory(self) -> None:
        """A script that fails when its memory is used up, so that there is none for saying why, is told so."""
        script = "class E(Exception):\n    def __getattribute__(self, name): raise MemoryError\nraise E\n"
        told = self.failed(script)

        self.assertEqual((told["cause"], told["message"]), ("memory", "the script outgrew its memory limit"))

    def test_cpu(self) -> None:
        """A script that uses up its CPU time while it is looked at why it failed has used up its CPU time."""
        script = "from cpyrender.child.confine import OutOfCPU\nclass E(Exception):\n"
        trap = "    @property\n    def __traceback__(self): raise OutOfCPU\nraise E\n"

        self.assertEqual(self.failed(script + trap), {"kind": "out-of-cpu"})

    def test_line_that_is_none(self) -> None:
        """A syntax error of a script's own making that names a line which no script has names none."""
        told = self.failed("e = SyntaxError('x')\ne.filename = 'script.py'\ne.lineno = 1 << 70\nraise e\n")

        self.assertIsNone(told["line"])
