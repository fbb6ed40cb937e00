"""Tests of L{cpyrender.pool.schooling}, within a pool whose templates are staged."""

from __future__ import annotations

from twisted.logger import capturedLogs

from cpyrender.pool.schooling import SECONDS_UNTIL_PLACED
from cpyrender.pool.template import TemplateFailed
from tests.pool.staged import PoolCase


class PlacingTests(PoolCase):
    """When it is found out how the next template is to be, and what comes of it."""

    def setUp(self) -> None:
        super().setUp()
        self.stage.untaught = self.stage.unplaced = True

    def lull(self, seconds: float = SECONDS_UNTIL_PLACED) -> None:
        """Let time pass in which no script comes."""
        self.reactor.advance(seconds)
        self.threads.carry_out_all()

    def outcome(self) -> tuple[int, int]:
        """Return how often it was found out how the next template is to be, and how many fresh ones there were."""
        return self.stage.places, self.stage.renewed

    def test_renewed(self) -> None:
        """When no script has come for a while, the next template is found out about, and takes over; only once."""
        self.warm_pool()
        before = self.outcome()
        self.lull()
        self.render("a")
        self.finish("a")
        self.lull(60)

        self.assertEqual((before, self.outcome()), ((0, 0), (1, 1)))
        self.assertEqual(self.stage.retired, ["template 1"])

    def test_not_before_it_is_taught(self) -> None:
        """As long as the first template has not been taught, there are other things to do."""
        self.cold_pool().start()
        self.threads.carry_out()
        self.reactor.advance(60)

        self.assertEqual(self.outcome(), (0, 0))

    def test_not_while_scripts_come(self) -> None:
        """As long as scripts come it waits; with the last of them, its time begins anew."""
        self.warm_pool()
        for _ in range(5):
            self.lull(SECONDS_UNTIL_PLACED * 0.7)
            self.render("a")
            self.finish("a")
        meanwhile = self.outcome()
        self.lull()

        self.assertEqual((meanwhile, self.outcome()), ((0, 0), (1, 1)))

    def test_not_while_one_runs(self) -> None:
        """A script that takes longer than the time that it waits has the processor; its time begins with the end."""
        self.warm_pool()
        self.render("a")
        self.reactor.advance(60)
        self.finish("a")
        self.lull(SECONDS_UNTIL_PLACED * 0.7)
        meanwhile = self.outcome()
        self.lull()

        self.assertEqual((meanwhile, self.outcome()), ((0, 0), (1, 1)))

    def test_somebody_always_waits(self) -> None:
        """A template is taught also where no slot is ever tidied."""
        self.cold_pool(slots=1)
        self.pool.start()
        self.threads.carry_out_all()
        self.stage.untaught = True
        self.render("a")
        self.render("b")
        self.threads.carry_out()
        self.assertEqual(self.running(), ["b"])
        self.threads.carry_out(1)

        self.assertEqual((self.stage.lessons, self.running()), (2, ["b"]))

    def test_nothing_found(self) -> None:
        """Where nothing can be found out the template stays, and it is not tried again."""
        self.stage.better = False
        self.warm_pool()
        self.lull()
        self.render("a")
        self.finish("a")
        self.lull(60)

        self.assertEqual(self.outcome(), (1, 0))

    def test_cannot_be_renewed(self) -> None:
        """Where there can be no fresh template the old one stays, and the log says why."""
        self.stage.stale = TemplateFailed("so it is written")
        self.warm_pool()
        with capturedLogs() as events:
            self.lull()

        self.assertEqual(self.outcome(), (1, 0))
        self.assertIn("so it is written", [event.get("why") for event in events])

    def test_bug(self) -> None:
        """A failure that nobody foresaw is logged, and scripts are run as ever."""
        self.stage.better = ZeroDivisionError()
        self.warm_pool()
        self.lull()
        self.render("a")
        self.finish("a")

        self.assertEqual((self.stage.names(), self.outcome()), (["a"], (1, 0)))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_closed_meanwhile(self) -> None:
        """A pool that is stopped while it is found out waits for that, and has no fresh template."""
        pool = self.warm_pool()
        self.reactor.advance(SECONDS_UNTIL_PLACED)
        stopped = pool.stop()
        self.assertNoResult(stopped)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertEqual(self.outcome(), (1, 0))

    def test_drained(self) -> None:
        """Who takes no more scripts finds nothing out any more."""
        pool = self.warm_pool()
        pool.drain()
        self.lull(60)

        self.assertEqual((self.outcome(), self.reactor.getDelayedCalls()), ((0, 0), []))
