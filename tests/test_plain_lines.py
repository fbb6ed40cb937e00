"""Tests of L{cpyrender.plain_lines}: beside what Twisted makes of the same events."""

from __future__ import annotations

import io
import os
import time

from twisted.logger import (
    FileLogObserver,
    LogEvent,
    Logger,
    LogLevel,
    LogPublisher,
    formatEventAsClassicLogText,
    jsonFileLogObserver,
    textFileLogObserver,
)
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.plain_lines import PlainLines, use_in

EVENT: LogEvent = {
    "log_format": "POST / 200",
    "log_level": LogLevel.warn,
    "log_namespace": "cpyrender.web",
    "log_time": 1764282345.75,
}


class PlainLinesTests(SynchronousTestCase):
    """L{PlainLines}."""

    def setUp(self) -> None:
        """Count those events that it leaves to Twisted."""
        self.left: list[LogEvent] = []

        def otherwise(event: LogEvent) -> str | None:
            self.left.append(event)
            return formatEventAsClassicLogText(event)

        self.lines = PlainLines(otherwise)

    def check(self, plain: bool, **changes: object) -> None:
        """An event has the line that Twisted gives it, and was left to Twisted or not."""
        event = {**EVENT, **changes}
        self.left.clear()
        self.assertEqual(self.lines(event), formatEventAsClassicLogText(event))
        self.assertEqual(self.left, [] if plain else [event])

    def test_plain(self) -> None:
        """One whose text stands as it is."""
        self.check(True)
        self.check(True, log_format="\N{SNOWMAN} \x1b[31m\r\t", more=1)
        self.check(True, log_level=LogLevel.critical, log_namespace="")

    def test_time(self) -> None:
        """The second is that of Twisted, also where it is reached by rounding, and when a clock has been set back."""
        for when in (0.0, 5.0, 5.999999, 5.9999995, 5.9999996, 6, 4.2, 1.7e9 + 0.9999999, 4e9):
            self.check(True, log_time=when)

    def test_summer(self) -> None:
        """So is the time zone, on either side of where it changes."""
        self.patch_zone()
        for when in (1774745999.0, 1774746000.0, 1774745999.9, 1792889999.5, 1792890000.0):
            self.check(True, log_time=when)
        self.assertIn("+0100", self.lines({**EVENT, "log_time": 1774745999.0}) or "")
        self.assertIn("+0200", self.lines({**EVENT, "log_time": 1774746000.0}) or "")

    def patch_zone(self) -> None:
        """Be in a zone that has summer time, whatever this machine is set to."""
        before = os.environ.get("TZ")

        def restore() -> None:
            if before is None:
                os.environ.pop("TZ", None)
            else:
                os.environ["TZ"] = before
            time.tzset()

        self.addCleanup(restore)
        os.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
        time.tzset()

    def test_filled_in(self) -> None:
        """What is to be filled in is left to Twisted, and so are braces and what has several lines."""
        self.check(False, log_format="{what} is left", what="this")
        self.check(False, log_format="{{}}")
        self.check(False, log_format="a } alone")
        self.check(False, log_format="one\ntwo")
        self.check(False, log_format=b"bytes")
        self.check(False, log_format="")
        self.check(False, log_format=None)

    def test_more(self) -> None:
        """So is an event with a traceback, or that says itself what it comes from."""
        self.check(False, log_failure=Failure(ValueError("it")))
        self.check(False, log_system="a system")

    def test_less(self) -> None:
        """So is one that does not say what every event of a logger does."""
        for name in EVENT:
            event = {key: value for key, value in EVENT.items() if key != name}
            self.left.clear()
            self.assertEqual(self.lines(event), formatEventAsClassicLogText(event))
            self.assertEqual(self.left, [event])
        self.check(False, log_level=None)
        self.check(False, log_time=None)


class UseInTests(SynchronousTestCase):
    """L{use_in}."""

    def written(self, observer: FileLogObserver, file: io.StringIO) -> str:
        """Return what an observer has written of a line, told by a logger."""
        Logger("tests", observer=LogPublisher(observer)).info("a line")
        return file.getvalue()

    def test_lines(self) -> None:
        """An observer that writes lines as Twisted does is told how; the lines are the same."""
        file = io.StringIO()
        observer = textFileLogObserver(file)
        use_in([observer])
        self.assertIsInstance(observer.formatEvent, PlainLines)
        self.assertRegex(self.written(observer, file), r"^\d{4}-\d\d-\d\dT[\d:]{8}[+-]\d{4} \[tests#info\] a line\n$")

    def test_once(self) -> None:
        """Who is told once more has nothing before it that was there already."""
        observer = textFileLogObserver(io.StringIO())
        use_in([observer])
        once = observer.formatEvent
        use_in([observer])
        self.assertIs(observer.formatEvent, once)

    def test_others(self) -> None:
        """Observers that write something else are left as they are."""
        for make in (jsonFileLogObserver, lambda file: textFileLogObserver(file, timeFormat="%H")):
            observer = make(io.StringIO())
            before = observer.formatEvent
            use_in([observer])
            self.assertIs(observer.formatEvent, before)
        use_in([lambda event: None])
