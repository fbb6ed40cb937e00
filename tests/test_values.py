"""Tests of L{cpyrender.values}."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.values import Cause, Drawn, Failed, Log, Output, Ran, TimedOut, Timing, changed

_RAN: tuple[Ran, ...] = (
    Drawn(outputs=(Output(data=b"x", media_type="image/png"),), figure_count=2, warnings=("w",)),
    Failed(cause=Cause.RAISED, message="m", exception="E", line=3, traceback="t"),
    TimedOut(seconds=2.0, of_cpu=True, line=7),
)


class ChangedTests(SynchronousTestCase):
    """L{changed}."""

    def test_as_evolve(self) -> None:
        """It gives what attrs gives, and leaves the one that it was given as it was."""
        for ran in _RAN:
            before = evolve(ran)
            for changes in ({}, {"log": Log(stdout="out")}, {"timing": Timing(queue=1.0), "progress": ()}):
                made = changed(ran, **changes)
                self.assertEqual((made, type(made)), (evolve(ran, **changes), type(ran)))
            self.assertEqual(ran, before)

    def test_unknown(self) -> None:
        """What there is not cannot be changed."""
        self.assertRaises(TypeError, changed, _RAN[0], line=3)
