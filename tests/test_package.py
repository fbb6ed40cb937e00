"""Tests of L{cpyrender}, the package itself."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import cpyrender

FOLDER = Path(cpyrender.__file__).parent.parent

# Which modules a statement brings along that a bare interpreter does not have, by their packages.
BRINGS = """
import json, sys
before = set(sys.modules)
{statement}
names = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(json.dumps(sorted(names - sys.stdlib_module_names)))
"""


def brings(statement: str) -> list[str]:
    """Return the packages, beside Python's own, that a statement imports in a fresh interpreter."""
    ran = subprocess.run(
        [sys.executable, "-c", BRINGS.format(statement=statement)],
        cwd=FOLDER,
        check=True,
        stdout=subprocess.PIPE,
    )
    found: list[str] = json.loads(ran.stdout)
    return found


class ImportTests(SynchronousTestCase):
    def test_light(self) -> None:
        """Neither the package nor progress brings Twisted, matplotlib, or anything else that is not Python's own."""
        for statement in ("import cpyrender", "from cpyrender import progress"):
            self.assertEqual(brings(statement), ["cpyrender"], statement)

    def test_on_first_use(self) -> None:
        """What needs Twisted brings it when it is first used."""
        self.assertIn("twisted", brings("from cpyrender import RenderResource"))


class NameTests(SynchronousTestCase):
    def test_resolve(self) -> None:
        """Each public name resolves to what its home defines, and is documented."""
        for name, home in (
            ("LocalPool", "cpyrender.pool.local"),
            ("RenderResource", "cpyrender.embed"),
            ("RenderSettings", "cpyrender.settings"),
            ("progress", "cpyrender.reporting"),
        ):
            found = getattr(cpyrender, name)
            self.assertIs(found, getattr(importlib.import_module(home), name))
            self.assertTrue(found.__doc__, name)

    def test_listed(self) -> None:
        """C{__all__} lists names that there are, and so a star import works."""
        scope: dict[str, object] = {}
        exec("from cpyrender import *", scope)
        self.assertEqual(set(scope) - {"__builtins__"}, set(cpyrender.__all__))

    def test_unknown(self) -> None:
        """Any other name is missing in the usual way."""
        self.assertFalse(hasattr(cpyrender, "Renderer"))
        error = self.assertRaises(AttributeError, getattr, cpyrender, "Renderer")
        self.assertEqual(str(error), "module 'cpyrender' has no attribute 'Renderer'")
