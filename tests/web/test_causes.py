"""Tests of L{cpyrender.web.causes}."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.values import Cause, Drawn, Failed, Log, Outcome, Refused, TimedOut, Timing
from cpyrender.web.causes import FAILURES, KINDS, problem_of, server_timing

TIMING = Timing(queue=0.0012, run=0.25, encode=0.01)
TIMING_SAID = "queue;dur=1.2, run;dur=250.0, encode;dur=10.0"
LOG = Log(stdout="out", stderr="err")
RAISED = Failed(
    cause=Cause.RAISED,
    message="no",
    exception="ValueError",
    line=2,
    source="f(x)",
    traceback="Traceback ...",
    log=LOG,
    timing=TIMING,
)

#: Each outcome that is no picture: its status at /render, at the classic door, and its type.
TABLE: tuple[tuple[Outcome, int, int, str], ...] = (
    (Failed(cause=Cause.RAISED, message="x"), 422, 501, "urn:cpyrender:problem:raised"),
    (Failed(cause=Cause.EXITED, message="x"), 422, 501, "urn:cpyrender:problem:exited"),
    (Failed(cause=Cause.NO_RESPONSE, message="x"), 422, 501, "urn:cpyrender:problem:no-response"),
    (Failed(cause=Cause.UNACCEPTABLE, message="x"), 406, 406, "urn:cpyrender:problem:unacceptable"),
    (Failed(cause=Cause.MEMORY, message="x"), 422, 501, "urn:cpyrender:problem:memory"),
    (Failed(cause=Cause.OUTPUT, message="x"), 422, 501, "urn:cpyrender:problem:output"),
    (Failed(cause=Cause.CRASHED, message="x"), 422, 501, "urn:cpyrender:problem:crashed"),
    (TimedOut(seconds=30), 504, 501, "urn:cpyrender:problem:timeout"),
    (TimedOut(seconds=30, of_cpu=True), 504, 501, "urn:cpyrender:problem:timeout"),
    (Refused(reason="x"), 503, 503, "about:blank"),
)


class TimingTests(SynchronousTestCase):
    def test_milliseconds(self) -> None:
        """Seconds are told in milliseconds, in the order in which they passed."""
        self.assertEqual(server_timing(TIMING), TIMING_SAID)


class KindTests(SynchronousTestCase):
    def test_every_cause(self) -> None:
        """Every cause of a failure is of a kind."""
        self.assertEqual(set(FAILURES), set(Cause))

    def test_types(self) -> None:
        """Kinds are told apart by their types, which are URIs, and by their titles."""
        for said in ([kind.type for kind in KINDS], [kind.title for kind in KINDS]):
            self.assertEqual(len(set(said)), len(KINDS))
        for kind in KINDS:
            self.assertEqual(urlsplit(kind.type).scheme, "urn")
            self.assertIsNotNone(re.fullmatch(r"[a-z-]+", kind.name))


class ProblemOfTests(SynchronousTestCase):
    def test_table(self) -> None:
        """Each cause has its status at each door, and the same type at both."""
        for outcome, status, classic, kind in TABLE:
            for problem, expected in ((problem_of(outcome), status), (problem_of(outcome, classic=True), classic)):
                self.assertEqual((problem.status, problem.type), (expected, kind), outcome)

    def test_doors_differ_in_the_status_alone(self) -> None:
        """What is said beside the status is the same at both doors."""
        for outcome, *_ in TABLE:
            proper, classic = problem_of(outcome), problem_of(outcome, classic=True)
            for name in ("type", "title", "detail", "more", "headers"):
                self.assertEqual(getattr(proper, name), getattr(classic, name), outcome)

    def test_unacceptable(self) -> None:
        """Who accepts nothing that there is is told what there is."""
        available = problem_of(Failed(cause=Cause.UNACCEPTABLE, message="x")).more["available"]
        self.assertIsInstance(available, list)
        self.assertLessEqual({"image/png", "image/svg+xml", "application/pdf", "application/json"}, set(available))

    def test_drawn(self) -> None:
        """A picture is no problem."""
        self.assertRaises(TypeError, problem_of, Drawn(outputs=()))

    def test_failed(self) -> None:
        """A failure tells all that is known of it."""
        problem = problem_of(RAISED)
        self.assertEqual((problem.title, problem.detail), ("The script raised an exception", "ValueError: no"))
        self.assertEqual(problem.headers, {"Server-Timing": TIMING_SAID})
        self.assertEqual(
            problem.more,
            {
                "exception": "ValueError",
                "message": "no",
                "line": 2,
                "source": "f(x)",
                "traceback": "Traceback ...",
                "stdout": "out",
                "stderr": "err",
            },
        )

    def test_warned(self) -> None:
        """What Python warned of before is told with the failure."""
        failed = Failed(cause=Cause.RAISED, message="x", warnings=("UserWarning: y",))
        self.assertEqual(problem_of(failed).more["warnings"], ["UserWarning: y"])

    def test_failed_without_exception(self) -> None:
        """What is not known of a failure is left out."""
        problem = problem_of(Failed(cause=Cause.NO_RESPONSE, message="nothing came"))
        self.assertEqual(problem.detail, "nothing came")
        self.assertEqual(problem.more, {"message": "nothing came", "stdout": "", "stderr": ""})

    def test_detail_is_one_line(self) -> None:
        """A message of several lines is one line of detail, and stays what it is in the member of its name."""
        for exception, message, detail in (
            ("KeyError", "a\n  b\tc", "KeyError: a b c"),
            ("AssertionError", "", "AssertionError"),
            (None, "a\r\nb", "a b"),
        ):
            problem = problem_of(Failed(cause=Cause.RAISED, exception=exception, message=message))
            self.assertEqual((problem.detail, problem.more["message"]), (detail, message))

    def test_timed_out(self) -> None:
        """A script that took too long is told which of its limits it passed, and what it had printed."""
        outcomes: tuple[tuple[Outcome, str], ...] = (
            (TimedOut(seconds=30.0, log=LOG, timing=TIMING), "the script ran past its time limit of 30 s"),
            (
                TimedOut(seconds=2.5, of_cpu=True, log=LOG, timing=TIMING),
                "the script ran past its CPU time limit of 2.5 s",
            ),
        )
        for outcome, detail in outcomes:
            problem = problem_of(outcome)
            self.assertEqual((problem.title, problem.detail), ("The script took too long", detail))
            self.assertEqual(problem.more, {"stdout": "out", "stderr": "err"})
            self.assertEqual(problem.headers, {"Server-Timing": TIMING_SAID})

    def test_line_out_of_time(self) -> None:
        """A script that took too long is told on which line it was, where that is known."""
        for of_cpu, kind in ((False, "time"), (True, "CPU time")):
            problem = problem_of(TimedOut(seconds=30.0, of_cpu=of_cpu, line=3))
            self.assertEqual(problem.detail, f"the script ran past its {kind} limit of 30 s on line 3")
            self.assertEqual(problem.more, {"line": 3, "stdout": "", "stderr": ""})
            self.assertEqual(problem.as_text().decode(), f"{problem.detail}\n")

    def test_refused(self) -> None:
        """Who was refused is told why, and when to come back."""
        problem = problem_of(Refused(reason="64 scripts are waiting already", retry_after=12))
        self.assertEqual(problem.detail, "64 scripts are waiting already; try again in 12 s")
        self.assertEqual(problem.headers, {"Retry-After": "12"})
