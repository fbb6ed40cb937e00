"""Tests of L{cpyrender.pool.renewal}."""

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.renewal import Renewal


class RenewalTests(SynchronousTestCase):
    """L{Renewal}."""

    def test_last(self) -> None:
        """It is done when each slot has let go, and not before; one may do so again and again."""
        renewal = Renewal(["a", "b"])  # type: ignore[list-item]  # any hashable thing will do
        renewal.let_go("a")
        renewal.let_go("a")
        self.assertNoResult(renewal.done)
        renewal.let_go("b")
        self.successResultOf(renewal.done)
        renewal.let_go("b")
