"""Tests of L{cpyrender.reporting}."""

from __future__ import annotations

import io
import sys

from twisted.trial.unittest import SynchronousTestCase

from cpyrender import reporting


class ProgressTests(SynchronousTestCase):
    def test_at_a_terminal(self) -> None:
        """Outside the server, progress is a line on stderr."""
        stderr = io.StringIO()
        self.patch(sys, "stderr", stderr)
        reporting.progress(0)
        reporting.progress(0.4, "drawing")
        reporting.progress(1, "done")
        self.assertEqual(stderr.getvalue(), "  0%\n 40% drawing\n100% done\n")

    def test_elsewhere(self) -> None:
        """In the server, progress goes to whoever has asked for it, as a number and a text."""
        reports: list[tuple[float, str]] = []
        # Whatever it is set to, it is set back after the test.
        self.patch(reporting, "_report", None)
        reporting.report_to(lambda fraction, text: reports.append((fraction, text)))
        reporting.progress(True, 7)
        self.assertEqual(reports, [(1.0, "7")])
        self.assertIsInstance(reports[0][0], float)

    def test_no_number(self) -> None:
        """Progress that is no number is refused, and reported to nobody."""
        stderr = io.StringIO()
        self.patch(sys, "stderr", stderr)
        for fraction in ("0.5", None, [1], 1j):
            error = self.assertRaises(TypeError, reporting.progress, fraction)
            self.assertIn(f"a number from 0 to 1, not {fraction!r}", str(error))
        self.assertEqual(stderr.getvalue(), "")

    def test_out_of_bounds(self) -> None:
        """Progress that is not within 0 and 1 is refused, and reported to nobody."""
        stderr = io.StringIO()
        self.patch(sys, "stderr", stderr)
        for fraction in (-0.01, 1.01, 40, float("nan"), float("inf")):
            error = self.assertRaises(ValueError, reporting.progress, fraction)
            self.assertIn(repr(fraction), str(error))
        self.assertEqual(stderr.getvalue(), "")
