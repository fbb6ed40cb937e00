"""Tests of L{cpyrender.pool.slots}, whose slots serve a pool here."""

from __future__ import annotations

from attrs import evolve

from cpyrender.pool.rest import SECONDS_TO_REST
from cpyrender.pool.template import TemplateFailed
from cpyrender.pool.unhurried import SECONDS_UNTIL_TOLD
from cpyrender.values import Drawn
from tests.pool.staged import DRAWN, PoolCase, StagedGroups, submission


class GroupTests(PoolCase):
    """The control groups of slots."""

    def test_groups(self) -> None:
        """Where there are control groups each slot has one; they are told as a layer, and go with the pool."""
        groups = self.stage.groups = StagedGroups()
        pool = self.warm_pool(slots=2)
        layers = pool.health().layers
        pool.stop()
        open_still = groups.closed
        self.threads.carry_out_all()

        self.assertEqual((self.stage.given, layers[-1]), (["first", "second"], "cgroup"))
        self.assertEqual((open_still, groups.closed), (False, True))

    def test_no_groups(self) -> None:
        """Where there are none the layer is not told of."""
        pool = self.warm_pool(slots=2)

        self.assertEqual((self.stage.given, "cgroup" in pool.health().layers), ([None, None], False))

    def test_groups_of_a_pool_that_cannot_start(self) -> None:
        """A pool that cannot be started leaves no groups."""
        groups = self.stage.groups = StagedGroups()
        self.stage.cold = TemplateFailed("so it is written")
        self.assertRaises(TemplateFailed, self.cold_pool().start_blocking)

        self.assertTrue(groups.closed)


class TidyingTests(PoolCase):
    """Which slot is taken, and what is done with it after its script."""

    def test_slot_with_a_spare_first(self) -> None:
        """Of two free slots that one is taken whose child is ready."""
        self.warm_pool(slots=2)
        self.stage.slots[0].has_spare = False
        self.render("a")
        self.finish("a")

        self.assertEqual(self.stage.ran, [("a", self.stage.slots[1])])

    def test_tidied_when_nobody_waits(self) -> None:
        """A slot that has nothing to do makes a spare, and is not given out before it is done."""
        self.warm_pool(slots=1)
        seen: list[list[str]] = []

        def meanwhile() -> None:
            self.render("b")
            seen.append(self.running())

        self.stage.meanwhile = meanwhile
        self.render("a")
        self.threads.carry_out()

        self.assertEqual((seen, self.running(), self.stage.slots[0].has_spare), ([[]], ["b"], True))

    def test_not_tidied_when_somebody_waits(self) -> None:
        """A slot for which somebody waits is given on at once."""
        self.warm_pool(slots=1)
        self.render("a")
        self.render("b")
        self.threads.carry_out()

        self.assertEqual(self.running(), ["b"])

    def test_wanted_no_more(self) -> None:
        """Of two slots that were wanted by the same script, the one that does not get it is tidied at once."""
        self.warm_pool(slots=2)
        for name in ("a", "b", "c"):
            self.render(name)
        ended = [(told, call(*args)) for told, call, args in (self.threads.calls.pop(0), self.threads.calls.pop(0))]
        for told, tidied in ended:
            told(True, tidied)

        self.assertEqual(([tidied for _, tidied in ended], self.running()), ([False, False], ["c"]))
        self.threads.carry_out(1)
        self.assertEqual([slot.has_spare for slot in self.stage.slots], [False, True])

    def test_no_spare_to_be_had(self) -> None:
        """A slot that could not be tidied takes the next script all the same."""
        self.warm_pool(slots=1)
        self.stage.untidy = OSError("no more processes")
        self.render("a")
        self.finish("a")
        answer = self.render("b")
        self.finish("b")

        self.assertIsInstance(self.successResultOf(answer), Drawn)

    def test_bug_in_tidying(self) -> None:
        """A slot whose tidying fails in a way that nobody foresaw is not lost; the failure is logged."""
        self.warm_pool(slots=1)
        self.stage.untidy = ZeroDivisionError()
        self.render("a")
        self.finish("a")
        answer = self.render("b")

        self.assertEqual(self.running(), ["b"])
        self.finish("b")
        self.assertIsInstance(self.successResultOf(answer), Drawn)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_spares(self) -> None:
        """Slots that could not have a spare get one after the next script that was run, whichever slot it ran in."""
        self.stage.untidy = OSError("no room")
        self.warm_pool(slots=3)
        self.assertEqual([slot.has_spare for slot in self.stage.slots], [False] * 3)
        self.stage.untidy = None
        self.render("a")
        self.finish("a")
        self.threads.carry_out_all()

        self.assertEqual([slot.has_spare for slot in self.stage.slots], [True] * 3)


class UnhurriedTests(PoolCase):
    """When a pool hears that a slot is free again."""

    def woken(self) -> int:
        """Return how often a thread has woken the reactor since this was asked last."""
        count, self.reactor.woken = self.reactor.woken, 0
        return count

    @staticmethod
    def note(_: object, told: list[str], name: str) -> None:
        """Note that there was an answer."""
        told.append(name)

    def test_nobody_waits(self) -> None:
        """The reactor is woken for the outcome, and not for the slot: the next script finds that, or who asks."""
        self.warm_pool(slots=1)
        for ask in (lambda: None, self.pool.health):
            self.render("a")
            self.woken()
            self.threads.carry_out()
            self.assertEqual((self.woken(), self.threads.calls), (1, []))
            ask()
        self.render("b")

        self.assertEqual(self.running(), ["b"])

    def test_somebody_waits(self) -> None:
        """Where somebody has come while the slot was being tidied, he has it at once."""
        self.warm_pool(slots=1)
        self.render("a")
        self.stage.meanwhile = lambda: self.render("b")
        self.woken()
        self.threads.carry_out()

        self.assertEqual((self.woken(), self.running()), (2, ["b"]))

    def test_reactor_is_late(self) -> None:
        """Where a script comes before the reactor has got to hear of the last one's outcome, it hears of that first."""
        self.warm_pool(slots=1)
        for names in ("a", "ab"):
            told: list[str] = []
            self.reactor.busy = late = []
            for name in names:
                self.render(name).addCallback(self.note, told, name)
            self.threads.carry_out()
            self.assertEqual((len(late) > 0, told), (True, []))
            self.render("c").addCallback(self.note, told, "c")
            self.assertEqual((told, len(self.running())), (["a"], 1))
            self.reactor.busy = None
            for call in late:
                call()
            self.threads.carry_out_all()
            self.assertEqual("".join(told), names + "c")

    def test_reports(self) -> None:
        """So it does of what a script has reported, which is told of before its outcome."""
        self.warm_pool(slots=1)
        told: list[str] = []
        asked = evolve(submission("a"), on_progress=told.append)
        self.stage.reports = ["half", "all"]
        self.reactor.busy = []
        self.pool.render(asked).addCallback(lambda _: told.append("drawn"))
        self.threads.carry_out()
        self.pool.health()

        self.assertEqual(told, ["half", "all", "drawn"])

    def test_in_the_end(self) -> None:
        """Where nobody comes it is heard of soon all the same."""
        self.warm_pool(slots=1)
        self.stage.untaught = True
        self.render("a")
        self.threads.carry_out()
        before = len(self.threads.calls)
        self.reactor.advance(SECONDS_UNTIL_TOLD)

        self.assertEqual((before, len(self.threads.calls)), (0, 1))

    def test_tidied_for_long(self) -> None:
        """So it is where the tidying has taken long, as when a template has to be started: a renewal waits for it."""
        self.warm_pool(slots=1)
        self.stage.meanwhile = lambda: self.reactor.advance(10 * SECONDS_UNTIL_TOLD)
        self.render("a")
        self.threads.carry_out()
        renewed = self.pool.renew()
        self.threads.carry_out_all()
        self.reactor.advance(SECONDS_UNTIL_TOLD)
        self.stage.meanwhile = int
        self.threads.carry_out_all()

        self.successResultOf(renewed)

    def test_draining(self) -> None:
        """A pool that drains hears of each slot at once; of those that it has not heard of yet as well."""
        self.warm_pool(slots=2)
        self.render("a")
        self.render("b")
        self.threads.carry_out()
        stopped = self.pool.stop()
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class PagesTests(PoolCase):
    """What is done for scripts that write to their pages, where all spares are lean."""

    def rested_pool(self, slots: int = 3) -> None:
        """Have a pool in which all spares are lean."""
        self.warm_pool(slots=slots)
        for slot in self.stage.slots:
            slot.lean = True

    def lasts(self, name: str) -> None:
        """Have a script run, and let it be seen that it lasts; what comes of that waits for its thread."""
        self.render(name)
        self.threads.carry_out(next(number for number, call in enumerate(self.threads.calls) if call[2]))

    def test_one_gets_pages(self) -> None:
        """Where a script lasts that was given a lean spare, one more slot gets its pages; the next ones find some."""
        self.rested_pool()
        first, second, _ = self.stage.slots
        self.lasts("a")
        self.assertEqual(self.stage.ran, [("a", first)])
        for name in ("b", "c", "d"):
            self.threads.carry_out_all()
            self.assertEqual(self.stage.paged, [second])
            self.lasts(name)
            self.assertIn(self.stage.ran[-1][1], (first, second))

    def test_last_one_taken(self) -> None:
        """So it is where a script has been given the only spare that had its pages."""
        self.rested_pool()
        self.stage.slots[1].lean = False
        self.lasts("a")
        self.threads.carry_out_all()

        self.assertEqual((self.stage.ran, self.stage.paged), ([("a", self.stage.slots[1])], [self.stage.slots[0]]))

    def test_pages_there(self) -> None:
        """Nothing is done where one that is free has its pages by then."""
        self.rested_pool(slots=4)
        self.render("a")
        self.render("b")
        self.threads.carry_out(0)
        # Tidying is part of the turn of "a"; what is left is "b", and the slot that gets its pages.
        self.threads.carry_out(1)
        self.assertEqual(self.running(), ["b"])
        self.threads.carry_out_all()

        self.assertEqual(self.stage.paged, [self.stage.slots[2]])

    def test_no_pages(self) -> None:
        """Nor where there are no pages to have, or the script is a light one."""
        self.rested_pool()
        for gives, lasting in ((False, True), (True, False)):
            self.stage.gives_pages, self.stage.lasting = gives, lasting
            self.lasts("a")
            self.threads.carry_out_all()
            self.stage.slots[0].lean = True

        self.assertEqual(self.stage.paged, [])

    def test_somebody_waits(self) -> None:
        """Nor where somebody waits: there is no slot that is free."""
        self.rested_pool(slots=1)
        self.render("a")
        self.render("b")
        self.threads.carry_out()

        self.assertEqual(self.stage.paged, [])

    def test_no_pages_to_be_had(self) -> None:
        """A slot that could get no other spare takes scripts all the same."""
        self.rested_pool(slots=2)
        self.stage.pageless = OSError("no more processes")
        self.lasts("a")
        self.threads.carry_out_all()
        answers = [self.render("b"), self.render("c")]
        self.threads.carry_out_all()

        self.assertEqual(self.stage.paged, [self.stage.slots[1]])
        for answer in answers:
            self.assertIsInstance(self.successResultOf(answer), Drawn)

    def test_stopped_meanwhile(self) -> None:
        """A pool that is stopped meanwhile waits for the slot that is given its pages."""
        self.rested_pool(slots=2)
        self.lasts("a")
        stopped = self.pool.stop()
        self.assertNoResult(stopped)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertTrue(all(slot.closed for slot in self.stage.slots))


class TeachingTests(PoolCase):
    """How a pool lets its template learn."""

    def test_once(self) -> None:
        """A new template is taught once, when the slots have their spares."""
        self.cold_pool(slots=2)
        self.stage.untaught = True
        self.pool.start()
        self.threads.carry_out_all()

        self.assertEqual((self.stage.lessons, self.stage.untaught), (1, False))
        self.render("a")
        self.threads.carry_out_all()
        self.assertEqual(self.stage.lessons, 1)

    def test_afterwards(self) -> None:
        """Spares from before are replaced when their template has been taught, if no script has come."""
        self.cold_pool(slots=2)
        self.stage.untaught = True
        self.pool.start()
        self.threads.carry_out_all()

        self.assertEqual(set(self.stage.rested), set(self.stage.slots))

    def test_afterwards_at_the_end(self) -> None:
        """They are not, where the pool takes no more scripts."""
        self.warm_pool(slots=1)
        self.stage.untaught = True
        self.render("a")
        self.threads.carry_out_all()
        self.reactor.advance(SECONDS_UNTIL_TOLD)
        self.assertEqual(self.threads.calls[0][1], self.stage.teach)
        self.pool.drain()
        self.threads.carry_out_all()

        self.assertEqual(self.stage.rested, [])

    def test_successor(self) -> None:
        """A template that came in another's place is taught as well."""
        self.warm_pool(slots=1)
        self.stage.untaught = True
        self.render("a")
        self.threads.carry_out_all()
        self.reactor.advance(SECONDS_UNTIL_TOLD)
        self.threads.carry_out_all()

        self.assertEqual(self.stage.lessons, 1)

    def test_stop_waits(self) -> None:
        """The pool is not stopped while its template learns."""
        self.warm_pool(slots=1)
        self.stage.untaught = True
        self.render("a")
        self.threads.carry_out_all()
        self.reactor.advance(SECONDS_UNTIL_TOLD)
        self.assertEqual(self.threads.calls[0][1], self.stage.teach)
        stopped = self.pool.stop()
        self.assertNoResult(stopped)
        self.assertFalse(self.stage.closed)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertTrue(self.stage.closed)


class RenewalTests(PoolCase):
    """Replacing the template."""

    def test_idle(self) -> None:
        """Where nothing runs, each slot gets a spare of the fresh template, and then the old one is ended."""
        pool = self.warm_pool()
        renewed = pool.renew()
        self.threads.carry_out()
        self.assertEqual([slot.outdated for slot in self.stage.slots], [True, True])
        self.assertEqual(self.stage.retired, [])
        self.threads.carry_out_all()

        self.successResultOf(renewed)
        self.assertEqual([slot.outdated for slot in self.stage.slots], [False, False])
        self.assertEqual(self.stage.retired, ["template 1"])

    def test_running(self) -> None:
        """A script that runs is waited for before the old template is ended; others run meanwhile."""
        pool = self.warm_pool()
        running = self.render("a")
        renewed = pool.renew()
        self.threads.carry_out(1)
        self.threads.carry_out(1)
        self.render("b")
        self.finish("b")
        self.assertEqual((self.stage.retired, self.running()), ([], ["a"]))
        self.finish("a")
        self.threads.carry_out_all()

        self.assertEqual(self.successResultOf(running).outputs, DRAWN.outputs)
        self.successResultOf(renewed)
        self.assertEqual(self.stage.retired, ["template 1"])

    def test_just_tidied(self) -> None:
        """A slot that got its spare from the old template while the new one came is tidied once more."""
        pool = self.warm_pool(slots=1)
        self.render("a")
        # It has its spare already, and the pool is yet to hear of it.
        told, call, args = self.threads.calls.pop(0)
        tidied = call(*args)
        renewed = pool.renew()
        self.threads.carry_out()
        told(True, tidied)
        self.assertEqual((self.stage.slots[0].outdated, self.stage.retired), (True, []))
        self.threads.carry_out_all()

        self.successResultOf(renewed)
        self.assertEqual((self.stage.slots[0].outdated, self.stage.retired), (False, ["template 1"]))

    def test_just_run(self) -> None:
        """A slot that is wanted at once, of which the pool is yet to hear, does not keep the old template alive."""
        pool = self.warm_pool(slots=1)
        self.render("a")
        self.render("b")
        told, call, args = self.threads.calls.pop(0)
        tidied = call(*args)
        renewed = pool.renew()
        self.threads.carry_out()
        told(True, tidied)
        self.assertEqual((tidied, self.stage.retired), (False, []))
        self.threads.carry_out_all()

        self.successResultOf(renewed)
        self.assertEqual((self.stage.names(), self.stage.retired), (["a", "b"], ["template 1"]))

    def test_one_after_the_other(self) -> None:
        """Who asks while a template is being replaced gets another one, started after he asked."""
        pool = self.warm_pool()
        first, second = pool.renew(), pool.renew()
        self.threads.carry_out()
        self.assertEqual(self.stage.renewed, 1)
        self.threads.carry_out_all()

        self.successResultOf(first)
        self.successResultOf(second)
        self.assertEqual(self.stage.retired, ["template 1", "template 2"])

    def test_failed(self) -> None:
        """Where there cannot be a fresh template, who asked is told, all stays as it is, and one may ask again."""
        pool = self.warm_pool()
        self.stage.stale = TemplateFailed("no room")
        renewed = pool.renew()
        self.threads.carry_out_all()
        self.failureResultOf(renewed, TemplateFailed)
        self.assertTrue(pool.health().ready)
        self.stage.stale = None
        renewed = pool.renew()
        self.threads.carry_out_all()

        self.successResultOf(renewed)

    def test_stopped_meanwhile(self) -> None:
        """A pool that is stopped while a template is being replaced waits for that, and then ends."""
        pool = self.warm_pool()
        pool.renew()
        stopped = pool.stop()
        self.assertNoResult(stopped)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertTrue(self.stage.closed)

    def test_not_started(self) -> None:
        """A pool without a template has none to replace."""
        self.successResultOf(self.cold_pool().renew())
        self.assertEqual(self.stage.renewed, 0)


class RestTests(PoolCase):
    """What the slots do when no script comes."""

    def lean(self) -> list[bool]:
        """Return for each slot whether its spare is a lean one."""
        return [slot.lean for slot in self.stage.slots]

    def idle(self, seconds: float = SECONDS_TO_REST) -> None:
        """Let time pass without a script."""
        self.reactor.advance(seconds)
        self.threads.carry_out_all()

    def test_all(self) -> None:
        """When no script has come for some time, and not before, all spares that wait are replaced by lean ones."""
        self.warm_pool(slots=3)
        self.idle(SECONDS_TO_REST - 0.1)
        before = self.lean()
        self.idle(0.1)

        self.assertEqual((before, self.lean()), ([False] * 3, [True] * 3))
        self.assertEqual(self.pool.health().spares, 3)

    def test_one_after_the_other(self) -> None:
        """Only one slot at a time is without its spare."""
        self.warm_pool(slots=3)
        self.reactor.advance(SECONDS_TO_REST)
        for rested in range(3):
            self.assertEqual((len(self.threads.calls), len(self.stage.rested)), (1, rested))
            self.threads.carry_out()

        self.assertEqual(self.threads.calls, [])

    def test_once(self) -> None:
        """Slots that rest do so until a script comes; nothing looks after them in between."""
        self.warm_pool(slots=2)
        self.idle()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.idle(1000)

        self.assertEqual(len(self.stage.rested), 2)

    def test_lean_already(self) -> None:
        """Spares that have no pages of their own, as those of a template that was not taught, stay."""
        self.warm_pool(slots=2)
        self.stage.slots[0].lean = True
        self.idle()

        self.assertEqual(self.stage.rested, [self.stage.slots[1]])

    def test_script_before(self) -> None:
        """A script puts it off, by the whole time."""
        self.warm_pool(slots=2)
        self.idle(SECONDS_TO_REST - 1)
        self.render("a")
        self.finish("a")
        self.idle(SECONDS_TO_REST - 1)
        before = self.lean()
        self.idle(1)

        self.assertEqual((before, self.lean()), ([False, False], [True, True]))

    def test_one_delayed_call(self) -> None:
        """However many scripts come, no more delayed calls wait than after the first one."""
        self.warm_pool(slots=2)
        self.render("first")
        self.finish("first")
        waiting = self.reactor.getDelayedCalls()
        for name in "abcdefgh":
            self.render(name)
            self.finish(name)

        self.assertEqual((self.reactor.getDelayedCalls(), len(waiting)), (waiting, 2))

    def test_script_after(self) -> None:
        """A script after that meets a lean spare, and leaves one that is not; in the end that rests as well."""
        self.warm_pool(slots=1)
        self.idle()
        answer = self.render("a")
        self.finish("a")
        after = self.lean()
        self.idle()

        self.assertIsInstance(self.successResultOf(answer), Drawn)
        self.assertEqual((after, self.lean()), ([False], [True]))

    def test_script_meanwhile(self) -> None:
        """A script that comes while a slot gets its lean spare has another slot at once, and no more of them rest."""
        self.warm_pool(slots=3)
        self.reactor.advance(SECONDS_TO_REST)
        answer = self.render("a")
        self.assertEqual(self.running(), ["a"])
        self.finish("a")

        self.assertIsInstance(self.successResultOf(answer), Drawn)
        self.assertEqual((len(self.stage.rested), sum(self.lean()), self.threads.calls), (1, 1, []))

    def test_script_for_the_only_slot(self) -> None:
        """A script that comes while the only slot gets its lean spare waits for that, and is run."""
        self.warm_pool(slots=1)
        self.reactor.advance(SECONDS_TO_REST)
        answer = self.render("a")
        self.assertEqual((self.running(), self.pool.health().waiting), ([], 1))
        self.threads.carry_out_all()

        self.assertIsInstance(self.successResultOf(answer), Drawn)

    def test_long_script(self) -> None:
        """Beside a script that takes long the other slots rest, and its own does when it is over for as long."""
        self.warm_pool(slots=2)
        self.render("a")
        self.reactor.advance(SECONDS_TO_REST)
        self.threads.carry_out(1)
        beside = sum(self.lean())
        self.finish("a")
        self.idle()

        self.assertEqual((beside, self.lean()), (1, [True, True]))

    def test_no_lean_spare(self) -> None:
        """Where no lean spare can be had it is logged, once for each slot, and the next script is run all the same."""
        self.warm_pool(slots=2)
        self.stage.restless = ZeroDivisionError()
        self.idle()
        self.assertEqual((len(self.stage.rested), len(self.flushLoggedErrors(ZeroDivisionError))), (2, 2))
        answer = self.render("a")
        self.finish("a")

        self.assertIsInstance(self.successResultOf(answer), Drawn)
        self.assertEqual(self.pool.health().spares, 2)

    def test_draining(self) -> None:
        """A pool that drains rests no more, whether scripts still run in it or not; no delayed call is left."""
        self.warm_pool(slots=2)
        self.render("a")
        self.render("b")
        self.render("c")
        self.pool.drain()
        self.finish("a")
        self.assertEqual((self.running(), self.reactor.getDelayedCalls()), (["b", "c"], []))
        self.idle(1000)

        self.assertEqual(self.stage.rested, [])

    def test_stopped_meanwhile(self) -> None:
        """A pool that is stopped while a slot gets its lean spare waits for that one, and no other follows."""
        self.warm_pool(slots=2)
        self.reactor.advance(SECONDS_TO_REST)
        stopped = self.pool.stop()
        self.assertNoResult(stopped)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertEqual([(slot.closed, slot.has_spare) for slot in self.stage.slots], [(True, False)] * 2)
        self.assertEqual((len(self.stage.rested), self.reactor.getDelayedCalls()), (1, []))

    def test_template_replaced_meanwhile(self) -> None:
        """A slot that gets its lean spare while the template is replaced has one of the fresh template in the end."""
        self.warm_pool(slots=1)
        renewed = self.pool.renew()
        self.reactor.advance(SECONDS_TO_REST)
        # It has its lean spare already, and the pool is yet to hear of it.
        told, call, args = self.threads.calls.pop(1)
        call(*args)
        self.threads.carry_out()
        told(True, None)
        self.assertEqual((self.stage.slots[0].outdated, self.stage.retired), (True, []))
        self.threads.carry_out_all()

        self.successResultOf(renewed)
        self.assertEqual((len(self.stage.rested), self.stage.slots[0].outdated), (1, False))


class CloseTests(PoolCase):
    """How slots end."""

    def test_lets_go(self) -> None:
        """A pool that is stopped closes its slots and its supply, and ends its threads."""
        pool = self.warm_pool(slots=2)
        stopped = pool.stop()
        self.assertNoResult(stopped)
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertEqual([slot.closed for slot in self.stage.slots], [True, True])
        self.assertEqual((self.stage.closed, self.threads.started), (True, False))

    def test_waits_for_tidying(self) -> None:
        """A slot is not closed while it is being tidied."""
        self.warm_pool(slots=1)
        self.render("a")
        self.threads.carry_out()
        self.pool.stop()
        self.assertEqual(len(self.threads.calls), 1)
        self.threads.carry_out_all()

        self.assertEqual([(slot.closed, slot.has_spare) for slot in self.stage.slots], [(True, False)])

    def test_something_cannot_be_removed(self) -> None:
        """A pool that cannot remove all that its template left ends its threads and is stopped all the same."""
        pool = self.warm_pool()
        self.stage.stuck = OSError("a folder cannot be removed")
        stopped = pool.stop()
        self.threads.carry_out_all()

        self.successResultOf(stopped)
        self.assertFalse(self.threads.started)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
