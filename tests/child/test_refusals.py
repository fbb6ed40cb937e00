"""Tests of L{cpyrender.child.refusals}, each in a process of its own: a hook, once put up, cannot be taken down."""

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_REFUSED = """
import os, sys
from cpyrender.child import refusals
refusals.install(sys.argv[1].encode() * int(sys.argv[2]))
try:
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
except PermissionError as error:
    print(error)
"""

_NAMED = """
import os, pathlib, subprocess
from cpyrender.child import refusals
refusals.install(b"subprocess")
for start in (
    lambda: subprocess.run(["/usr/bin/ffmpeg", "-i"]), lambda: subprocess.run([pathlib.Path("/bin/ls"), "-l"]),
    lambda: subprocess.run("dot -T png", shell=True), lambda: os.system("convert a.png b.jpg"), lambda: os.system(""),
    lambda: os.execv(b"/bin/gs", ["gs"]), lambda: os.mkdir("/nonexistent/tex.cache"), os.fork,
    lambda: subprocess.run(["x" * 10_000]),
):
    try:
        start()
    except PermissionError as error:
        print(str(error).removeprefix("cpyrender does not let scripts start processes"), end=";")
"""


class InstallTests(SynchronousTestCase):
    """L{cpyrender.child.refusals.install}."""

    def test_mentioned(self) -> None:
        """A script that mentions what starts processes is told in words that it may not."""
        said = run_apart(_REFUSED, "import subprocess\n", 1)

        self.assertEqual(said, "cpyrender does not let scripts start processes (true)\n")

    def test_long(self) -> None:
        """A long script is not looked through: it is told so whatever it mentions."""
        said = run_apart(_REFUSED, "x = 1\n", 10_000)

        self.assertEqual(said, "cpyrender does not let scripts start processes (true)\n")

    def test_not_mentioned(self) -> None:
        """A script that mentions nothing of the kind has no hook put up, which would make its drawing slower."""
        self.assertEqual(run_apart(_REFUSED, "x = 1\n", 1), "")

    def test_program(self) -> None:
        """It is said which program was to be started, for it may be a library that wanted it, and not for long."""
        said = run_apart(_NAMED).split(";")

        programs = [" (ffmpeg)", " (ls)", " (sh)", " (convert)", "", " (gs)", " (latex)", "", f" ({'x' * 100})", ""]
        self.assertEqual(said, programs)
