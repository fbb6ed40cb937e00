"""Tests of L{cpyrender.pool.ending}."""

import json
import signal

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.ending import Crash, Ending, Stack, own_frames


def parsed(status: int, cpu: float = 0.5, peak: int = 1 << 20) -> Ending:
    """Return what is made of a template's word on a wait status."""
    return Ending.parse(json.dumps({"status": status, "cpu": cpu, "peak": peak}).encode())


class EndingTests(SynchronousTestCase):
    """L{Ending}."""

    def test_exit_status(self) -> None:
        """The status of a process that exited is its code, and is called so."""
        ending = parsed(3 << 8)

        self.assertEqual((ending.code, str(ending)), (3, "exit status 3"))

    def test_signal(self) -> None:
        """A process that a signal ended has the signal's number below zero, and is called by its name."""
        ending = parsed(signal.SIGSEGV)

        self.assertEqual((ending.code, str(ending)), (-signal.SIGSEGV, "SIGSEGV"))

    def test_core_dumped(self) -> None:
        """That a core was dumped does not hide the signal."""
        self.assertEqual(str(parsed(signal.SIGABRT | 0x80)), "SIGABRT")

    def test_signal_without_name(self) -> None:
        """A real-time signal that has no name is called by its number."""
        self.assertEqual(str(parsed(signal.SIGRTMIN + 6)), f"signal {signal.SIGRTMIN + 6}")

    def test_use(self) -> None:
        """The seconds and bytes that a process used are kept as told."""
        ending = parsed(0, 1.25, 4096)

        self.assertEqual((ending.cpu, ending.peak), (1.25, 4096))


_REPORT = """\
Fatal Python error: {why}

Current thread 0x00007f0123456789 (most recent call first):
  File "/usr/lib/python3/numpy/linalg.py", line 500 in solve
  File "script.py", line {line} in f
  File "script.py", line 99 in <module>
"""


class CrashTests(SynchronousTestCase):
    """L{Crash}."""

    def crash(self, stderr: str, number: int = signal.SIGSEGV) -> Crash:
        """Return what is known of a process that a signal ended, and that wrote this."""
        return Crash.of(parsed(number), stderr)

    def test_line(self) -> None:
        """The innermost line of the script is that of the crash, and the kernel's word its signal."""
        self.assertEqual(self.crash("before\n" + _REPORT.format(why="Bus error", line=7)), Crash("SIGSEGV", 7))

    def test_no_report(self) -> None:
        """A crash of which the interpreter said nothing has no line."""
        for stderr in ("", 'Traceback\n  File "script.py", line 7, in f\n', "Fatal Python error: Bus error\n"):
            self.assertEqual(self.crash(stderr), Crash("SIGSEGV", None))

    def test_aborted(self) -> None:
        """A process that aborted is said to have done so, though in the end another signal had to end it."""
        self.assertEqual(self.crash(_REPORT.format(why="Aborted", line=7)), Crash("SIGABRT", 7))

    def test_last_report_counts(self) -> None:
        """Where a script printed what looks like a report, the interpreter's own comes after it and counts."""
        printed, real = _REPORT.format(why="Bus error", line=7), _REPORT.format(why="Bus error", line=8)

        self.assertEqual(self.crash(printed + real).line, 8)

    def test_line_that_is_none(self) -> None:
        """A line number that no script can have is none."""
        report = f'Fatal Python error: Bus error\n  File "script.py", line {"1" * 5000} in f\n'

        self.assertIsNone(self.crash(report).line)


_STACK = """\
Stack (most recent call first):
  File "/usr/lib/python3/re.py", line 500 in match
  File "script.py", line {line} in f
  File "script.py", line 99 in <module>
  File "/usr/lib/python3/cpyrender/child/script.py", line 180 in _run
"""


class StackTests(SynchronousTestCase):
    """L{Stack}."""

    def test_whole(self) -> None:
        """The innermost line of the script is where it is, and its outermost call is all there is to know."""
        self.assertEqual(Stack.of("before" + _STACK.format(line=7)), Stack(7, True))

    def test_as_it_comes(self) -> None:
        """A line is known as soon as it has been told in full, and all is told with the script's outermost call."""
        told = _STACK.format(line=71)
        known, whole = told.index("71 in") + len("71 in"), told.index("<module>\n") + len("<module>\n")
        for size in range(len(told)):
            self.assertEqual(Stack.of(told[:size]), Stack(71 if size >= known else None, size >= whole), size)

    def test_deep(self) -> None:
        """A stack of which Python tells only so many calls is whole then."""
        calls = '  File "/usr/lib/a.py", line 5 in g\n' * 99
        self.assertEqual(Stack.of(f"Stack (most recent call first):\n{calls}  ...\n"), Stack(None, True))
        calls = '  File "script.py", line 5 in g\n' * 100
        self.assertEqual(Stack.of(f"Stack (most recent call first):\n{calls}  ...\n"), Stack(5, True))

    def test_nothing_told(self) -> None:
        """What only looks like a call of the script's, with no word that a stack follows, says nothing."""
        for stderr in ("", 'Traceback\n  File "script.py", line 7 in <module>\n', _REPORT.format(why="", line=7)):
            self.assertEqual(Stack.of(stderr), Stack(None, False), stderr)

    def test_last_counts(self) -> None:
        """Where a script printed what looks like a stack, that of its process comes after it and counts."""
        self.assertEqual(Stack.of(_STACK.format(line=7) + _STACK.format(line=8)), Stack(8, True))


class OwnFramesTests(SynchronousTestCase):
    """L{own_frames}."""

    def test_report(self) -> None:
        """Of the interpreter's report on a crash, the reason and the script's frames are kept."""
        report = _REPORT.format(why="Bus error", line=7) + "\nExtension modules: numpy._core (total: 1)\n"

        self.assertEqual(
            own_frames(f"printed\n{report}"),
            "printed\nFatal Python error: Bus error\n\nCurrent thread 0x00007f0123456789 (most recent call first):\n"
            '  File "script.py", line 7 in f\n  File "script.py", line 99 in <module>\n',
        )

    def test_stack(self) -> None:
        """Of where a process said it was, the script's frames are kept, and nothing at all where there are none."""
        self.assertEqual(
            own_frames("printed\n" + _STACK.format(line=7)),
            "printed\nStack (most recent call first):\n"
            '  File "script.py", line 7 in f\n  File "script.py", line 99 in <module>\n',
        )
        strange = 'Stack (most recent call first):\n  File "/usr/lib/a.py", line 5 in g\n'
        self.assertEqual(own_frames(f"printed\n{strange}"), "printed\n")

    def test_cut(self) -> None:
        """Of a report that is cut, wherever that is, nothing is left of where this server and Python lie."""
        report = _REPORT.format(why="Bus error", line=7) + "\nExtension modules: numpy._core (total: 1)\n"
        for size in range(len(report)):
            told = own_frames(report[:size])
            self.assertNotRegex(told, "usr|numpy", size)
            self.assertEqual("line 7 in f\n" in told, "line 7 in f\n" in report[:size], size)

    def test_what_a_script_printed(self) -> None:
        """What is no such report is kept as it is, tracebacks too."""
        printed = 'Traceback (most recent call last):\n  File "/a/b.py", line 5, in g\nExtension modules: none\n'

        self.assertEqual(own_frames(printed), printed)
