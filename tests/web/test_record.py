"""Tests of L{cpyrender.web.record}."""

from __future__ import annotations

import io
import json

from twisted.internet.testing import EventLoggingObserver
from twisted.logger import Logger, eventAsText, jsonFileLogObserver
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.values import Cause, Drawn, Failed, Log, Outcome, Output, Refused, TimedOut
from cpyrender.web import record
from tests.web.requests import arrived

DRAWN = Drawn(outputs=(Output(data=b"x", media_type="image/png"),))


class RecordTests(SynchronousTestCase):
    """L{record.write}."""

    def event(self, outcome: Outcome | None, path: bytes | None = None) -> dict[str, object]:
        """Return what is logged of a request that came to this."""
        request, connection = arrived("POST", "/a?secret=1", "X-Request-Id: me", body=b"secret")
        self.addCleanup(connection.leave)
        request.path = path or request.path
        if outcome is not None:
            record.note(request, outcome)
        seen = EventLoggingObserver()
        record.write(Logger("tests", observer=seen), request, 0.25)
        (event,) = list(seen)
        self.text = eventAsText(event, includeTimestamp=False, includeSystem=False)
        return event

    def test_drawn(self) -> None:
        """A script that was drawn is one line at level info."""
        event = self.event(DRAWN)
        self.assertEqual(self.text, "POST /a 200 none drawn 0.250 s 0 bytes to 127.0.0.1 [me]")
        self.assertEqual(event["log_level"].name, "info")

    def test_failed(self) -> None:
        """A script that failed is a warning with its exception and its line, and not a word of its text or output."""
        event = self.event(
            Failed(
                cause=Cause.RAISED,
                message="secret",
                exception="ValueError",
                line=7,
                source="secret",
                traceback="secret",
                log=Log(stdout="secret"),
            )
        )
        self.assertEqual(self.text, "POST /a 200 none raised 0.250 s 0 bytes to 127.0.0.1 [me] ValueError on line 7")
        self.assertEqual(event["log_level"].name, "warn")
        self.assertNotIn("secret", repr(event))

    def test_named_by_the_script(self) -> None:
        """An exception whose name could forge a line of the log is not named."""
        for name in ("a\nb", "a b", "\x1b[31m", "x" * 81, "\xe9", ""):
            self.event(Failed(cause=Cause.RAISED, message="", exception=name))
            self.assertRegex(self.text, r" [?-] on line -$")
        self.event(Failed(cause=Cause.RAISED, message="", exception="numpy.linalg.LinAlgError"))
        self.assertIn(" numpy.linalg.LinAlgError on line -", self.text)

    def test_others(self) -> None:
        """One that took too long is a warning; one that was never run, and a request without a script, are not."""
        levels = [self.event(outcome)["log_level"].name for outcome in (TimedOut(seconds=1), Refused(reason=""), None)]
        self.assertEqual(levels, ["warn", "info", "info"])
        self.assertIn(" none - 0.250 s", self.text)

    def test_line_out_of_time(self) -> None:
        """Of one that took too long, the line tells on which of its own it was."""
        event = self.event(TimedOut(seconds=1, line=3))
        self.assertRegex(self.text, r" - on line 3$")
        self.assertEqual((event["exception"], event["line"]), ("-", 3))

    def test_odd_words(self) -> None:
        """What is asked for cannot forge a line of the log, or fill it."""
        self.event(None, path=b"/\x1b[31m\xe9\x85\n")
        self.assertIn("POST /\\x1b[31m\\\\xe9\\\\x85\\n 200", self.text)
        self.event(None, path=b"/" + b"x" * 5000)
        self.assertLess(len(self.text), 400)

    def test_json(self) -> None:
        """As JSON, each field is there by its name, with its own type."""
        event = self.event(Failed(cause=Cause.MEMORY, message="", exception="MemoryError", line=3))
        written = io.StringIO()
        jsonFileLogObserver(written, "")(event)
        told = json.loads(written.getvalue())
        for name, value in (
            ("method", "POST"),
            ("path", "/a"),
            ("status", 200),
            ("door", "none"),
            ("outcome", "memory"),
            ("seconds", 0.25),
            ("bytes", 0),
            ("client", "127.0.0.1"),
            ("id", "me"),
            ("exception", "MemoryError"),
            ("line", 3),
        ):
            self.assertEqual(told[name], value, name)
