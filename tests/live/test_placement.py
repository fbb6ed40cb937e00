"""Templates that put together what scripts write to."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from unittest import skipUnless

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import placement
from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.conversation import Conversation, ConversationLimits
from cpyrender.pool.isolation import settings_for
from cpyrender.pool.running_template import RunningTemplate, TemplateLost
from cpyrender.pool.template import TemplateFailed, TemplateSettings
from cpyrender.settings import ISOLATION, RenderSettings
from cpyrender.values import Drawn, Submission
from tests.live.running import TAKEN_OVER, Running, alive, level_here, ripen, serving, until

_LIMITS = ConversationLimits(seconds=60, cpu=60, output=1 << 20, log=1 << 16)

_FAULTS = b"""
import resource
from matplotlib import pyplot
pyplot.plot([3, 1, 4, 1, 5])
pyplot.gcf().canvas.draw()
response = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
"""


def _answer(template: RunningTemplate, script: bytes) -> bytes:
    """Return what a script is answered with in a spare without pages of its own."""
    spare, cancellation = template.spare(lean=True), Cancellation()
    try:
        ran = Conversation(spare, Submission(script=script), _LIMITS, cancellation).run()
    finally:
        cancellation.close()
        spare.remove()
    assert isinstance(ran, Drawn), ran
    return bytes(ran.outputs[0].data)


def levels_here() -> Iterator[str]:
    """Return the levels that this machine has."""
    for level in ISOLATION:
        settings = settings_for(level, RenderSettings())
        try:
            settings.start().close()
        except TemplateFailed:
            continue
        finally:
            settings.forget()
        yield level


@skipUnless(placement.possible(), "nothing was compiled")
class PlacementTests(SynchronousTestCase):
    """What is learned, and what comes of it."""

    def start(self, settings: TemplateSettings) -> RunningTemplate:
        """Start a template that is ended with the test."""
        template = settings.start()
        self.addCleanup(settings.forget)
        self.addCleanup(template.close)
        return template

    def ripe(self, settings: TemplateSettings) -> RunningTemplate:
        """Start a template, and wait until it is as warm as it gets."""
        template = self.start(settings)
        ripen(template)
        return template

    def learning(self, level: str) -> RunningTemplate:
        """Start one that learns at a level."""
        return self.start(evolve(settings_for(level, RenderSettings()), learning=True))

    def test_fewer_faults(self) -> None:
        """At every level, a chart costs less than four fifths of the page faults; with immortal objects, fewer too."""
        for level in levels_here():
            # Beside the other one, which does not wait for it.
            learner = self.learning(level)
            plain = int(_answer(self.ripe(settings_for(level, RenderSettings())), _FAULTS))
            names = learner.written(180)
            placed = int(_answer(self.ripe(settings_for(level, RenderSettings(), names)), _FAULTS))

            self.assertLess(placed, plain * 0.8, level)

    def test_seed(self) -> None:
        """What is the same for all templates of a server is not for scripts to see."""
        template = self.start(settings_for("none", RenderSettings()))
        seen = _answer(template, b"import os\nresponse = repr('PYTHONHASHSEED' in os.environ)")

        self.assertEqual(seen, b"False")

    def test_killed(self) -> None:
        """Whoever waits for what is learned hears of the end of who learns it."""
        learner = self.learning("none")
        learner._process.kill()

        self.assertRaises(TemplateLost, learner.written, 60)


@skipUnless(placement.possible(), "nothing was compiled")
class ServerTests(SynchronousTestCase):
    """A server whose template is replaced by a better one."""

    def test_taken_over(self) -> None:
        """Some seconds after its last script a server has another template, to which scripts come as before."""
        with serving(level=level_here()) as server:
            first = self.template(server)
            until(lambda: TAKEN_OVER in server.log, "a better template", 180)
            until(lambda: not alive(first), "the end of the first template")
            answers = [server.post(_FAULTS).status for _ in range(10)]

            self.assertEqual(answers, [200] * 10)
            self.assertNotEqual(self.template(server), first)
            self.assertEqual(json.loads(server.get("/ready").body)["restarts"], 0)

    def test_scripts_meanwhile(self) -> None:
        """A script that comes while it is found out how the next template is to be is answered."""
        with serving() as server:
            self.template(server)
            until(lambda: self.learns(server), "a template that learns")
            self.assertEqual(server.post("response = 'at once'").text, "at once")
            until(lambda: TAKEN_OVER in server.log, "a better template", 180)

    def test_stopped_meanwhile(self) -> None:
        """A server that ends, however, while something learns leaves neither process nor folder, at any level."""
        for level in levels_here():
            # Both at once, for it is some seconds before anything learns.
            servers = [self.server(level), self.server(level)]
            # By half a second it has begun to write files.
            for server, (number, seconds) in zip(servers, ((signal.SIGTERM, 0), (signal.SIGKILL, 0.5)), strict=True):
                until(lambda server=server: self.learns(server), "a template that learns")
                time.sleep(seconds)
                pids = server.pids()
                server.process.send_signal(number)
                server.process.wait(60)

                until(lambda pids=pids: not any(map(alive, pids)), f"the end of all, at {level}")
                until(lambda server=server: not list(server.spool.glob("cpyrender-*")), f"no folders, at {level}")

    def server(self, level: str) -> Running:
        """Start one that is ended with the test, and have a script run."""
        server = serving(level=level).__enter__()
        self.addCleanup(server.stop)
        self.template(server)
        return server

    def template(self, server: Running) -> int:
        """Have a script run, and return the template that its child was from."""
        self.assertEqual(server.post("response = b''").status, 200)
        until(lambda: len(server.children()) == 3, "three spares")
        return server.template()

    def learns(self, server: Running) -> bool:
        """Whether there is a template that learns."""
        return any(command.rstrip().endswith(" learn") for command in server.pids().values())
