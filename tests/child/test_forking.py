"""Tests of L{cpyrender.child.forking}."""

import ctypes
import json
import os
import random
import sys
import threading

import matplotlib.font_manager
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
        with self.hooks.noted():
            os.register_at_fork(after_in_child=threading._after_fork)
            os.register_at_fork(after_in_child=random.seed)
            os.register_at_fork(after_in_child=matplotlib.font_manager._get_font.cache_clear)
        self.patch(sys, "_current_frames", lambda: {1: None})

        self.assertEqual((self.hooks.strangers, self.registered), (set(), ["after_in_child"] * 3))
        self.assertIs(self.hooks.forker(), forking.fork)

    def test_of_others(self) -> None:
        """What another module wants done is done: Python forks."""
        with self.hooks.noted():
            os.register_at_fork(before=self.setUp, after_in_parent=self.setUp)

        self.assertEqual(self.hooks.strangers, {__name__})
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
