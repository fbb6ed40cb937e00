"""What C{/openapi.json} says, held against a real server by schemathesis: requests of every kind, good and bad."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import shared

#: Where pip puts the commands of this Python.
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")

OPTIONS = (
    "--phases=examples,coverage,fuzzing",
    "--max-examples=10",
    # The same requests each time.
    "--generation-deterministic",
    # A string is a script only if it is Python; and 501 and 504 are a script's own fault. A bug's 500 is not in the
    # document, so that it is found all the same.
    "--exclude-checks=positive_data_acceptance,not_a_server_error",
    # A string is hardly ever XML.
    "--exclude-path=/RPC2",
    "--continue-on-failure",
    "--no-color",
)


class DescriptionTests(SynchronousTestCase):
    def test_holds(self) -> None:
        """Every status, media type, header and schema that a server answers with is what its description says."""
        folder = tempfile.TemporaryDirectory(prefix="cpyrender-test-")
        self.addCleanup(folder.cleanup)
        url = f"http://127.0.0.1:{shared().port}/openapi.json"
        run = subprocess.run(
            [str(SCHEMATHESIS), "run", url, *OPTIONS],
            # It keeps what it has found in its working folder.
            cwd=folder.name,
            env={**os.environ, "NO_PROXY": "*"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertEqual(run.returncode, 0, run.stdout[-8000:])
        self.assertRegex(run.stdout, r"Tested: +6")
