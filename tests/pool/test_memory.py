"""Tests of L{cpyrender.pool.memory}."""

from twisted.internet.defer import CancelledError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cpyrender.pool.interfaces import IRenderer
from cpyrender.pool.local import LocalPool
from cpyrender.pool.memory import MemoryRenderer
from cpyrender.values import Drawn, Output, Refused, Submission

_SUBMISSION = Submission(script=b"response = 1")
_DRAWN = Drawn(outputs=(Output(data=b"1", media_type="application/json"),))


class SeamTests(SynchronousTestCase):
    """Both sides of the seam L{IRenderer}."""

    def test_twin(self) -> None:
        """The memory twin provides what the seam asks for."""
        self.assertTrue(verifyObject(IRenderer, MemoryRenderer()))

    def test_pool(self) -> None:
        """The local pool provides what the seam asks for."""
        self.assertTrue(verifyObject(IRenderer, LocalPool(MemoryReactorClock(), slots=1)))


class MemoryRendererTests(SynchronousTestCase):
    """L{MemoryRenderer}."""

    def test_answers_at_once(self) -> None:
        """With an outcome given, each script gets it at once and is kept."""
        renderer = MemoryRenderer(outcome=_DRAWN)

        self.assertIs(self.successResultOf(renderer.render(_SUBMISSION)), _DRAWN)
        self.assertEqual(renderer.submissions, [_SUBMISSION])

    def test_answers_when_told(self) -> None:
        """Without an outcome a script waits until the test answers it."""
        renderer = MemoryRenderer()
        answer = renderer.render(_SUBMISSION)
        self.assertNoResult(answer)
        renderer.waiting[0].callback(_DRAWN)

        self.assertIs(self.successResultOf(answer), _DRAWN)

    def test_cancelled(self) -> None:
        """A script whose answer is cancelled is remembered as such."""
        renderer = MemoryRenderer()
        answer = renderer.render(_SUBMISSION)
        answer.cancel()

        self.failureResultOf(answer, CancelledError)
        self.assertEqual(renderer.cancelled, [_SUBMISSION])

    def test_draining(self) -> None:
        """A renderer that drains refuses and keeps nothing."""
        renderer = MemoryRenderer(outcome=_DRAWN)
        self.successResultOf(renderer.drain())

        self.assertIsInstance(self.successResultOf(renderer.render(_SUBMISSION)), Refused)
        self.assertEqual(renderer.submissions, [])

    def test_ready_between_start_and_stop(self) -> None:
        """It is ready once it has been started, and until it is stopped."""
        renderer = MemoryRenderer()
        before = renderer.health()
        self.successResultOf(renderer.start())
        between = renderer.health()
        self.successResultOf(renderer.stop())

        self.assertEqual([before.ready, between.ready, renderer.health().ready], [False, True, False])
        self.assertEqual([bool(before.why_not), bool(between.why_not)], [True, False])
