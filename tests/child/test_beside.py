"""Tests of L{cpyrender.child.beside}."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

from twisted.trial.unittest import SynchronousTestCase


class BesideTests(SynchronousTestCase):
    """L{cpyrender.child.beside.wait} and C{goes_on}, in interpreters of their own: what they end stays ended."""

    def printed(self, source: str) -> str:
        """Return what a script has printed when it has been waited for, and then."""
        script = f"import threading, time\nfrom cpyrender.child import beside\n{dedent(source)}"
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(run.stderr, "")
        return run.stdout

    def test_nothing(self) -> None:
        """Where there is nothing, nothing is waited for, and executors are as they were."""
        said = self.printed("""
            from concurrent.futures import ThreadPoolExecutor
            beside.wait()
            print(beside.goes_on(), ThreadPoolExecutor(1).submit(str, 5).result())
        """)
        self.assertEqual(said, "False 5\n")

    def test_threads(self) -> None:
        """A thread is waited for, and those that it begins; executors that have no part in it are as they were."""
        said = self.printed("""
            from concurrent.futures import ThreadPoolExecutor
            def second():
                time.sleep(0.2)
                print("second")
            def first():
                time.sleep(0.2)
                threading.Thread(target=second).start()
                print("first")
            threading.Thread(target=first).start()
            beside.wait()
            print("then", beside.goes_on(), ThreadPoolExecutor(1).submit(str, 5).result())
        """)
        self.assertEqual(said.split("\n")[-2], "then False 5")
        self.assertEqual(sorted(said.split()[:2]), ["first", "second"])

    def test_executors(self) -> None:
        """What an executor has been given is done, and its threads end; others could use it no more."""
        said = self.printed("""
            from concurrent.futures import ThreadPoolExecutor
            executor = ThreadPoolExecutor(2)
            for number in range(6):
                executor.submit(lambda: (time.sleep(0.1), print("done\\n", end="")))
            beside.wait()
            print("then", threading.active_count(), beside.goes_on())
        """)
        self.assertEqual(said, "done\n" * 6 + "then 1 True\n")

    def test_daemons(self) -> None:
        """Daemons are not waited for, but would be met by the next script; nor are threads that are not Python's."""
        said = self.printed("""
            import _thread
            threading.Thread(target=time.sleep, args=(50,), daemon=True).start()
            _thread.start_new_thread(time.sleep, (50,))
            beside.wait()
            print(beside.goes_on())
        """)
        self.assertEqual(said, "True\n")
