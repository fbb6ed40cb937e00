"""``python -m tests.attacks [MODULE...]``: run the suite, or a part, and print what was tried, refused and unharmed."""

from __future__ import annotations

import sys
import tempfile
import time

from twisted.trial.reporter import TreeReporter
from twisted.trial.runner import TestLoader, TrialRunner

from tests.attacks.besieged import TALLY, THE_MACHINES

_COLUMNS = ("tried", "refused", "honest", "unharmed")


def main() -> int:
    """Return the exit status."""
    began = time.monotonic()
    names = [f"tests.attacks.test_{name}" for name in sys.argv[1:]] or ["tests.attacks"]
    suite = TestLoader().loadByNames(names, recurse=True)
    with tempfile.TemporaryDirectory(prefix="cpyrender-attacks-") as folder:
        result = TrialRunner(TreeReporter, workingDirectory=f"{folder}/trial").run(suite)
    lines = [
        "",
        "| level | attacks tried | answered as they should be | honest scripts between them | unharmed |",
        "|---|---|---|---|---|",
    ]
    for machine, at in THE_MACHINES.items():
        name = machine if at.folder is None else f"{at.level} ({at.folder.replace('_', ' ')})"
        lines.append(f"| {name} | {' | '.join(str(TALLY[machine, column]) for column in _COLUMNS)} |")
    lines += ["", f"{time.monotonic() - began:.0f} s", ""]
    sys.stdout.write("\n".join(lines))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
