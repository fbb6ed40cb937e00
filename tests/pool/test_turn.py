"""Tests of L{cpyrender.pool.turn}."""

import weakref

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.template import TemplateFailed
from cpyrender.pool.turn import Turn
from cpyrender.values import Drawn, Ran, Submission
from tests.pool.staged import PoolReactor, Stage, StagedSlot

_SUBMISSION = Submission(script=b"a")


class TurnTests(SynchronousTestCase):
    """L{Turn}."""

    def setUp(self) -> None:
        self.stage = Stage()
        self.slot = StagedSlot(self.stage)
        self.lasting: list[bool] = []
        self.cancellation = Cancellation()
        self.addCleanup(self.cancellation.close)

    def turn(self, wanted: bool = False) -> Turn:
        """Return a turn in the slot."""
        return Turn(PoolReactor().callFromThread, self.slot, lambda: wanted, lambda: self.lasting.append(True))

    def test_told_before_tidying(self) -> None:
        """What came of the script is told before the slot is tidied."""
        turn = self.turn()
        told: list[bool] = []
        self.stage.meanwhile = lambda: told.append(turn.ran.called)

        self.assertTrue(turn.take(_SUBMISSION, self.cancellation))
        self.assertIsInstance(self.successResultOf(turn.ran), Drawn)
        self.assertEqual((told, self.slot.has_spare), ([True], True))

    def test_wanted(self) -> None:
        """A slot that somebody waits for is left as it is."""
        turn = self.turn(wanted=True)

        self.assertFalse(turn.take(_SUBMISSION, self.cancellation))
        self.successResultOf(turn.ran)
        self.assertFalse(self.slot.has_spare)

    def test_lasting(self) -> None:
        """A script that lasts is told of in the reactor's thread, where anybody wants to know."""
        self.turn().take(_SUBMISSION, self.cancellation)
        Turn(PoolReactor().callFromThread, self.slot, lambda: False, None).take(_SUBMISSION, self.cancellation)

        self.assertEqual(self.lasting, [True])

    def test_failed(self) -> None:
        """Where the script could not be run that is told, and the slot is tidied all the same."""
        self.stage.outcomes["a"] = OSError("no room")
        turn = self.turn()

        self.assertTrue(turn.take(_SUBMISSION, self.cancellation))
        self.failureResultOf(turn.ran, OSError)
        self.assertTrue(self.slot.has_spare)

    def test_untidy(self) -> None:
        """A slot that cannot be tidied takes nothing from what came of the script."""
        self.stage.untidy = TemplateFailed("none")
        turn = self.turn()

        self.assertRaises(TemplateFailed, turn.take, _SUBMISSION, self.cancellation)
        self.successResultOf(turn.ran)

    def test_holds_nothing(self) -> None:
        """While the slot is being tidied, nobody but who was told has what came of the script: it may be large."""
        kept: list[weakref.ref[Ran]] = []
        alive: list[bool] = []
        self.patch(StagedSlot, "render", lambda *_: Drawn(outputs=()))
        turn = self.turn()
        turn.ran.addCallback(lambda ran: kept.append(weakref.ref(ran)))
        self.stage.meanwhile = lambda: alive.append(kept[0]() is not None)
        turn.take(_SUBMISSION, self.cancellation)

        self.assertEqual(alive, [False])
