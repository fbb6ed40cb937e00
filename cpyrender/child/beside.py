"""What a script has going on beside its main thread: Python waits for that before it ends, and so does its answer."""

from __future__ import annotations

import sys
import threading
from _thread import _count as other_threads

# Of executors: where their threads are kept, and that they take nothing more.
_EXECUTORS = (
    ("concurrent.futures.thread", "_threads_queues", "_shutdown"),
    ("concurrent.futures.process", "_threads_wakeups", "_global_shutdown"),
)


def wait() -> None:
    """Wait for all threads that are no daemons, and for what executors have been given, as Python does at its end.

    What they still begin meanwhile is waited for as well. The script's time goes on.
    """
    while other_threads():
        if any(getattr(sys.modules.get(module), threads, None) for module, threads, _ in _EXECUTORS):
            # They wait for more until they are told that there will be none.
            for end in reversed(getattr(threading, "_threading_atexits", ())):
                end()
        found = [one for one in threading.enumerate() if not one.daemon and one is not threading.current_thread()]
        if not found:
            return
        for thread in found:
            thread.join()


def goes_on() -> bool:
    """Whether there is anything left that another script in this process would meet: threads, or ended executors."""
    ended = (getattr(sys.modules.get(module), flag, False) for module, _, flag in _EXECUTORS)
    return bool(other_threads()) or any(ended)
