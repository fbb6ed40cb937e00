"""Several scripts in one process (C{--runs-per-process}), through the whole server."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import Running, serving, shared

_RUNS = 4
# What is left in a library is not put back, and so tells how many scripts a process has had.
_COUNT = "import matplotlib; n = matplotlib.left = getattr(matplotlib, 'left', 0) + 1\n"
_COUNTED = f"{_COUNT}response = n"
_DAEMON = "import time, threading; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
_STATE = """
import locale, os, random, sys, warnings, numpy
from matplotlib import pyplot as plt
response = {
    'rc': repr(plt.rcParams), 'figures': plt.get_fignums(), 'filters': repr(warnings.filters), 'cwd': os.getcwd(),
    'environment': dict(os.environ), 'files': os.listdir(), 'path': sys.path, 'locale': locale.setlocale(locale.LC_ALL),
}
if params: response = [random.random(), float(numpy.random.rand())]
random.seed(1); numpy.random.seed(1)
plt.rcParams['lines.linewidth'] = 17; plt.figure(); warnings.simplefilter('error')
open('file', 'w').write('x'); os.mkdir('folder'); os.chdir('folder'); os.environ['LEFT'] = 'x'
sys.path.append('x'); locale.setlocale(locale.LC_ALL, 'C'); print('printed')
"""


class RunsTests(SynchronousTestCase):
    """A server with one slot, whose processes have four scripts each."""

    def server(self, level: str | None = None) -> Running:
        """Return the server, with a process that has had no script yet."""
        server = shared("--slots", "1", "--runs-per-process", str(_RUNS), "--timeout", "3", level=level)
        self.fresh(server)
        return server

    def fresh(self, server: Running) -> None:
        """Let the server's process have so many scripts that the next one has another process."""
        while server.post(_COUNTED).body != str(_RUNS).encode():
            pass

    def counts(self, server: Running, scripts: int) -> list[int]:
        """Return which script of its process each of so many is."""
        return [int(server.post(_COUNTED).body) for _ in range(scripts)]

    def test_shared(self) -> None:
        """So many scripts have one process, and the next ones another."""
        self.assertEqual(self.counts(self.server(), 6), [1, 2, 3, 4, 1, 2])

    def test_not_shared(self) -> None:
        """Where nothing is said, each script has a process of its own."""
        self.assertEqual(self.counts(shared("--slots", "1"), 3), [1, 1, 1])

    def test_state(self) -> None:
        """What scripts usually change is as it was, at every level; random numbers differ; prints are its own."""
        for level in ("full", "confined", "none"):
            server = self.server(level)
            states = {server.post(_STATE).body for _ in range(_RUNS)}
            self.assertEqual(len(states), 1, level)
            self.assertEqual(json.loads(states.pop())["files"], [])
            numbers = [server.post(_STATE, "/?x=1").body for _ in range(_RUNS)]
            self.assertEqual(len(set(numbers)), _RUNS, level)
            told = [json.loads(server.post(_STATE, "/?format=json").body)["stdout"] for _ in range(2)]
            self.assertEqual(told, ["printed\n"] * 2)

    def test_pictures(self) -> None:
        """A picture is the same to the last byte, whichever script of its process draws it."""
        server = self.server()
        pictures = {server.post("import pylab; pylab.plot([1, 2, 4]); pylab.title('$x^2$')").body for _ in range(_RUNS)}

        self.assertEqual(len(pictures), 1)

    def test_failures(self) -> None:
        """A script that fails is told why; its process goes on only where the interpreter is still whole."""
        server = self.server()
        for source, status, said, count in (
            ("1/0", 422, "ZeroDivisionError", 2),
            ("import sys; sys.exit(3)", 422, "sys.exit(3)", 2),
            ("import os; os._exit(3)", 422, "exit status 3", 1),
            ("import os; os.abort()", 422, "SIGABRT", 1),
            ("while True: pass", 504, "3 s", 1),
            (_DAEMON, 422, "response", 1),
        ):
            reply = server.post(_COUNT + source, "/render")
            self.assertEqual(reply.status, status, reply.body)
            self.assertIn(said, reply.text, source)
            self.assertEqual(self.counts(server, 1), [count], source)
            self.fresh(server)

    def test_forged(self) -> None:
        """A script that writes into the channel of the next one's answer, once it is over, loses the process."""
        server = self.server()
        forging = (
            "import os\nclass Late:\n    def __del__(self, write=os.write):\n        for fd in range(3, 200):\n"
            "            try: write(fd, b'\\x06CPYR')\n            except OSError: pass\nlate = Late()\n"
        )
        self.assertEqual(server.post(f"{forging}response = 'x'").body, b"x")

        self.assertEqual(self.counts(server, 2), [1, 2])

    def test_one_client_after_the_other(self) -> None:
        """Many scripts through shared processes are all answered, each with its own answer."""
        with serving("--slots", "2", "--runs-per-process", "7") as server:
            for n in range(60):
                self.assertEqual(server.post(f"print({n}); response = '{n}'").body, str(n).encode())
