"""Tests of L{cpyrender.child.series} and L{cpyrender.child.state}, with a process that serves several scripts."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.folder import remove_folder
from cpyrender.pool import spare, whereabouts
from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.conversation import Conversation, ConversationLimits
from cpyrender.pool.spare import Spare
from cpyrender.values import Cause, Drawn, Failed, Ran, Submission, TimedOut
from tests.child.apart import begin_apart

_SERVE = """
import os, sys
os.chdir(sys.argv[1])
from cpyrender.child import backends
from cpyrender.child.series import serve_many
from cpyrender.child import whereabouts
whereabouts.tell()
result, runs, memory = map(int, sys.argv[2:5])
serve_many(result=result, runs=runs, cpu=float(sys.argv[5]), memory=memory, legacy=True, refusing=False)
"""
_LIMITS = ConversationLimits(seconds=60, cpu=60, output=1 << 20, log=1 << 16)

# What one script does, and where the next would see it.
_LEFT = (
    ("import pylab; pylab.figure()", "from matplotlib import pyplot\nresponse = pyplot.get_fignums()"),
    (
        "from matplotlib import pyplot; pyplot.rcParams['lines.linewidth'] = 17; pyplot.style.use('ggplot')",
        "import matplotlib; response = repr(matplotlib.rcParams)",
    ),
    ("import matplotlib; matplotlib.use('svg')", "import matplotlib; response = matplotlib.get_backend()"),
    (
        "import matplotlib; matplotlib.colormaps.register(matplotlib.colormaps['jet'], name='mine')",
        "import matplotlib; response = 'mine' in matplotlib.colormaps",
    ),
    ("import warnings; warnings.simplefilter('ignore')", "import warnings; response = repr(warnings.filters)"),
    ("import warnings; warnings.showwarning = print", "import warnings; response = warnings.showwarning.__name__"),
    ("import numpy; numpy.seterr(all='raise')", "import numpy; response = numpy.geterr()"),
    ("import numpy; numpy.set_printoptions(2)", "import numpy; response = repr(numpy.get_printoptions())"),
    ("import os; os.mkdir('d'); os.chdir('d')", "import os; response = [os.getcwd(), os.listdir()]"),
    ("import os; os.environ.clear(); os.environ['X'] = 'y'", "import os; response = dict(os.environ)"),
    (
        "import os, time; os.environ['TZ'] = 'Asia/Kabul'; time.tzset()",
        "import time; response = time.localtime(0).tm_hour",
    ),
    ("import sys; sys.argv.append('x'); sys.path.append('x')", "import sys; response = [sys.argv, sys.path]"),
    ("import sys; sys.setrecursionlimit(200)", "import sys; response = sys.getrecursionlimit()"),
    ("import sys; sys.excepthook = sys.displayhook = print", "import sys; response = repr(sys.excepthook)"),
    ("import sys; sys.settrace(lambda *_: None)", "import sys; response = repr(sys.gettrace())"),
    ("import sys; sys.stdout = sys.stderr = None", "import sys; response = repr([sys.stdout, sys.stderr])"),
    ("import os; os.dup2(os.open('f', 64 | 1), 1)", "import os, stat; response = stat.S_ISFIFO(os.fstat(1).st_mode)"),
    (
        "import locale; locale.setlocale(locale.LC_ALL, 'C')",
        "import locale; response = locale.setlocale(locale.LC_ALL)",
    ),
    ("import os; os.umask(0o777)", "import os; response = os.umask(0)"),
    ("import signal; signal.signal(signal.SIGTERM, print)", "import signal; response = repr(signal.getsignal(15))"),
    ("import signal; signal.alarm(1)", "import signal; response = signal.getitimer(signal.ITIMER_REAL)[0] > 0"),
    (
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF])",
        "import signal; response = repr(signal.pthread_sigmask(signal.SIG_BLOCK, ()))",
    ),
    ("import gc; gc.disable(); gc.set_threshold(1)", "import gc; response = [gc.isenabled(), gc.get_threshold()[0]]"),
    (
        "import logging; logging.basicConfig(level=0); logging.disable()",
        "import logging as l; response = [l.root.level, len(l.root.handlers), l.root.manager.disable]",
    ),
    ("import StringIO; left = 1", "import builtins; response = [repr(builtins.__import__), 'left' in globals()]"),
    ("import __main__; __main__.left = 1", "import __main__; response = hasattr(__main__, 'left')"),
)

_ODD_FOLDER = r"""
import os
here = os.getcwd()
os.mkdir('shut', 0)
os.mkdir('deep'); os.chdir('deep')
for _ in range(1500): os.mkdir('d'); os.chdir('d')
os.chdir(here)
os.symlink('/', 'link'); os.symlink('nowhere', 'dangling'); os.mkfifo('fifo')
for name in ('a\nb', '-rf', '\udcff', 'n' * 255): open(name, 'w').write('x')
os.chmod('a\nb', 0); os.chmod('.', 0)
response = 'x'
"""


class SeriesCase(SynchronousTestCase):
    """Has a process, and the server's side of it."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)
        self.addCleanup(remove_folder, str(self.folder))
        # On a busy machine, a thousand folders take a while.
        self.patch(spare, "_MS_TO_CLEAR", 60_000)
        self.cancellation = Cancellation()
        self.addCleanup(self.cancellation.close)

    def begin(self, runs: int = 1000, memory: int = 1 << 30, cpu: float = 60.0) -> None:
        """Start the process."""
        (from_result, result), (ended, ending) = os.pipe(), os.pipe()
        arguments = self.folder, result, runs, memory, cpu
        self.process = begin_apart(_SERVE, *arguments, fds=(result,))
        os.close(result)
        pipes = [self.process.stdin, self.process.stdout, self.process.stderr]
        script, stdout, stderr = (os.dup(pipe.fileno()) for pipe in pipes)
        for pipe in pipes:
            pipe.close()
        for fd in (script, from_result, stdout, stderr, ended):
            os.set_blocking(fd, False)
        pidfd = os.pidfd_open(self.process.pid)
        self.spare = Spare(None, script, from_result, stdout, stderr, ended, pidfd, runs)
        self.addCleanup(self.process.wait)
        self.addCleanup(os.close, ending)
        self.addCleanup(self.spare.remove)

    def run_script(self, source: str, seconds: float = 20, **more: object) -> tuple[Ran, bool]:
        """Run a script, and return what came of it, and whether the process lives on."""
        limits = evolve(_LIMITS, seconds=seconds)
        submission = Submission(script=source.encode(), **more)
        conversation = Conversation(self.spare, submission, limits, self.cancellation)
        outcome = conversation.run()
        if conversation.may_go_on:
            self.spare.kept()
        return outcome, conversation.may_go_on

    def response(self, source: str, **more: object) -> bytes:
        """Run a script that gives something back, after which the process is ready for the next, and return it."""
        outcome, goes_on = self.run_script(source, **more)
        self.assertIsInstance(outcome, Drawn, f"{source} {outcome}")
        self.assertTrue(goes_on, source)
        self.assertTrue(self.spare.ready(), source)
        return bytes(outcome.outputs[0].data)

    def assertEnds(self, source: str) -> Ran:
        """Run a script after which the process takes no other one, and return what came of it."""
        outcome, goes_on = self.run_script(source)
        self.assertFalse(goes_on and self.spare.ready(), source)
        return outcome


class StateTests(SeriesCase):
    """What one script leaves, the next does not find."""

    def test_put_back(self) -> None:
        """Figures, settings, filters, folders, variables, streams, signals: all is as it was before the script."""
        self.begin()
        for change, look in _LEFT:
            before = self.response(look)
            self.response(f"{change}\nresponse = ''")
            self.assertEqual(self.response(look), before, change)

    def test_changed_at_all(self) -> None:
        """Each of these changes can be seen by the script that makes it, and so has been put back by the other test."""
        self.begin()
        for change, look in _LEFT:
            self.assertNotEqual(self.response(f"{change}\n{look}"), self.response(look), change)

    def test_random_numbers(self) -> None:
        """Random numbers differ, whatever they were seeded with before."""
        self.begin()
        look = "response = [random.random(), float(numpy.random.rand())]"
        script = f"import numpy, random\n{look}\nrandom.seed(1); numpy.random.seed(1)"

        self.assertEqual(len({self.response(script) for _ in range(3)}), 3)

    def test_odd_folder(self) -> None:
        """The folder is empty for the next script, whatever has been in it, and nothing beyond it is touched."""
        self.begin()
        beside = self.folder.parent / "beside"
        beside.mkdir()
        self.response(f"import os; os.symlink({str(beside)!r}, 'out')\n{_ODD_FOLDER}")

        self.assertEqual(self.response("import os; response = os.listdir()"), b"[]")
        self.assertTrue(beside.exists())

    def test_asked(self) -> None:
        """A script that runs past its time tells where it is, whatever an earlier one has done about that."""
        # A busy machine may not let it do so within a moment.
        self.patch(whereabouts, "_SECONDS_TO_SAY", 60.0)
        for change in (
            "signal.signal(signal.SIGQUIT, signal.SIG_IGN)",
            "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGQUIT])",
            "faulthandler.unregister(signal.SIGQUIT)",
            "faulthandler.register(signal.SIGQUIT, open('f', 'w'))",
        ):
            self.begin()
            self.response(f"import faulthandler, signal; {change}\nresponse = ''")
            outcome, goes_on = self.run_script("import time\ntime.sleep(60)", seconds=0.3)
            self.assertIsInstance(outcome, TimedOut)
            self.assertEqual((outcome.line, goes_on), (2, False), change)

    def test_own_modules(self) -> None:
        """A module that came as a file is the next script's own, under the same name."""
        self.begin()
        for text in (b"x = 1", b"x = 22", b"x = 3"):
            files = {"brought.py": text, "p.py": b"import brought"}
            self.assertEqual(self.response("import p; response = p.brought.x", files=files), text[4:])
        outcome, goes_on = self.run_script("import brought")

        self.assertEqual((outcome.exception, goes_on), ("ModuleNotFoundError", True))

    def test_printed(self) -> None:
        """What a script still had to print when it ended is not found among what the next one prints."""
        self.begin()
        self.response(
            "f = open(1, 'w', closefd=False); f.write('late'); g = f, globals()\nprint('first')\nresponse = 1"
        )
        outcome, _ = self.run_script("print('second')")

        self.assertEqual(outcome.log.stdout, "second\n")


class SeriesTests(SeriesCase):
    """How long it goes on."""

    def pid(self) -> bytes:
        return self.response("import os; response = os.getpid()")

    def test_nothing_to_do(self) -> None:
        """A process whose server sends no script ends without a word, be it at the first or later."""
        for scripts in (0, 2):
            self.begin()
            for _ in range(scripts):
                self.pid()
            os.dup2(self.spare.ended, self.spare.script)
            self.assertEqual((self.process.wait(), os.read(self.spare.stderr, 99)), (0, b""))

    def test_count(self) -> None:
        """After so many scripts the process says that it takes no more."""
        self.begin(runs=3)
        self.assertEqual(len({self.pid(), self.pid()}), 1)
        outcome, goes_on = self.run_script("response = 'last'")

        self.assertEqual((outcome.outputs[0].data, goes_on), (b"last", False))

    def test_failures(self) -> None:
        """A script that fails, in any way that leaves the interpreter whole, ends no more than itself."""
        self.begin()
        for source, cause in (
            ("1/0", Cause.RAISED),
            ("x = (", Cause.RAISED),
            ("import sys; sys.exit(3)", Cause.EXITED),
            ("pass", Cause.NO_RESPONSE),
            ("raise KeyboardInterrupt", Cause.RAISED),
            ("bytes(1 << 60)", Cause.MEMORY),
        ):
            outcome, goes_on = self.run_script(source)
            self.assertEqual((outcome.cause, goes_on, self.spare.ready()), (cause, True, True), source)

    def test_broken(self) -> None:
        """A script under which nothing works any more is told so, and there is no next one in its process."""
        for source in (
            "import builtins; builtins.__dict__.clear()",
            "import sys; sys._getframe(1).f_globals.clear()",
            "from cpyrender import wire; wire.pack = None",
        ):
            self.begin()
            self.assertIn("broke", self.assertEnds(source).message)

    def test_broken_afterwards(self) -> None:
        """A script that breaks what puts things back has its answer, and there is no next one in its process."""
        for source in (
            "from cpyrender.child import state; state.gc = None",
            "import os, matplotlib.pyplot; os.rmdir(os.getcwd())",
            "import os; here = os.getcwd(); os.rename(here, here + '-moved')",
            "import signal; signal.setitimer = None",
            "import sys; sys.modules.clear()",
        ):
            self.folder.mkdir(exist_ok=True)
            self.begin()
            self.assertIsInstance(self.assertEnds(f"{source}\nresponse = b'x'"), Drawn | Failed, source)

    def test_left_at_work(self) -> None:
        """Where a thread or a process has been left behind, the answer says that there is no next one."""
        for source in (
            "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
            "import _thread, time; _thread.start_new_thread(time.sleep, (60,))",
            "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
            "import subprocess; left = subprocess.Popen(['sleep', '60']).pid",
            "import os, time\nleft = os.fork()\nif not left: time.sleep(60)",
        ):
            self.begin()
            outcome, goes_on = self.run_script(f"left = 0\n{source}\nresponse = left")
            left = int(bytes(outcome.outputs[0].data))
            if left:
                os.kill(left, signal.SIGKILL)
            self.assertFalse(goes_on, source)

    def test_waited_for(self) -> None:
        """Threads that have been waited for are no hindrance; executors are, which take nothing more."""
        for source, expected in (
            ("threading.Thread(target=late).start()", True),
            ("ThreadPoolExecutor(1).submit(late)", False),
        ):
            self.begin()
            script = (
                "import threading, time\nfrom concurrent.futures import ThreadPoolExecutor\n"
                f"def late():\n    global response\n    time.sleep(1)\n    response = 'x'\n{source}"
            )
            outcome, goes_on = self.run_script(script)
            self.assertIsInstance(outcome, Drawn, repr(outcome))
            self.assertEqual((bytes(outcome.outputs[0].data), goes_on), (b"x", expected), source)

    def test_too_much_held(self) -> None:
        """Where memory or open files have been left behind, there is no next one."""
        for source in (
            "import sys; sys.held = bytearray(300 << 20)",
            "import os; left = [os.open('.', 0) for _ in range(70)]",
        ):
            self.begin(memory=256 << 20)
            limit = "import resource; resource.setrlimit(resource.RLIMIT_DATA, (512 << 20, 512 << 20))"
            self.response(f"{limit}\nresponse = b'x'")
            self.assertEnds(f"{source}\nresponse = b'x'")

    def test_out_of_cpu(self) -> None:
        """Each script has its own CPU seconds, however many the others took, and is told when they are used up."""
        self.begin(cpu=0.5)
        for _ in range(4):
            self.response("import time\nwhile time.thread_time() % 0.3 < 0.25: pass\nresponse = b''")
        outcome, goes_on = self.run_script("while True: pass")

        self.assertIsInstance(outcome, TimedOut)
        self.assertEqual((outcome.of_cpu, outcome.line, goes_on), (True, 1, False))

    def test_forged(self) -> None:
        """What a script has written into the channel of the next one's answer when it is over gives it away."""
        self.begin()
        source = (
            "import os\n"
            "class Late:\n"
            "    def __del__(self, write=os.write):\n"
            "        for fd in range(3, 140):\n"
            "            try: write(fd, b'\\x05\\x06CPYR')\n"
            "            except OSError: pass\n"
            "left = Late()\nresponse = b'x'"
        )
        outcome, goes_on = self.run_script(source)

        self.assertEqual((outcome.outputs[0].data, goes_on, self.spare.ready()), (b"x", True, False))
