"""Spares that own the pages of memory which scripts write to, before their scripts come."""

from __future__ import annotations

import os
from collections.abc import Iterator

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cpyrender.child.loop import Loop
from cpyrender.pool import learning
from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.conversation import Conversation, ConversationLimits
from cpyrender.pool.isolation import settings_for
from cpyrender.pool.learning import CannotLearn, learn
from cpyrender.pool.running_template import RunningTemplate
from cpyrender.pool.spare import pid_of
from cpyrender.pool.template import TemplateFailed
from cpyrender.settings import ISOLATION, RenderSettings
from cpyrender.values import Drawn, Submission
from tests.live.running import level_here, minor_faults, parent, ripen, until

_LIMITS = ConversationLimits(seconds=60, cpu=60, output=1 << 20, log=1 << 16)

_FAULTS = b"""
import resource
from matplotlib import pyplot
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
pyplot.plot([3, 1, 4, 1, 5])
pyplot.gcf().canvas.draw()
response = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
"""


_ALL_FAULTS = b"""
import resource
response = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
"""


def _faults(template: RunningTemplate) -> int:
    """Return how many page faults a drawing costs in a spare that has had time to get ready."""
    return _told(template, _FAULTS, lean=False)[0]


def _faults_of_little(template: RunningTemplate) -> int:
    """Return how many an empty script costs in a lean spare, from its arrival on."""
    told, before = _told(template, _ALL_FAULTS, lean=True)
    return told - before


def _told(template: RunningTemplate, script: bytes, lean: bool) -> tuple[int, int]:
    """Return the number that a script makes, and how many page faults its spare had had before it came."""
    spare, cancellation = template.spare(lean), Cancellation()
    try:
        until(lambda: _waits(spare.pidfd), "a spare that waits for its script")
        before = minor_faults(pid_of(spare.pidfd))
        ran = Conversation(spare, Submission(script=script), _LIMITS, cancellation).run()
    finally:
        cancellation.close()
        spare.remove()
    assert isinstance(ran, Drawn), ran
    return int(bytes(ran.outputs[0].data)), before


def _own(template: RunningTemplate, lean: bool) -> int:
    """Return how many bytes a spare has for itself when it waits for its script."""
    spare = template.spare(lean)
    try:
        until(lambda: _waits(spare.pidfd), "a spare that waits for its script")
        with open(f"/proc/{pid_of(spare.pidfd)}/smaps_rollup") as lines:
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Private_Dirty:"))
    finally:
        spare.remove()


def _waits(pidfd: int) -> bool:
    """Whether a process sleeps in read(2), as one does that has nothing more to get ready."""
    with open(f"/proc/{pid_of(pidfd)}/syscall") as call:
        return call.read().split()[0] == str(_READV)


def _own_faults(template: RunningTemplate) -> float:
    """Return how many page faults a template has itself for each of the spares that it forks."""
    last = template.spare()
    try:
        pid = parent(pid_of(last.pidfd))
        began, count = minor_faults(pid), 20
        for _ in range(count):
            template.spare().remove()
        return (minor_faults(pid) - began) / count
    finally:
        last.remove()


_READV = {"x86_64": 19, "aarch64": 65}[os.uname().machine]


class LearningTests(SynchronousTestCase):
    """L{learn}."""

    def template(self, level: str) -> RunningTemplate:
        """Start a template, and wait until it is as warm as it gets."""
        settings = settings_for(level, RenderSettings())
        template = settings.start()
        self.addCleanup(settings.forget)
        self.addCleanup(template.close)
        ripen(template)
        return template

    def templates(self) -> Iterator[tuple[str, RunningTemplate]]:
        """Start a template at each level that this machine has."""
        for level in ISOLATION:
            try:
                template = self.template(level)
            except TemplateFailed:
                continue
            yield level, template

    def test_fewer_faults(self) -> None:
        """At every level, drawing in a taught spare costs less than half the page faults."""
        for level, template in self.templates():
            untaught = _faults(template)
            template.teach(learn(template))

            self.assertLess(_faults(template), untaught / 2, level)

    def test_few(self) -> None:
        """At every level, an empty script costs a lean spare of a taught template less than a quarter of them."""
        for level, template in self.templates():
            untaught = _faults_of_little(template)
            template.teach(learn(template))

            self.assertLess(_faults_of_little(template), untaught / 4, level)

    def test_lean(self) -> None:
        """At every level, a lean spare of a taught template has less than half the memory for itself."""
        for level, template in self.templates():
            template.teach(learn(template))

            self.assertLess(_own(template, lean=True), _own(template, lean=False) / 2, level)

    def test_template_itself(self) -> None:
        """A ripe template copies next to nothing for a fork, where all it does is to fork."""
        if level_here() != "full" or Loop is None:
            raise SkipTest("what it does otherwise is done in Python")
        template = self.template("full")
        template.teach(learn(template))

        self.assertLess(_own_faults(template), 50)

    def test_leaves_nothing(self) -> None:
        """Learning leaves no descriptor and no child behind."""
        template = self.template("none")
        before = len(os.listdir("/proc/self/fd"))
        learn(template)

        self.assertEqual(len(os.listdir("/proc/self/fd")), before)
        self.assertTrue(_faults(template))

    def test_cannot_be_seen(self) -> None:
        """Where the kernel does not tell, that is said, and the template forks on."""
        template = self.template("none")
        self.patch(learning, "_process_of", lambda child: "/proc/nothing")

        self.assertRaises(OSError, learn, template)
        self.assertTrue(_faults(template))

    def test_does_not_run(self) -> None:
        """A child that ends before it has run its lesson is noticed."""
        template = self.template("none")
        # More than the child knows of.
        self.patch(learning, "GIVEN", (b"",) * 100)

        self.assertRaises(CannotLearn, learn, template)
        self.assertTrue(_faults(template))
