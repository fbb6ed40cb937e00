"""Tests of L{cpyrender.child.hints}."""

import sys

from cpyrender.child.hints import hint
from tests.child.scripted import ScriptedCase


class HintTests(ScriptedCase):
    """What is added to an exception's text."""

    def hint(self, source: str) -> str:
        """Return the hint for what a script raises."""
        try:
            self.run_script(source)
        except Exception as error:
            return hint(error)
        raise AssertionError("it did not fail")

    def test_names(self) -> None:
        """A name that is nearly one that is there: of the script, of its function, or of Python."""
        for source, meant in (
            ("plto = 1\nplt", "plto"),
            ("def f():\n    plott = 3\n    return plot\nf()", "plott"),
            ("prnt('a')", "print"),
        ):
            self.assertEqual(self.hint(source), f". Did you mean: '{meant}'?")

    def test_attributes(self) -> None:
        """An attribute that is nearly one that is there."""
        self.assertEqual(self.hint("import math\nmath.sqr(2)"), ". Did you mean: 'sqrt'?")

    def test_imports(self) -> None:
        """A name of a module that was not imported, beside a name that is nearly it."""
        # Python 3.12.1 forgot the question mark.
        self.assertEqual(self.hint("json.loads('1')").rstrip("?"), ". Did you forget to import 'json'")
        both = self.hint("jsn = 1\njson.loads('1')")
        self.assertTrue(both.startswith(". Did you mean: 'jsn'? Or did you forget to import 'json'"), both)

    def test_none(self) -> None:
        """Nothing is added where nothing is near, to exceptions of other kinds, and to those made by hand."""
        for source in (
            "abcdefgh",
            "1 / 0",
            "import math\nmath.abcdefgh",
            "raise NameError('plto')",
            "from math import abcdefgh",
            "class Mine(NameError): pass\nplto = 1\nraise Mine('x', name='plt')",
        ):
            self.assertEqual(self.hint(source), "", source)

    def test_text_of_many_lines(self) -> None:
        """A text that goes on over lines, and a note behind it, are not taken for a hint."""
        source = "plto = 1\ntry:\n    plt\nexcept NameError as error:\n    error.add_note('note')\n    raise"
        self.assertEqual(self.hint(source), ". Did you mean: 'plto'?")
        self.assertEqual(self.hint("raise NameError('a\\nb: c')"), "")

    def test_hostile(self) -> None:
        """What the script runs while names are looked for harms nobody, and stderr stays the script's."""
        stderr = sys.stderr
        self.patch(sys, "stderr", stderr)
        for body in ("raise SystemExit", "return [1, None, object()]", "import sys; sys.stderr = None"):
            source = f"class A:\n    def __dir__(self):\n        {body}\nA().abcd"
            self.assertIn(self.hint(source), {"", ". Did you mean: 'abc'?"}, body)
            # None is what the script itself has put there; Python 3.11's printing has it undone.
            self.assertIn(sys.stderr, (stderr, None))
        for name in ("5", "[]", "type('S', (str,), {'__hash__': None})('json')"):
            self.assertEqual(self.hint(f"raise NameError('x', name={name})"), "", name)
