"""Tests of L{cpyrender.child.template}, with a template of its own that has not been warmed up."""

import json
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import lives, template
from cpyrender.child.commands import COMMAND_LEAN, COMMAND_RIPE, COMMAND_SPARE
from cpyrender.child.confine import Confinement
from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.conversation import Conversation, ConversationLimits
from cpyrender.pool.running_template import RunningTemplate, TemplateLost
from cpyrender.pool.spare import Spare
from cpyrender.values import Cause, Failed, Ran, Submission
from tests.child.apart import begin_apart
from tests.child.scarce import Shortage, descriptors
from tests.live.running import until

_LIMITS = ConversationLimits(seconds=60, cpu=60, output=1 << 20, log=1 << 16)
_SETTINGS = {
    "level": "none",
    "uid": None,
    "readable": [],
    "program": "",
    "memory": 1 << 30,
    "cpu": 60.0,
    "disk": 1 << 20,
    "runs": 1,
}
_UNLIMITED = 1 << 40

_SERVE = f"""
import socket, sys
import numpy
from cpyrender.child import linux, streams
from cpyrender.child.confine import Confinement, be_prepared
from cpyrender.child.template import Template
commands = socket.socket(fileno=int(sys.argv[1]))
commands.set_inheritable(False)
linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
confinement = Confinement.parse({_SETTINGS!r}, data={_UNLIMITED}, address_space={_UNLIMITED}, processes=1 << 20)
be_prepared(None)
streams.open_ahead()
Template(commands, sys.argv[2], confinement, False).serve()
"""


def heard(fd: int) -> bool:
    """Wait until there is something to hear, if only the end; say no where nothing comes at all."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(30_000))


class ServeTests(SynchronousTestCase):
    """A template and the server's side of it."""

    def setUp(self) -> None:
        self.spool = Path(self.mktemp()).absolute()
        self.spool.mkdir(parents=True)
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(60)
        self.commands = ours
        with its:
            self.process = begin_apart(_SERVE, its.fileno(), self.spool, fds=(its.fileno(),))
        self.template = RunningTemplate(self.process, ours)
        self.addCleanup(self.end)

    def end(self) -> None:
        """End the template, and let go of what it said."""
        self.template.close()
        self.process.communicate()

    def spare(self) -> Spare:
        """Have a child forked."""
        spare = self.template.spare()
        self.addCleanup(spare.close)
        return spare

    def talk(self, spare: Spare, script: str) -> Ran:
        """Have a child run a script."""
        cancellation = Cancellation()
        self.addCleanup(cancellation.close)
        return Conversation(spare, Submission(script=script.encode()), _LIMITS, cancellation).run()

    def printed(self, spare: Spare, script: str) -> str:
        """Return what a script prints, that then fails: so no library has to be loaded for its answer."""
        outcome = self.talk(spare, f"{script}\n1 / 0\n")
        self.assertEqual((outcome.cause, outcome.exception), (Cause.RAISED, "ZeroDivisionError"), outcome)
        return outcome.log.stdout

    def test_runs_scripts(self) -> None:
        """Each child runs one script, in a process and a folder of its own."""
        script = "import os\nprint(os.getpid(), os.getcwd(), os.listdir())"
        found = [self.printed(self.spare(), script).split() for _ in range(2)]

        self.assertEqual(len({pid for pid, _, _ in found}), 2)
        self.assertEqual(len({folder for _, folder, _ in found}), 2)
        self.assertEqual([(Path(folder).parent, inside) for _, folder, inside in found], [(self.spool, "[]")] * 2)

    def test_lean(self) -> None:
        """A lean child runs its script as any other."""
        spare = self.template.spare(lean=True)
        self.addCleanup(spare.close)

        self.assertEqual(self.printed(spare, "print(1)"), "1\n")

    def test_several_at_once(self) -> None:
        """Children live beside each other, and each hears only its own server's end."""
        spares = [self.spare() for _ in range(3)]

        self.assertEqual(
            [self.printed(spare, f"print({number})") for number, spare in enumerate(spares)], ["0\n", "1\n", "2\n"]
        )

    def test_descriptors(self) -> None:
        """A child holds its stdin, stdout, stderr and the channel of its answer, and nothing of the template's."""
        self.spare()
        script = "import os\nprint(sorted(int(name) for name in os.listdir('/proc/self/fd')))"

        # The last is that of the listing itself.
        self.assertEqual(self.printed(self.spare(), script), "[0, 1, 2, 3, 4]\n")

    def test_never_waits(self) -> None:
        """Reading a pipe in which nothing is does not wait, and the script's own ends do."""
        spare = self.spare()
        for fd in (spare.result, spare.stdout, spare.stderr, spare.ended):
            self.assertRaises(BlockingIOError, os.read, fd, 1)
        self.assertEqual(
            self.printed(spare, "import os\nprint([os.get_blocking(fd) for fd in (1, 2, 3)])"), f"{[True] * 3}\n"
        )

    def test_tells_of_ends(self) -> None:
        """How a child ended, the template tells: with which status, or by which signal."""
        outcomes = [
            self.talk(self.spare(), f"import os\n{last}")
            for last in ("os._exit(3)", "os.kill(os.getpid(), 9)", "os.abort()")
        ]

        self.assertEqual({type(outcome) for outcome in outcomes}, {Failed})
        for outcome, word in zip(outcomes, ("exit status 3", "SIGKILL", "SIGABRT"), strict=True):
            self.assertIn(word, outcome.message)

    def test_writes_too_much(self) -> None:
        """A child whose files grow beyond what it may write is killed, and told why."""
        script = "import time\nfor n in range(4): open(str(n), 'wb').write(bytes(1 << 19))\ntime.sleep(60)"
        outcome = self.talk(self.spare(), script)

        self.assertIs(outcome.cause, Cause.OUTPUT)
        self.assertIn("wrote more than 1048576 bytes", outcome.message)

    def test_abandoned(self) -> None:
        """What a script started, and what that started in its turn, is dead when the script's end has been told."""
        spare = self.spare()
        self.talk(
            spare,
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            "        os.setsid()\n"
            "    time.sleep(20)\n"
            "    os.write(1, b'lived')\n"
            "    os._exit(0)\n"
            "1 / 0\n",
        )

        # The pipe ends when the last of those has that held it.
        self.assertTrue(heard(spare.stdout))
        self.assertEqual(os.read(spare.stdout, 5), b"")

    def test_server_gone(self) -> None:
        """When the server is gone, the template kills its children, removes its folder, and ends well."""
        spare = self.spare()
        self.template.close()

        self.assertEqual((self.process.returncode, heard(spare.pidfd)), (0, True))
        self.assertFalse(self.spool.exists())

    def test_server_gone_in_the_middle(self) -> None:
        """So too when the server goes before it has read what it asked for: what scripts have started dies as well."""
        spare = self.spare()
        began = Path(self.mktemp()).absolute()
        os.mkfifo(began)
        script = f"import os, time\nif not os.fork():\n    os.setsid()\n    open({str(began)!r}, 'w')\ntime.sleep(60)"
        with ThreadPoolExecutor(1) as thread:
            thread.submit(self.talk, spare, script)
            began.read_bytes()
            self.commands.send(COMMAND_SPARE)
            self.assertTrue(heard(self.commands.fileno()))
            self.commands.close()

        self.assertEqual(self.process.wait(30), 0)
        # The pipe ends when the last of those has that held it.
        self.assertTrue(heard(spare.stdout))
        self.assertEqual(os.read(spare.stdout, 5), b"")
        self.assertFalse(self.spool.exists())

    def test_template_gone(self) -> None:
        """When the template is gone, its children go, and the server is told so."""
        spare = self.spare()
        self.template.kill()

        self.assertTrue(heard(spare.pidfd))
        self.assertRaises(TemplateLost, self.template.spare)


class RefusalTests(SynchronousTestCase):
    """A template that cannot do what it is asked."""

    def test_no_more_processes(self) -> None:
        """A template that cannot fork says why, and holds no more than before."""
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        confinement = Confinement.parse(_SETTINGS, data=_UNLIMITED, address_space=_UNLIMITED, processes=1 << 20)
        with ours, its:
            stuck = template.Template(its, self.mktemp(), confinement, False, Shortage("no more processes"))
            before = descriptors()
            ours.send(COMMAND_SPARE)
            ours.shutdown(socket.SHUT_WR)
            stuck.serve()

            self.assertEqual(json.loads(ours.recv(1000)), {"refused": "no more processes"})
            self.assertEqual(descriptors(), before)


_RIPE = {"ripe": True, "failed": None}


class RipeningTests(SynchronousTestCase):
    """What a template does while nobody wants a child."""

    def setUp(self) -> None:
        self.commands, self.its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.commands.settimeout(60)
        self.steps: list[str] = []

    def serve(self, ripening: template.Ripening) -> None:
        """Have a template serve in a thread, until the end of the test."""
        confinement = Confinement.parse(_SETTINGS, data=_UNLIMITED, address_space=_UNLIMITED, processes=1 << 20)
        self.confinement = confinement
        ripe = template.Template(self.its, self.mktemp(), confinement, False, Shortage("as it began"), ripening)
        thread = Thread(target=ripe.serve)
        thread.start()
        self.addCleanup(self.its.close)
        self.addCleanup(thread.join)
        self.addCleanup(self.commands.close)

    def ask(self, command: bytes) -> object:
        """Return what the template answers."""
        self.commands.send(command)
        return json.loads(self.commands.recv(1000))

    def ripen(self) -> object:
        """Wait until it is ripe, and return what it says then."""
        while not (said := self.ask(COMMAND_RIPE))["ripe"]:
            time.sleep(0.001)
        return said

    def three_steps(self, rehearse: Callable[[], None]) -> Iterator[template.Step]:
        """Take a note of each step."""
        for step in ("first", "second", "third"):
            self.steps.append(step)
            yield self.confinement, Shortage(f"after the {step} step")

    def fails(self, rehearse: Callable[[], None]) -> Iterator[template.Step]:
        """Do one step, and not the next."""
        yield self.confinement, Shortage("after one step")
        raise MemoryError("no more")

    def rehearses(self, rehearse: Callable[[], None]) -> Iterator[template.Step]:
        """Have it rehearse, and be done."""
        rehearse()
        yield self.confinement, Shortage("after the rehearsal")

    def test_after_the_first(self) -> None:
        """A step when one child has been asked for, then step after step when a second has; the last one says how."""
        self.serve(self.three_steps)
        before = list(self.steps)
        refused = [self.ask(COMMAND_SPARE)]
        until(lambda: self.steps, "a step")
        refused.append(self.ask(COMMAND_SPARE))
        until(lambda: len(self.steps) > 2, "all steps")

        self.assertEqual(before, [])
        self.assertEqual(refused, [{"refused": "as it began"}, {"refused": "after the first step"}])
        self.assertEqual((self.ripen(), self.steps), (_RIPE, ["first", "second", "third"]))
        self.assertEqual(self.ask(COMMAND_LEAN), {"refused": "after the third step"})

    def test_waited_for(self) -> None:
        """All steps, one after the other, when the server waits for that, though no child has been asked for."""
        self.serve(self.three_steps)
        said = self.ask(COMMAND_RIPE)

        self.assertEqual(said, {"ripe": False, "failed": None})
        self.assertEqual((self.ripen(), self.steps), (_RIPE, ["first", "second", "third"]))

    def test_fails(self) -> None:
        """A step that fails is the last one, and is told of; children are forked as before it."""
        self.serve(self.fails)
        for _ in range(2):
            self.ask(COMMAND_SPARE)

        self.assertEqual(self.ripen(), {"ripe": True, "failed": "MemoryError: no more"})
        self.assertEqual(self.ask(COMMAND_SPARE), {"refused": "after one step"})

    def test_fails_to_rehearse(self) -> None:
        """One that cannot rehearse what its children do serves all the same, and tells of it."""
        shortage = Shortage("no more pipes")
        self.patch(lives.script, "practise", lambda source, **how: shortage())
        self.serve(self.rehearses)
        for _ in range(2):
            self.ask(COMMAND_SPARE)

        self.assertEqual(self.ripen(), {"ripe": True, "failed": "OSError: no more pipes"})
        self.assertEqual(self.ask(COMMAND_SPARE), {"refused": "after the rehearsal"})

    def test_nothing_to_do(self) -> None:
        """One that has nothing to do is ripe at once."""
        self.serve(lambda rehearse: iter(()))
        self.ask(COMMAND_SPARE)

        self.assertEqual(self.ripen(), _RIPE)
