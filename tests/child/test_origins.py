"""Tests of L{cpyrender.child.origins}."""

from tests.child.scripted import ScriptedCase


class OriginTests(ScriptedCase):
    """What is said of a script that was copied from elsewhere."""

    def message(self, source: str) -> str:
        """Return what an answer says of a script that fails, having looked that its traceback ends with the same."""
        told = self.failed(source)
        said = str(told["message"])
        self.assertTrue(str(told["traceback"]).rstrip().endswith(said.rpartition(". ")[2]), told)
        return said

    def test_notebook_lines(self) -> None:
        """Magics and commands of IPython, wherever they stand, and its prompts."""
        for source in ("%matplotlib inline\nx = 1", "x = 1\n%%time\n", "if 1:\n    %timeit x"):
            self.assertIn("begin with % are for IPython", self.message(source))
        self.assertIn("begin with ! are for IPython", self.message("!pip install pandas\nimport pandas"))
        self.assertIn("Leave the prompts (In [1]:) out", self.message("In [1]: import pylab"))

    def test_prompts_and_pages(self) -> None:
        """What was copied from Python's prompt, from a page in Markdown, or is a page."""
        self.assertIn("Leave the prompts (>>>) out", self.message(">>> import math\n>>> math.pi"))
        self.assertIn("Leave the marks of Markdown", self.message("```python\nimport math\n```\n"))
        self.assertIn("looks like HTML", self.message("<!DOCTYPE html>\n<p>a"))

    def test_notebook(self) -> None:
        """A whole notebook, which is nearly Python."""
        notebook = '{\n "cells": [{"cell_type": "code", "execution_count": null, "source": ["import pylab"]}]\n}\n'

        self.assertIn("name 'null' is not defined. This is a Jupyter notebook", self.message(notebook))

    def test_nothing_to_say(self) -> None:
        """Nothing is said of what merely has such a sign in it, or comes from other text than the script."""
        for source in (
            "x = 5 %\n", "x = (1\n% 3 4)", "response = null", "x = {'cells': null}",
            "compile('%a', 'other.py', 'exec')", "raise SyntaxError('no', ('script.py', 1, 1, None))",
            "raise NameError('null')", "x = 1 +\n", "raise NameError('x', name=[])",
        ):  # fmt: skip
            for said in ("IPython", "notebook"):
                self.assertNotIn(said, str(self.failed(source)["message"]), source)
