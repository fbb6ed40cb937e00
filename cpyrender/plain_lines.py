"""Lines of the log as Twisted writes them, in a tenth of the steps where their text stands as it is.

Each request has such a line (L{cpyrender.web.record}), for which L{twisted.logger} goes through some sixty functions,
most of which nothing else uses: they are in no cache of the processor any more when a script has been run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter

from twisted.logger import FileLogObserver, ILogObserver, LogEvent, LogLevel, formatTime

_Formatter = Callable[[LogEvent], str | None]

# What a line is made of, and what stands in an event whose line consists of more than that, or of something else.
_parts = itemgetter("log_format", "log_level", "log_namespace", "log_time")
_MORE = frozenset({"log_failure", "log_flattened", "log_system"})
_SAMPLE: LogEvent = {
    "log_format": "a line",
    "log_level": LogLevel.info,
    "log_namespace": "cpyrender",
    "log_time": 1_000_000_000.25,
}


class PlainLines:
    """Formats events as L{twisted.logger.textFileLogObserver} does."""

    def __init__(self, otherwise: _Formatter) -> None:
        """
        @param otherwise: formats events that are more than a text, a level, a time, and where they come from.
        """
        self._otherwise = otherwise
        self._second = 0
        self._stamp = formatTime(0)

    def __call__(self, event: LogEvent) -> str | None:
        """Return the line for an event; L{None} where there is none."""
        try:
            text, level, namespace, time = _parts(event)
        except KeyError:
            return self._otherwise(event)
        filled_in = type(text) is not str or not text or "{" in text or "}" in text or "\n" in text
        if filled_in or level is None or time is None or not _MORE.isdisjoint(event):
            return self._otherwise(event)
        # Rounded as it is for the stamp, which has whole seconds.
        second = int(round(time, 6))
        if second != self._second:
            self._second, self._stamp = second, formatTime(second)
        return f"{self._stamp} [{namespace}#{level.name}] {text}\n"


def use_in(observers: Iterable[ILogObserver]) -> None:
    """Have those observers format plainly that write lines to a file as Twisted does if nothing else is said."""
    for observer in observers:
        # Others write something else: JSON, or another form of time.
        if type(observer) is not FileLogObserver or isinstance(observer.formatEvent, PlainLines):
            continue
        plain = PlainLines(observer.formatEvent)
        if plain(_SAMPLE) == observer.formatEvent(_SAMPLE):
            observer.formatEvent = plain
