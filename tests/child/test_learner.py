"""Tests of L{cpyrender.child.learner}, in a process that learns from scripts that are small, without matplotlib."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import placement
from tests.child.apart import run_apart

_LEARN = """
import json, os, socket, sys
from cpyrender.child import placement
placement.begin(b"")
from cpyrender.child import learner, linux, streams
from cpyrender.child.confine import Confinement, be_prepared
from cpyrender.child.pictures import is_picture
from cpyrender.child.syscalls import Filter
with placement.scope("a module of the script's"):
    sys.modules["touched"] = touched = type(sys)("touched")
    touched.things = [f"thing {number:08}" for number in range(20_000)]
placement.settle()
learner.LESSONS = tuple(source.encode() for source in json.loads(sys.argv[2]))
learner.MORE_LESSONS = ()
be_prepared(None)
streams.open_ahead()
confinement = Confinement(
    level="none", readable=(), ruleset=None, program=Filter.parse(b""), data=1 << 40, address_space=1 << 40,
    processes=1 << 20, shared_user=False, memory=1 << 30, cpu=60.0, disk=1 << 20,
)
unheard, own = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
before = len(os.listdir("/proc/self/fd"))
try:
    names = learner.Learner(own, sys.argv[1], confinement, False).learn(lambda: sys.argv[3] == "given up")
    found = [len(group) // 8 for group in placement._unpacked(names)]
except learner.DidNotLearn as error:
    found = str(error)
print(json.dumps([found, len(os.listdir("/proc/self/fd")) - before]))
"""


@skipUnless(placement.possible(), "nothing was compiled")
class LearnerTests(SynchronousTestCase):
    """L{cpyrender.child.learner.Learner}."""

    def learn(self, *lessons: str, given_up: bool = False) -> object:
        """Return how much is found out from these scripts in each group, and how many descriptors are left."""
        spool = Path(self.mktemp()).absolute()
        spool.mkdir(parents=True)
        return json.loads(run_apart(_LEARN, spool, json.dumps(lessons), "given up" if given_up else ""))

    def test_learns(self) -> None:
        """What one of the scripts writes to is found out, and what every script does, and the template itself."""
        (always, nothing, more), _ = self.learn("response = b''")
        (_, things, _), _ = self.learn(
            "response = b''", "import touched\nfor it in touched.things[::100]: response = b''"
        )

        self.assertGreater(always, 100)
        self.assertGreater(things - nothing, 180)
        self.assertEqual(more, 0)

    def test_does_not_run(self) -> None:
        """A script that fails teaches nothing, and neither does one that ends its process."""
        for source in ("1 / 0", "import os\nos._exit(0)"):
            found, _ = self.learn("response = b''", source)

            self.assertIn(source.split("\n")[0], str(found))

    def test_given_up(self) -> None:
        """Nothing is found out for somebody who is gone."""
        self.assertEqual(self.learn("response = b''", given_up=True), ["nobody wants to know any more", 0])
