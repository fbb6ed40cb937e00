"""Tests of L{cpyrender.pool.hearing}."""

import math
import os

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender import formats, wire
from cpyrender.pool import hearing
from cpyrender.values import Cause, Drawn, Failed, Output, Ran, Report, TimedOut, Timing

_CPU = 7.0
_FORGED = Failed(cause=Cause.CRASHED, message="the script forged an answer that makes no sense")

_numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 1 << 62, True])
_scalars = st.none() | _numbers | st.text(max_size=20) | st.just("\ud800")
_json = st.recursive(
    _scalars, lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some, max_size=3)
)
_sizes = st.integers(0, 12) | _json
_media_types = st.sampled_from(["image/png", "text/html", "application/javascript", "image/svg+xml"]) | _json
_outputs = st.lists(st.fixed_dictionaries({}, optional={"size": _sizes, "media_type": _media_types, "name": _json}))
_headers = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["drawn", "failed", "out-of-cpu"]) | _json,
        "outputs": _outputs | _json,
        "cause": st.sampled_from([cause.value for cause in Cause]) | _json,
        **dict.fromkeys(("message", "exception", "source", "traceback"), _json),
        **dict.fromkeys(("figure_count", "line", "column", "run", "encode"), _numbers | _json),
        "progress": st.lists(st.tuples(_numbers, st.text(max_size=20))) | _json,
    },
)


def frame(header: dict[str, object], body: bytes = b"") -> wire.FrameReader:
    """Return a frame, sent through a pipe as a child would."""
    there, here = os.pipe()
    try:
        wire.write_all(here, wire.pack(header, [body]))
        reader = wire.FrameReader(len(body))
        while reader.read(there):
            pass
    finally:
        os.close(there)
        os.close(here)
    return reader


def heard(header: dict[str, object], body: bytes = b"") -> Ran:
    """Return what is made of a frame."""
    return hearing.outcome(frame(header, body), _CPU)


def drawn(*outputs: dict[str, object], **fields: object) -> dict[str, object]:
    """Return the header of a script that made something."""
    return {"kind": "drawn", "outputs": list(outputs), **fields}


def output(size: object = 0, media_type: object = "image/png", name: object = "") -> dict[str, object]:
    """Return how a header tells of one output."""
    return {"size": size, "media_type": media_type, "name": name}


class AnyHeaderTests(SynchronousTestCase):
    """What holds for whatever a child says."""

    @given(_headers, st.binary(max_size=20))
    def test_any_header(self, header: dict[str, object], body: bytes) -> None:
        """Of any JSON object there comes a value whose fields are within their types and bounds."""
        outcome = heard(header, body)

        for seconds in (outcome.timing.run, outcome.timing.encode):
            self.assertTrue(0 <= seconds < 86400, seconds)
        check = {Drawn: self.check_drawn, Failed: self.check_failed, TimedOut: self.check_timed_out}[type(outcome)]
        check(outcome)

    def check_drawn(self, drawn: Drawn) -> None:
        """The outputs can go out, and the count of figures is one."""
        self.assertGreaterEqual(len(drawn.outputs), 1)
        for one in drawn.outputs:
            self.assertTrue(memoryview(one.data).readonly)
            self.assertIn(one.media_type, formats.ALLOWED)
            self.assertLessEqual(len(one.name.encode()), 4096)
        self.check_count(drawn.figure_count)
        self.check_progress(drawn.progress)

    def check_progress(self, progress: tuple[Report, ...]) -> None:
        """There are so many reports at most, each of a part of one and a text that can go out as UTF-8."""
        self.assertLessEqual(len(progress), 100)
        for report in progress:
            self.assertIs(type(report.fraction), float)
            self.assertTrue(0 <= report.fraction <= 1, report)
            self.assertLessEqual(len(report.text.encode()), 400)

    def check_failed(self, failed: Failed) -> None:
        """The texts can go out as UTF-8, and the line is a number or nothing."""
        for warning in failed.warnings:
            warning.encode()
        self.assertIsInstance(failed.cause, Cause)
        for text in (failed.message, failed.exception, failed.source, failed.traceback):
            (text or "").encode()
        self.check_count(failed.line)
        self.check_count(failed.column)
        self.check_progress(failed.progress)

    def check_timed_out(self, timed_out: TimedOut) -> None:
        """The limit is the server's, and not one that the child named."""
        self.assertEqual((timed_out.seconds, timed_out.of_cpu), (_CPU, True))
        self.check_count(timed_out.line)

    def check_count(self, count: int | None) -> None:
        """A count is a whole number from 0 on, or nothing."""
        if count is not None:
            self.assertIs(type(count), int)
            self.assertGreaterEqual(count, 0)


class DrawnTests(SynchronousTestCase):
    """What is made of a header that tells of outputs."""

    def test_outputs_are_cut_from_the_body(self) -> None:
        """Each output has its own part of the body, in order."""
        header = drawn(output(3, "image/png", "a.png"), output(2, "text/plain", "b.txt"), figure_count=2)

        self.assertEqual(
            heard(header, b"abcde"),
            Drawn(
                outputs=(
                    Output(data=b"abc", media_type="image/png", name="a.png"),
                    Output(data=b"de", media_type="text/plain", name="b.txt"),
                ),
                figure_count=2,
            ),
        )

    def test_progress(self) -> None:
        """The newest of its reports are kept; one that is no part of one is a forgery."""
        reports: list[object] = [[n / 200, f"step {n}"] for n in range(200)]
        heard_of = heard(drawn(output(), progress=reports))
        assert isinstance(heard_of, Drawn)

        self.assertEqual(heard_of.progress[0], Report(fraction=0.5, text="step 100"))
        self.assertEqual(len(heard_of.progress), 100)
        for forged in ([[2, ""]], [[float("nan"), ""]], [["1", ""]], [[1, 2]], [[1]], [1], {}, "a"):
            self.assertEqual(heard(drawn(output(), progress=forged)), _FORGED, forged)

    def test_report(self) -> None:
        """A report is told from an answer, and one that makes no sense is no frame."""
        self.assertIsNone(hearing.report(frame(drawn(output(1)), b"a")))
        said = {"kind": "progress", "report": [0.5, "half"]}
        self.assertEqual(hearing.report(frame(said)), Report(fraction=0.5, text="half"))
        for forged in (
            {},
            {"report": 1},
            {"report": [1]},
            {"report": ["x", ""]},
            {"report": [2, ""]},
            {"report": [1, 1]},
        ):
            self.assertRaises(wire.BadFrame, hearing.report, frame({"kind": "progress", **forged}))
        self.assertRaises(wire.BadFrame, hearing.report, frame(said, b"more"))

    def test_more_than_there_is(self) -> None:
        """Outputs that claim one byte more than the body has are a forgery."""
        self.assertEqual(heard(drawn(output(3), output(3)), b"abcde"), _FORGED)

    def test_no_output(self) -> None:
        """An answer of no output at all is a forgery."""
        self.assertEqual(heard(drawn()), _FORGED)

    def test_sizes_that_are_none(self) -> None:
        """A size that is negative, a truth value, a fraction, a text or beyond all bounds is a forgery."""
        for size in (-1, True, 1.0, "1", None, 10**400):
            self.assertEqual(heard(drawn(output(size)), b"abcde"), _FORGED, size)

    def test_media_type_that_is_not_served(self) -> None:
        """A media type that a browser would run, or that nobody knows, goes out as plain octets."""
        for media_type in ("text/javascript", "application/xhtml+xml", "image/png\r\nSet-Cookie: a=b", "", None):
            (only,) = heard(drawn(output(media_type=media_type))).outputs
            self.assertEqual(only.media_type, "application/octet-stream")

    def test_long_name(self) -> None:
        """Of a name only the first 1024 characters are kept."""
        (only,) = heard(drawn(output(name="n" * 5000))).outputs

        self.assertEqual(only.name, "n" * 1024)

    def test_name_with_half_a_character(self) -> None:
        """A surrogate that stands alone in a name, which no header could carry, is replaced."""
        (only,) = heard(drawn(output(name="a\ud800b"))).outputs

        self.assertEqual(only.name, "a?b")


class FailedTests(SynchronousTestCase):
    """What is made of a header that tells of a failure."""

    def test_all_fields(self) -> None:
        """Each field of a failure arrives."""
        told = {
            "message": "no",
            "exception": "ValueError",
            "line": 3,
            "source": "raise ValueError('no')",
            "traceback": "Traceback",
        }

        self.assertEqual(
            heard({"kind": "failed", "cause": "raised", "run": 1.5, "encode": 0.25, **told}),
            Failed(cause=Cause.RAISED, timing=Timing(run=1.5, encode=0.25), **told),
        )

    def test_only_what_must_be(self) -> None:
        """A failure without an exception has none of an exception's fields."""
        self.assertEqual(
            heard({"kind": "failed", "cause": "no-response", "message": "nothing"}),
            Failed(cause=Cause.NO_RESPONSE, message="nothing"),
        )

    def test_unknown_cause(self) -> None:
        """A cause that there is not is a forgery."""
        for cause in ("boredom", None, ["raised"], 1):
            self.assertEqual(heard({"kind": "failed", "cause": cause, "message": ""}), _FORGED, cause)

    def test_line_that_is_none(self) -> None:
        """A line that is not a count is a forgery."""
        for line in (-1, "3", 2.0, 1 << 62):
            self.assertEqual(heard({"kind": "failed", "cause": "raised", "message": "", "line": line}), _FORGED, line)

    def test_long_message(self) -> None:
        """A message is cut rather than passed on without limit."""
        # It has to be long as text and small enough for the pipe of this test.
        outcome = hearing.outcome(_Frame({"kind": "failed", "cause": "raised", "message": "m" * (1 << 18)}), _CPU)

        self.assertEqual(len(outcome.message), 1 << 17)


class _Frame:
    """A frame that has been read."""

    def __init__(self, header: dict[str, object]) -> None:
        self.header = header
        self.body = memoryview(b"")


class TimingTests(SynchronousTestCase):
    """What is made of the times that a child says it took."""

    def test_no_times(self) -> None:
        """Times that are none, or beyond a day, count as nothing."""
        for run in (-1, math.nan, math.inf, 86400, "1", None, True, [1]):
            self.assertEqual(heard(drawn(output(), run=run)).timing.run, 0.0, run)

    def test_beyond_floats(self) -> None:
        """A whole number too large for a float counts as nothing, and is no error of the server's."""
        self.assertEqual(heard(drawn(output(), run=10**400)).timing.run, 0.0)

    def test_out_of_cpu_keeps_its_times(self) -> None:
        """A script that ran out of CPU time still says how long it ran."""
        self.assertEqual(
            heard({"kind": "out-of-cpu", "run": 2}), TimedOut(seconds=_CPU, of_cpu=True, timing=Timing(run=2.0))
        )

    def test_line_out_of_cpu(self) -> None:
        """A script that ran out of CPU time says on which line, if that is a number that a line can have."""
        self.assertEqual(
            heard({"kind": "out-of-cpu", "line": 3}), TimedOut(seconds=_CPU, of_cpu=True, line=3, timing=Timing())
        )
        for line in (-1, 1.5, "3", True, [3]):
            self.assertIsInstance(heard({"kind": "out-of-cpu", "line": line}), Failed, line)
