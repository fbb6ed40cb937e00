"""L{Signals}: what a process does on a signal, while it is asked to."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorFromThreads


class Signals:
    """Calls in the reactor's own time what is to happen on a signal.

    The reactor has handlers of its own for SIGTERM and SIGINT, put up when it starts to run; a second signal only makes
    it complain that it is stopping already. So whoever wants to hear a second one has to ask when the first has come.
    """

    def __init__(self, reactor: IReactorFromThreads) -> None:
        self._reactor = reactor
        self._before: dict[signal.Signals, Any] = {}

    def hear(self, number: signal.Signals, call: Callable[[], object]) -> None:
        """Call this on the signal, instead of what was to be called.

        Python lets only its main thread ask for signals (L{signal.signal}); in another, none are heard.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        # A handler may interrupt anything; what it calls is not to find it half done.
        before = signal.signal(number, lambda *_: self._reactor.callFromThread(call))
        self._before.setdefault(number, before)

    def give_back(self) -> None:
        """Let happen again what happened before."""
        while self._before:
            number, before = self._before.popitem()
            signal.signal(number, before)
