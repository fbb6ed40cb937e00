"""Running a posted script's code in the test's own process, as a child would."""

from __future__ import annotations

import linecache
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import failure, script


class ScriptedCase(SynchronousTestCase):
    """Runs scripts, and describes how they fail."""

    def setUp(self) -> None:
        self.addCleanup(linecache.cache.pop, script.NAME, None)

    def run_script(self, source: str | bytes) -> dict[str, Any]:
        """Run a script and return its globals."""
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(script._compile(source.encode() if isinstance(source, str) else source), namespace)
        return namespace

    def failed(self, source: str | bytes) -> dict[str, Any]:
        """Run a script that fails, and return what an answer would say of that."""
        try:
            self.run_script(source)
        except BaseException as error:
            return failure.describe(error, script.NAME)
        raise AssertionError("it did not fail")
