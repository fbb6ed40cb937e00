"""Tests of L{cpyrender.child.confine}, each in a process that confines itself."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cpyrender.child import confine, linux
from cpyrender.pool.syscalls import NoFilter, compile_filter
from tests.child.apart import run_apart

_CONFINED = """
import errno, json, os, resource, signal, socket, stat, sys, threading
import numpy
from cpyrender.child import measure
from cpyrender.child.confine import Confinement, be_prepared, confine
from cpyrender.pool.syscalls import compile_filter
from cpyrender.pool.visible import readable_paths

def outcome(call):
    try:
        call()
    except OSError as error:
        return errno.errorcode[error.errno]
    except BaseException as error:
        return type(error).__name__
    return "done"

def thread():
    started = threading.Thread(target=len, args=("",))
    started.start()
    started.join()

folder, level, cpu, uid = sys.argv[1:]
settings = {"level": level, "uid": json.loads(uid), "memory": 64 << 20, "cpu": float(cpu), "disk": 1 << 20, "runs": 1}
settings["readable"] = readable_paths() if level != "none" else ()
settings["program"] = compile_filter().hex() if level != "none" else ""
held = measure.counted(resource.RLIMIT_DATA), measure.counted(resource.RLIMIT_AS)
be_prepared(None)
held_back = [number in signal.pthread_sigmask(signal.SIG_BLOCK, ()) for number in (signal.SIGINT, signal.SIGTERM)]
confine(folder, Confinement.parse(settings, data=held[0], address_space=held[1], processes=1000))
limits = ("CORE", "CPU", "FSIZE", "NOFILE", "MEMLOCK", "NPROC")
print(json.dumps({
    "held back": [held_back, list(signal.pthread_sigmask(signal.SIG_BLOCK, ()))],
    "cwd": os.getcwd(),
    "mode": stat.S_IMODE(os.stat(".").st_mode),
    "places": [os.environ[name] for name in ("HOME", "TMPDIR", "PWD")],
    "limits": {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in limits},
    "little": outcome(lambda: bytearray(16 << 20)),
    "much": outcome(lambda: bytearray(128 << 20)),
    "array": outcome(lambda: numpy.ones(16 << 20)),
    "out of cpu": outcome(lambda: signal.raise_signal(signal.SIGXCPU)),
    "interrupt": outcome(lambda: signal.raise_signal(signal.SIGINT)),
    "default": [signal.getsignal(number) == signal.SIG_DFL for number in (signal.SIGTERM, signal.SIGHUP)],
    "write": outcome(lambda: open("here", "wb").write(b"data")),
    "write too much": outcome(lambda: open("large", "wb").write(bytes(2 << 20))),
    "write beside": outcome(lambda: open("../beside", "wb")),
    "read beside": outcome(lambda: open("../secret", "rb")),
    "read the library": outcome(lambda: open(os.__file__, "rb")),
    "thread": outcome(thread),
    "network": outcome(lambda: socket.socket()),
    "signal": outcome(lambda: os.kill(os.getppid(), 0)),
    "exec": outcome(lambda: os.execv("/bin/true", ["true"]) if level != "none" else os.stat("/bin/true")),
    # Last, for it shows in what follows.
    "fork": outcome(lambda: os.fork() or os._exit(0)),
}), flush=True)
os._exit(0)
"""

_LOWERED = """
import resource, sys
from cpyrender.child.confine import _at_most_allowed
which = resource.RLIMIT_FSIZE
resource.setrlimit(which, (1000, 1000))
print(_at_most_allowed(which, 2000)[1], _at_most_allowed(which, 300, 400)[1])
"""


class ConfineCase(SynchronousTestCase):
    """Has a place for the folder of a process."""

    level = "none"

    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = os.path.realpath(os.path.join(place.name, "job"))
        Path(place.name, "secret").write_text("secret")

    def confined(self, cpu: float = 5.0, uid: int | None = None) -> dict[str, Any]:
        """Return how a process finds itself after it has confined itself."""
        found: dict[str, Any] = json.loads(run_apart(_CONFINED, self.folder, self.level, cpu, json.dumps(uid)))
        return found


class ConfineTests(ConfineCase):
    """What holds at each level of isolation, tried at the weakest."""

    def test_folder(self) -> None:
        """The process stands in a folder that is its own alone, and all that names a place for files names it."""
        found = self.confined()

        self.assertEqual((found["cwd"], found["mode"], found["places"]), (self.folder, 0o700, [self.folder] * 3))

    def test_folder_of_somebody_else(self) -> None:
        """A process that finds something in the place of its folder does not go on."""
        Path(self.folder).mkdir()

        self.assertIn("FileExistsError", str(self.assertRaises(AssertionError, self.confined)))

    def test_memory(self) -> None:
        """Within its memory limit the process gets what it asks for, and beyond it a MemoryError."""
        found = self.confined()

        self.assertEqual([found["little"], found["much"], found["array"]], ["done", "MemoryError", "MemoryError"])

    def test_limits(self) -> None:
        """It leaves no core file, and what it may hold, write and use has limits; the deadly CPU limit comes last."""
        self.assertEqual(
            self.confined(1.2)["limits"],
            {
                "CORE": [0, 0],
                "CPU": [2, 3],
                "FSIZE": [1 << 20] * 2,
                "NOFILE": [256, 256],
                "MEMLOCK": [0, 0],
                "NPROC": [5608, 5608],
            },
        )

    def test_threads_of_a_user_of_their_own(self) -> None:
        """Where the scripts have a user for themselves, no room is left for processes of others."""
        self.assertEqual(self.confined(uid=4711)["limits"]["NPROC"], [1512, 1512])

    def test_little_cpu(self) -> None:
        """A CPU limit of less than a second is one second, for none would be no limit."""
        self.assertEqual(self.confined(0.001)["limits"]["CPU"], [1, 2])

    def test_disk(self) -> None:
        """It may write files into its folder, but none larger than its limit."""
        found = self.confined()

        self.assertEqual([found["write"], found["write too much"]], ["done", "EFBIG"])

    def test_signals(self) -> None:
        """The CPU limit raises inside the script, Ctrl-C as ever, and what the template ignored does what it does."""
        found = self.confined()

        self.assertEqual([found["out of cpu"], found["interrupt"]], ["OutOfCPU", "KeyboardInterrupt"])
        self.assertEqual(found["default"], [True, True])

    def test_held_back(self) -> None:
        """Signals that end a script are held back in its template, and come through to it."""
        self.assertEqual(self.confined()["held back"], [[True, True], []])


class ConfinedTests(ConfineCase):
    """What holds beyond that at the level C{confined}."""

    level = "confined"

    def setUp(self) -> None:
        super().setUp()
        try:
            linux.landlock_version()
            compile_filter()
        except (OSError, NoFilter) as error:
            raise SkipTest(f"this machine lacks a layer: {error}") from None

    def test_shut_in(self) -> None:
        """Files beside its folder, the network, other processes and new ones are barred."""
        found = self.confined()
        barred = ("write beside", "read beside", "network", "signal", "fork", "exec")

        self.assertEqual({name: found[name] for name in barred if found[name] not in {"EACCES", "EPERM"}}, {})

    def test_what_drawing_needs(self) -> None:
        """Its folder, the library and threads are there."""
        found = self.confined()

        self.assertEqual([found[name] for name in ("write", "read the library", "thread")], ["done"] * 3)


class LimitTests(SynchronousTestCase):
    """The machine's own limits."""

    def test_lower_of_both(self) -> None:
        """A limit is never raised above what the machine allows, and lowered as wanted."""
        self.assertEqual(run_apart(_LOWERED), "(1000, 1000) (300, 400)\n")


class OutOfCPUTests(SynchronousTestCase):
    """L{confine.OutOfCPU}."""

    def test_passes_scripts(self) -> None:
        """No C{except Exception} of a script's catches it."""
        self.assertFalse(issubclass(confine.OutOfCPU, Exception))
