"""Tests of L{cpyrender.pool.slot}."""

import os
import select
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread

from twisted.trial.unittest import SynchronousTestCase

from cpyrender import wire
from cpyrender.pool import conversation
from cpyrender.pool import slot as slot_module
from cpyrender.pool.cancellation import Cancellation, Cancelled
from cpyrender.pool.slot import Slot
from cpyrender.pool.spare import Spare
from cpyrender.pool.template import TemplateFailed
from cpyrender.settings import RenderSettings
from cpyrender.values import Cause, Drawn, Failed, Output, Submission, TimedOut
from tests.pool.played import PlayedChild

_SUBMISSION = Submission(script=b"response = 1")
_ANSWER = {"kind": "drawn", "outputs": [{"size": 0, "media_type": "image/png", "name": ""}]}
_DRAWN = Drawn(outputs=(Output(data=b"", media_type="image/png"),))


def draw(child: PlayedChild) -> None:
    """Play a child that answers."""
    child.answer(_ANSWER)


def draw_in(seconds: float) -> Callable[[PlayedChild], None]:
    """Return what plays a child that answers, and tells how long its script has run by its own clock."""
    return lambda child: child.answer({**_ANSWER, "run": seconds / 2, "encode": seconds / 2})


def draw_and_go_on(child: PlayedChild) -> None:
    """Play a child that answers, and will take another script."""
    child.answer({**_ANSWER, "again": True})


def be_silent_at_first(child: PlayedChild) -> None:
    """Play a child that has its part yet to come."""


def draw_when_asked(child: PlayedChild) -> None:
    """Play a child that waits for its script before it answers, and will take another one."""
    select.select([child.script], [], [], 20)
    os.read(child.script, 1 << 16)
    draw_and_go_on(child)


def die_before(child: PlayedChild) -> None:
    """Play a child that ends before it has its script."""
    child.end(9)


def die_with_template(child: PlayedChild) -> None:
    """Play a child that is lost, under its script, with its template."""
    child.begin()
    child.lose_template()


def be_silent(child: PlayedChild) -> None:
    """Play a child that takes its script and says no more."""
    child.begin()


class PlayedSupply:
    """A supply of children whose parts are given in order.

    @ivar lean: for each that was handed out, whether it was to be a lean one.
    @ivar quarantined: for each that was handed out, whether the slot was in quarantine then.
    """

    def __init__(self, children: list[PlayedChild]) -> None:
        self.handed_out: list[PlayedChild] = []
        self.generation = 0
        self.quarantine = Lock()
        self.gives_pages = True
        self.lean: list[bool] = []
        self.quarantined: list[bool] = []
        self._children = iter(children)

    def spare(self, lean: bool = False) -> Spare:
        child = next(self._children, None)
        if child is None:
            raise TemplateFailed("no more of them")
        self.handed_out.append(child)
        self.lean.append(lean)
        child.spare.lean = lean
        self.quarantined.append(self.quarantine.locked())
        return child.spare


class SlotCase(SynchronousTestCase):
    """Has slots whose children are played."""

    def setUp(self) -> None:
        self.cancellation = Cancellation()
        self.addCleanup(self.cancellation.close)
        # Children that are played are quick.
        self.patch(slot_module, "LIGHT", 0.0)

    def slot(self, *parts: Callable[[PlayedChild], None], timeout: float = 60.0) -> Slot:
        """Return a slot whose children play these parts."""
        self.children = [self.child(part) for part in parts]
        self.supply = PlayedSupply(self.children)
        self.addCleanup(self.close_those_left)
        slot = Slot(self.supply, RenderSettings(timeout=timeout))
        self.addCleanup(slot.close)
        return slot

    def close_those_left(self) -> None:
        """Close the spares that nobody asked for; all others are the slot's to close."""
        for child in self.children:
            if child not in self.supply.handed_out:
                child.spare.close()

    def child(self, part: Callable[[PlayedChild], None]) -> PlayedChild:
        """Return a child with a job folder, which has played its part."""
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        child = PlayedChild(str(folder))
        self.addCleanup(child.close)
        part(child)
        return child

    def render(self, slot: Slot, submission: Submission = _SUBMISSION) -> object:
        """Run a script in a slot."""
        return slot.render(submission, self.cancellation)


class PlayedGroup:
    """A control group that keeps what is put into it.

    @ivar killed: how many were killed in it so far.
    @ivar full: it takes nobody any more.
    """

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.killed = 5
        self.full = False

    def take(self, pidfd: int) -> None:
        if self.full:
            raise OSError("full")
        self.taken.append(pidfd)

    def kills(self) -> int:
        return self.killed


class GroupTests(SlotCase):
    """A slot that has a control group."""

    def grouped(self, *parts: Callable[[PlayedChild], None]) -> Slot:
        """Return a slot with a group, whose children play these parts."""
        self.slot(*parts)
        self.group = PlayedGroup()
        slot = Slot(self.supply, RenderSettings(), self.group)
        self.addCleanup(slot.close)
        return slot

    def be_killed(self, child: PlayedChild) -> None:
        """Play a child that is killed under its script."""
        child.begin()
        child.end(signal.SIGKILL)

    def test_put_in(self) -> None:
        """Each child is in the group before it has its script, whether it waited for it or was made for it."""
        slot = self.grouped(draw, draw)
        slot.tidy()
        waiting = list(self.group.taken)
        self.render(slot)
        self.render(slot)

        self.assertEqual(waiting, [self.children[0].spare.pidfd])
        self.assertEqual(len(self.group.taken), 2)

    def test_memory_used_up(self) -> None:
        """A script whose child the kernel killed because the group's memory was used up outgrew its memory limit."""
        slot = self.grouped(self.be_killed)
        slot.tidy()
        self.group.killed += 1
        outcome = self.render(slot)

        self.assertEqual((outcome.cause, outcome.message), (Cause.MEMORY, "the script outgrew its memory limit"))

    def test_killed_otherwise(self) -> None:
        """A child that died of something else crashed, whoever was killed in the group before."""
        outcome = self.render(self.grouped(self.be_killed))

        self.assertIs(outcome.cause, Cause.CRASHED)

    def test_not_put_in(self) -> None:
        """A child that cannot be put into the group gets no script, and is not kept."""
        slot = self.grouped(draw)
        self.group.full = True

        self.assertRaises(OSError, self.render, slot)
        self.assertTrue(self.children[0].was_killed())
        self.assertFalse(slot.has_spare)


class SlotTests(SlotCase):
    """L{Slot}."""

    def test_fresh_child_for_each(self) -> None:
        """Each script has a child of its own."""
        slot = self.slot(draw, draw)

        self.assertEqual([self.render(slot), self.render(slot)], [_DRAWN, _DRAWN])
        self.assertEqual(self.supply.handed_out, self.children)

    def test_spare_at_hand(self) -> None:
        """A tidied slot holds a spare, and it is the one that runs the next script."""
        slot = self.slot(draw, draw)
        before = slot.has_spare
        slot.tidy()
        at_hand = slot.has_spare
        self.render(slot)

        self.assertEqual([before, at_hand, slot.has_spare], [False, True, False])
        self.assertEqual(self.supply.handed_out, self.children[:1])

    def test_tidied_twice(self) -> None:
        """A slot never holds two spares."""
        slot = self.slot(draw, draw)
        slot.tidy()
        slot.tidy()

        self.assertEqual(self.supply.handed_out, self.children[:1])

    def test_outdated(self) -> None:
        """A slot whose spare is of a template that has been replaced lets go of it, and takes a fresh one."""
        slot = self.slot(draw, draw)
        slot.tidy()
        before = slot.outdated
        self.supply.generation += 1
        outdated = slot.outdated
        slot.tidy()

        self.assertEqual([before, outdated, slot.outdated, slot.has_spare], [False, True, False, True])
        self.assertTrue(self.children[0].was_killed())
        self.assertEqual(self.supply.handed_out, self.children)

    def test_spare_that_died_waiting(self) -> None:
        """A script whose spare had died while it waited is run by the next child, like any other script."""
        slot = self.slot(die_before, draw)
        slot.tidy()

        self.assertEqual(self.render(slot), _DRAWN)
        self.assertEqual(self.supply.quarantined, [False, False])

    def test_child_that_was_interrupted(self) -> None:
        """A script whose template died under it is run by the next child, in quarantine."""
        slot = self.slot(die_with_template, draw)

        self.assertEqual(self.render(slot), _DRAWN)
        self.assertEqual(self.supply.quarantined, [False, True])

    def test_fresh_child_that_never_began(self) -> None:
        """A script whose child ended as soon as it was made is run by the next child, in quarantine."""
        slot = self.slot(die_before, draw)

        self.assertEqual(self.render(slot), _DRAWN)
        self.assertEqual(self.supply.quarantined, [False, True])

    def test_children_that_keep_dying(self) -> None:
        """A script under which three children died is not tried again, and is told so."""
        outcome = self.render(self.slot(die_with_template, die_before, die_with_template, draw))

        self.assertIsInstance(outcome, Failed)
        self.assertIs(outcome.cause, Cause.CRASHED)
        self.assertIn("3 times", outcome.message)
        self.assertEqual(self.supply.handed_out, self.children[:3])

    def test_end_of_quarantine(self) -> None:
        """The quarantine is over when its script is, however that ended."""
        self.render(self.slot(die_with_template, die_with_template, die_with_template))

        self.assertFalse(self.supply.quarantine.locked())

    def test_cancelled_before_quarantine(self) -> None:
        """A script that nobody waits for does not wait for its turn in quarantine."""
        slot = self.slot(die_with_template, draw)
        self.supply.quarantine.acquire()
        self.cancellation.cancel()
        raised: list[BaseException] = []

        def run() -> None:
            try:
                self.render(slot)
            except Cancelled as error:
                raised.append(error)

        thread = Thread(target=run)
        thread.start()
        # Where it goes on waiting, it is let in after a while, and draws.
        thread.join(20)
        self.supply.quarantine.release()
        thread.join()

        self.assertEqual([type(error) for error in raised], [Cancelled])
        self.assertEqual(self.supply.handed_out, self.children[:1])

    def shared(self, *parts: Callable[[PlayedChild], None], runs: int = 3) -> Slot:
        """Return a slot that gives each child several scripts."""
        self.slot(*parts)
        slot = Slot(self.supply, RenderSettings(runs_per_process=runs))
        self.addCleanup(slot.close)
        return slot

    def test_shared_child(self) -> None:
        """A child that goes on has the next script, as often as it may, and whether the slot was tidied or not."""
        slot = self.shared(be_silent_at_first, draw)
        child = self.children[0]
        for more in (slot.tidy, lambda: None, lambda: None):
            more()
            answering = Thread(target=draw_when_asked, args=(child,))
            answering.start()
            self.assertEqual(self.render(slot), _DRAWN)
            answering.join()
            child.say(wire.READY)
        # It has had its three.
        has_spare = slot.has_spare
        slot.bury()

        self.assertTrue(child.was_killed())
        self.assertEqual((self.supply.handed_out, has_spare), ([child], False))

    def test_child_that_does_not_get_ready(self) -> None:
        """Where a child that should go on ends instead, or says something else, the next script has another one."""
        for play in (die_before, draw):
            slot = self.shared(draw_and_go_on, draw)
            self.render(slot)
            play(self.children[0])
            self.assertEqual(self.render(slot), _DRAWN)
            self.assertEqual(self.supply.handed_out, self.children)
            slot.bury()
            self.assertTrue(self.children[0].was_killed())

    def test_tidied_for_another(self) -> None:
        """Where a child that should go on has ended, a tidied slot holds another one."""
        slot = self.shared(draw_and_go_on, draw)
        self.render(slot)
        die_before(self.children[0])
        slot.tidy()

        self.assertEqual((self.supply.handed_out, slot.has_spare), (self.children, True))

    def test_rest(self) -> None:
        """A slot that rests has a lean spare in the place of the one that waited, which is killed; one rests once."""
        slot = self.slot(draw, draw)
        before = slot.may_rest
        slot.tidy()
        tidied = slot.may_rest
        slot.rest()
        slot.rest()

        self.assertEqual([before, tidied, slot.may_rest, slot.has_spare], [False, True, False, True])
        self.assertEqual((self.supply.lean, self.children[0].was_killed()), ([False, True], True))
        self.assertEqual(self.render(slot), _DRAWN)

    def test_unripe(self) -> None:
        """A spare from before its template was as warm as it gets is replaced, although it is a lean one."""
        slot = self.slot(draw, draw)
        slot.tidy()
        slot.rest()
        self.assertFalse(slot.may_rest)
        self.children[1].spare.unripe = True

        self.assertTrue(slot.may_rest)

    def test_get_pages(self) -> None:
        """A lean spare is replaced by one with its pages, and killed; where there are no pages to have, it stays."""
        slot = self.slot(draw, draw, draw)
        slot.tidy()
        slot.rest()
        self.supply.gives_pages = False
        before = slot.has_pages, slot.may_get_pages, slot.readiness
        slot.get_pages()
        self.supply.gives_pages = True
        lean = slot.has_pages, slot.may_get_pages, slot.readiness
        slot.get_pages()
        slot.get_pages()

        self.assertEqual((before, lean), ((False, False, 1), (False, True, 1)))
        self.assertEqual((slot.has_pages, slot.may_get_pages, slot.readiness), (True, False, 2))
        self.assertEqual((self.supply.lean, self.children[1].was_killed()), ([False, True, False], True))
        self.assertEqual(self.render(slot), _DRAWN)

    def test_no_pages_to_be_had(self) -> None:
        """Where no other spare can be had, that is said, and the slot has none."""
        slot = self.slot(draw, draw)
        slot.tidy()
        slot.rest()

        self.assertRaises(TemplateFailed, slot.get_pages)
        self.assertEqual((slot.readiness, slot.has_spare, slot.has_pages, slot.may_get_pages), (0, False, False, False))

    def test_lasting(self) -> None:
        """Who runs a script is told that it lasts."""
        self.patch(conversation, "LASTING", 0.0)
        told: list[bool] = []
        self.slot(draw).render(_SUBMISSION, self.cancellation, lambda: told.append(True))

        self.assertEqual(told, [True])

    def test_tidied_after_rest(self) -> None:
        """The spare after a lean one that has had its script is not a lean one."""
        slot = self.slot(draw, draw, draw)
        slot.tidy()
        slot.rest()
        self.render(slot)
        slot.tidy()

        self.assertEqual((self.supply.lean, slot.may_rest), ([False, True, False], True))

    def test_after_a_light_script(self) -> None:
        """The spare after a script that was over at once is a lean one, and the one after a long one is not."""
        slot = self.slot(draw, draw, draw)
        slot.tidy()
        self.patch(slot_module, "LIGHT", 60.0)
        self.render(slot)
        slot.tidy()
        self.patch(slot_module, "LIGHT", 0.0)
        self.render(slot)
        slot.tidy()

        self.assertEqual(self.supply.lean, [False, True, False])

    def test_light_by_its_own_clock(self) -> None:
        """What counts is how long a script has run, not how long it was waited for."""
        slot = self.slot(draw_in(1e-9), draw_in(60.0), draw)
        # Nobody can wait for less than that.
        self.patch(slot_module, "LIGHT", 1e-8)
        for _ in range(3):
            self.render(slot)

        self.assertEqual(self.supply.lean, [False, True, False])

    def test_light_scripts_without_a_pause(self) -> None:
        """So is the child for a script that comes when there is no spare."""
        slot = self.slot(draw, draw, draw)
        for seconds in (60.0, 0.0, 60.0):
            self.patch(slot_module, "LIGHT", seconds)
            self.render(slot)

        self.assertEqual(self.supply.lean, [False, True, False])

    def test_rest_of_a_child_that_was_kept(self) -> None:
        """A child that has run a script and may run another is replaced too, though it was a lean one before."""
        slot = self.shared(draw, draw_and_go_on, draw)
        slot.tidy()
        slot.rest()
        self.render(slot)
        kept = slot.may_rest
        slot.rest()

        self.assertEqual((kept, slot.may_rest, slot.has_spare), (True, False, True))
        self.assertEqual((self.supply.lean, self.children[1].was_killed()), ([False, True, True], True))

    def test_no_lean_spare(self) -> None:
        """Where no lean spare can be had, that is said, and the slot has none."""
        slot = self.slot(draw)
        slot.tidy()

        self.assertRaises(TemplateFailed, slot.rest)
        self.assertEqual((slot.has_spare, slot.may_rest), (False, False))

    def test_no_child(self) -> None:
        """Where no child can be had, who has a script is told."""
        self.assertRaises(TemplateFailed, self.render, self.slot())

    def test_cancelled(self) -> None:
        """A script that nobody waits for is not tried again, and its child is killed."""
        slot = self.slot(be_silent, draw)
        self.cancellation.cancel()

        self.assertRaises(Cancelled, self.render, slot)
        self.assertTrue(self.children[0].was_killed())
        self.assertEqual(self.supply.handed_out, self.children[:1])

    def test_own_time_limit(self) -> None:
        """A script has no longer than the server grants, whatever its client would grant."""
        outcome = self.render(self.slot(be_silent, timeout=0.02), Submission(script=b"", timeout=1000))

        self.assertIsInstance(outcome, TimedOut)
        self.assertEqual(outcome.seconds, 0.02)

    def test_time_limit_of_the_client(self) -> None:
        """A script has no longer than its client grants."""
        outcome = self.render(self.slot(be_silent), Submission(script=b"", timeout=0.02))

        self.assertEqual(outcome.seconds, 0.02)

    def test_buried(self) -> None:
        """After a script its child is dead, and its folder and its descriptors are gone."""
        slot = self.slot(draw)
        self.render(slot)
        spare = self.children[0].spare
        slot.bury()

        self.assertTrue(self.children[0].was_killed())
        self.assertFalse(os.path.exists(spare.folder))
        self.assertRaises(OSError, os.fstat, spare.result)

    def test_never_tidied(self) -> None:
        """Where scripts come without a pause, what earlier ones have left is cleared away all the same."""
        slot = self.slot(*[draw] * 5)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            self.render(slot)
        folders = [os.path.exists(child.spare.folder) for child in self.children]

        self.assertEqual(folders, [False, False, False, True, True])
        # Of each, the five ends and the pidfd.
        self.assertEqual(len(os.listdir("/proc/self/fd")), before - 3 * 6)

    def test_closed(self) -> None:
        """A slot that is closed kills the spare it holds and lets go of it."""
        slot = self.slot(be_silent)
        slot.tidy()
        slot.close()

        self.assertTrue(self.children[0].was_killed())
        self.assertFalse(slot.has_spare)
        self.assertRaises(OSError, os.fstat, self.children[0].spare.result)
