"""Tests of L{cpyrender.child.forking}."""

import ctypes
import json
import os
import sys
import threading

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import forking
from tests.child.apart import run_apart

_LIVES = """
import json, logging, os, random, sys, threading
from cpyrender.child.forking import fork
read, write = os.pipe()
for _ in range(2):
    if fork() == 0:
        found = []
        thread = threading.Thread(target=lambda: found.append(threading.get_native_id()))
        thread.start()
        thread.join()
        logging.getLogger("x").warning("from a child")
        import wave
        same = threading.current_thread() is threading.main_thread()
        signal = __import__("signal")
        signal.signal(signal.SIGALRM, lambda *_: found.append("signal"))
        signal.raise_signal(signal.SIGALRM)
        os.write(write, json.dumps([os.getpid(), os.getppid(), len(found), same, found[-1]]).encode() + b"\\n")
        sys.exit(7)
    pid, status = os.wait()
    os.write(write, json.dumps([pid, os.getpid(), os.waitstatus_to_exitcode(status)]).encode() + b"\\n")
os.close(write)
with open(read) as lines:
    print(json.dumps([json.loads(line) for line in lines]))
"""

_LIBRARY = """
import json, os, sys
from cpyrender.child import forking
hooks, seen, register = forking.Hooks(), [], os.register_at_fork
def see(**calls):
    seen.append(sys._getframe(2).f_globals["__name__"])
    register(**calls)
os.register_at_fork = see
for name in ("threading", "logging", "random"):
    sys.modules.pop(name, None)
with hooks.noted():
    import asyncio, concurrent.futures.thread, logging, matplotlib.font_manager, random, threading
print(json.dumps([sorted(hooks.strangers), sorted(set(seen)), hooks.forker() is forking.fork]))
"""


class ForkTests(SynchronousTestCase):
    """L{forking.fork}."""

    def test_lives(self) -> None:
        """A child is a whole Python: it starts threads, logs, imports, hears signals, and ends as it says."""
        said = json.loads(run_apart(_LIVES))

        for child, parent in zip(said[::2], said[1::2], strict=True):
            self.assertEqual((child[0], child[1], parent[2]), (parent[0], parent[1], 7))
            self.assertEqual(child[2:], [2, True, "signal"])

    def test_no_more_processes(self) -> None:
        """A process that cannot be forked is told why."""

        def full() -> int:
            ctypes.set_errno(11)
            return -1

        self.patch(forking, "_plain_fork", full)

        self.assertIn("temporarily unavailable", str(self.assertRaises(BlockingIOError, forking.fork)))


class HooksTests(SynchronousTestCase):
    """L{forking.Hooks}."""

    def setUp(self) -> None:
        self.hooks = forking.Hooks()
        self.registered: list[str] = []
        self.patch(os, "register_at_fork", lambda **calls: self.registered.extend(calls))

    def test_of_the_library(self) -> None:
        """What makes locks anew, or seeds, or closes fonts, need not be done: a process of one thread forks quickly."""
        strangers, seen, quickly = json.loads(run_apart(_LIBRARY))

        self.assertEqual((strangers, quickly), ([], True))
        self.assertLessEqual(
            {"concurrent.futures.thread", "logging", "matplotlib.font_manager", "random", "threading"}, set(seen)
        )

    def test_of_others(self) -> None:
        """What another module wants done is done, be it with a thing of the library's: Python forks."""
        with self.hooks.noted():
            os.register_at_fork(before=threading.Lock().acquire, after_in_parent=self.setUp)

        self.assertEqual((self.hooks.strangers, self.registered), ({__name__}, ["before", "after_in_parent"]))
        self.assertIs(self.hooks.forker(), os.fork)

    def test_several_threads(self) -> None:
        """Where a module has started a thread, Python forks."""
        self.patch(sys, "_current_frames", lambda: {1: None, 2: None})

        self.assertIs(self.hooks.forker(), os.fork)

    def test_not_noted(self) -> None:
        """Afterwards, and also where an import fails, hooks are registered as before."""
        before = os.register_at_fork
        with self.assertRaises(ImportError), self.hooks.noted():
            raise ImportError

        self.assertIs(os.register_at_fork, before)
