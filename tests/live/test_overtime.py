"""Scripts that run past their time, and are told on which of their lines they were."""

from __future__ import annotations

import json
import time

from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import Reply, Running, shared

_LEVELS = ("full", "confined", "none")
_SECONDS = 0.5
# A process has a moment to say where it is; on a busy machine it may not get a processor within that.
_TRIES = 10
_CALLS = """
import time

def wait(seconds):
    x = 1
    time.sleep(seconds)

def call():
    wait(60)

call()
"""
_REGULAR = "import re\nprint('begins')\nre.match(r'(a+)+$', 'a' * 40 + 'b')\n"
_LIBRARY = "import statistics\n\ndata = range(10**9)\nstatistics.variance(data)\n"
_MASKED = "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\ntime.sleep(60)"
_ANSWERING = "import signal, time\nsignal.signal(signal.SIGQUIT, lambda *_: 1 / 0)\ntime.sleep(60)"
_FORGING = (
    "import sys, time\nprint('Stack (most recent call first):\\n  File \"script.py\", line 77 in f', file=sys.stderr)\n"
    "time.sleep(60)"
)


class OvertimeTests(SynchronousTestCase):
    """A server that gives a script half a second."""

    def overtime(self, script: str, server: Running | None = None) -> dict[str, object]:
        """Post a script that runs past its time, and return what its client is told."""
        server = server or shared("--slots", "2")
        began = time.monotonic()
        reply: Reply = server.post(script, f"/render?timeout={_SECONDS}")
        self.assertGreaterEqual(time.monotonic() - began, _SECONDS, script)
        self.assertEqual((reply.status, reply.media_type), (504, "application/problem+json"), reply.body)
        told: dict[str, object] = json.loads(reply.body)
        where = f" on line {told['line']}" if "line" in told else ""
        self.assertEqual(told["detail"], f"the script ran past its time limit of {_SECONDS:g} s{where}")
        return told

    def told(self, script: str, server: Running | None = None) -> dict[str, object]:
        """Post a script until its client is told a line, and return what it is told."""
        for _ in range(_TRIES):
            told = self.overtime(script, server)
            if "line" in told:
                return told
        self.fail(f"{script}\nhas never said where it was")

    def test_line(self) -> None:
        """It is the script's own innermost line, in a loop, a wait, a function, and below a library, in C too."""
        for script, line in (
            ("\nwhile True: pass", 2),
            ("import time\ntime.sleep(60)", 2),
            (_CALLS, 6),
            (_REGULAR, 3),
            (_LIBRARY, 4),
        ):
            self.assertEqual(self.told(script)["line"], line, script)

    def test_levels(self) -> None:
        """It is told at every level of isolation, and by processes that scripts share."""
        for level in _LEVELS:
            for options in ((), ("--runs-per-process", "3")):
                told = self.told("\nimport time; time.sleep(60)", shared("--slots", "1", *options, level=level))
                self.assertEqual(told["line"], 2, (level, options))

    def test_calls(self) -> None:
        """The calls that led there are told with what was printed, and nothing of where the server lies."""
        told = self.told(_LIBRARY)

        self.assertEqual(told["stderr"], 'Stack (most recent call first):\n  File "script.py", line 4 in <module>\n')

    def test_prevented(self) -> None:
        """A script that sees to it that it cannot be asked is answered in time, without a line."""
        for script in (
            "import signal, time\nsignal.signal(signal.SIGQUIT, signal.SIG_IGN)\ntime.sleep(60)",
            "import signal, time\nsignal.signal(signal.SIGQUIT, signal.SIG_DFL)\ntime.sleep(60)",
            "import os, time\nos.close(2)\ntime.sleep(60)",
            "import sys\nwhile True: print('x' * 1000, file=sys.stderr)",
            _MASKED,
            _ANSWERING,
        ):
            self.assertNotIn("line", self.overtime(script), script)

    def test_stopped(self) -> None:
        """A script that has stopped itself, where it can, is answered in time, without a line."""
        told = self.overtime(
            "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", shared("--slots", "1", level="none")
        )
        self.assertNotIn("line", told)

    def test_forged(self) -> None:
        """What looks like a stack, and was printed before, is not taken for one."""
        self.assertEqual(self.told(_FORGING)["line"], 3)

    def test_out_of_cpu(self) -> None:
        """A script that has used up its CPU time is told on which line it did."""
        reply = shared("--slots", "1", "--cpu", "1").post("def f():\n    while True: pass\n\nf()", "/render")
        told = json.loads(reply.body)

        self.assertEqual((reply.status, told["line"]), (504, 2))
        self.assertEqual(told["detail"], "the script ran past its CPU time limit of 1 s on line 2")

    def test_asked_by_itself(self) -> None:
        """A script that sends itself the signal says where it is, and goes on."""
        server = shared("--slots", "2")
        reply = server.post("import os, signal\nos.kill(os.getpid(), signal.SIGQUIT)\nresponse = 'x'", "/?format=json")

        self.assertEqual(reply.status, 200, reply.body)
        self.assertIn('  File "script.py", line 2 in <module>\n', json.loads(reply.body)["stderr"])
