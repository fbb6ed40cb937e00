"""Tests of L{cpyrender.pool.supply}."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool import supply
from cpyrender.pool.isolation import Isolation
from cpyrender.pool.learning import CannotLearn
from cpyrender.pool.running_template import TemplateLost
from cpyrender.pool.supply import SpareSupply
from cpyrender.pool.template import TemplateFailed
from cpyrender.settings import RenderSettings


@define(eq=False)
class Template:
    """A template that has its fate written down.

    @ivar spares: how many spares it makes before it is lost.
    @ivar green: how often it says that it is not ripe yet.
    """

    spares: int = 1000
    pid: int = 1
    killed: bool = False
    closed: bool = False
    taught: bool = False
    gives_pages: bool = False
    lessons: list[object] = field(factory=list)
    lean: list[bool] = field(factory=list)
    green: int = 0

    def ripe(self) -> bool:
        self.green -= 1
        return self.green < 0

    def teach(self, pages: object) -> None:
        self.lessons.append(pages)
        self.gives_pages = True

    def spare(self, lean: bool = False) -> object:
        if self.spares == 0:
            raise TemplateLost("so it is written")
        self.lean.append(lean)
        self.spares -= 1
        return self

    def kill(self) -> None:
        self.killed = True

    def close(self) -> None:
        self.closed = True


@define
class Machine:
    """A machine on which these templates start, one after the other; C{None} is one that cannot.

    It stands for the search for the strongest level of isolation, and for the settings that are found by it.
    """

    templates: list[Template | None]
    started: list[Template] = field(factory=list)
    level: str = "jail"
    searches: int = 0
    forgotten: bool = False
    next: Machine | None = None
    placement: bytes = b""

    def start(self, meanwhile: Callable[[], object] | None = None) -> Template:
        template = self.templates.pop(0)
        if meanwhile is not None:
            meanwhile()
        if template is None:
            raise TemplateFailed("so it is written")
        self.started.append(template)
        return template

    def forget(self) -> None:
        self.forgotten = True

    def strongest(self, render: RenderSettings, *, meanwhile: Callable[[], object] | None) -> Isolation:
        """Find these settings, and a template that was started from them."""
        self.searches += 1
        return Isolation(self, self.start(meanwhile))

    def try_level(self, level: str, render: RenderSettings, *, placement: bytes) -> Isolation:
        """Start a template at a level, from settings of its own."""
        self.next = Machine(self.templates, self.started, level, placement=placement)
        return Isolation(self.next, self.start())


class SupplyCase(SynchronousTestCase):
    """Has a supply on a machine that is played."""

    def setUp(self) -> None:
        self.patch(supply, "learn", lambda template: f"of {template.pid}")

    def supply(self, *templates: Template | None) -> SpareSupply:
        """Return a supply that has these templates before it."""
        self.machine = Machine(list(templates))
        self.patch(supply, "strongest", self.machine.strongest)
        self.patch(supply, "try_level", self.machine.try_level)
        return SpareSupply(RenderSettings())


class SpareSupplyTests(SupplyCase):
    """L{SpareSupply}."""

    def test_one_template(self) -> None:
        """All spares come from one template, which is started when it is first needed."""
        supply = self.supply(template := Template(), Template())
        self.assertEqual(self.machine.started, [])

        self.assertEqual([supply.spare(), supply.spare()], [template, template])
        self.assertEqual((self.machine.started, supply.restarts), ([template], 0))

    def test_lean(self) -> None:
        """Who asks for a lean spare gets one, by a template's successor as well."""
        supply = self.supply(lost := Template(spares=2), new := Template())
        for lean in (False, True, True):
            supply.spare(lean)

        self.assertEqual((lost.lean, new.lean), ([False, True], [True]))

    def test_warm(self) -> None:
        """A template that has been warmed up is the one that makes the spares."""
        supply = self.supply(template := Template(), Template())
        supply.warm()

        self.assertIs(supply.spare(), template)

    def test_meanwhile(self) -> None:
        """Something can be done while the template warms up: once, however often it is asked for."""
        supply = self.supply(Template())
        done: list[bool] = []
        for _ in range(2):
            supply.warm(lambda: done.append(supply.level is None))

        self.assertEqual(done, [True])

    def test_level(self) -> None:
        """The level of isolation is known once a template has been started."""
        supply = self.supply(Template())
        before = supply.level
        supply.warm()

        self.assertEqual([before, supply.level], [None, "jail"])

    def test_lost_template(self) -> None:
        """A template that is lost is killed and replaced, and who asked gets a spare from the new one."""
        supply = self.supply(lost := Template(spares=1), new := Template())

        self.assertEqual([supply.spare(), supply.spare()], [lost, new])
        self.assertEqual((lost.killed, supply.restarts), (True, 1))

    def test_level_is_chosen_once(self) -> None:
        """A template is replaced by one of the same level, whatever may work by then."""
        supply = self.supply(Template(spares=0), Template())
        supply.spare()

        self.assertEqual((self.machine.searches, len(self.machine.started)), (1, 2))

    def test_all_lost(self) -> None:
        """After three templates that were lost one after the other, who asked is told so."""
        templates = [Template(spares=0) for _ in range(4)]
        supply = self.supply(*templates)

        self.assertRaises(TemplateFailed, supply.spare)
        self.assertEqual([template.killed for template in templates], [True, True, True, False])

    def test_failed(self) -> None:
        """A template that cannot start is reported, and the next who asks tries again."""
        supply = self.supply(None, template := Template())

        self.assertRaises(TemplateFailed, supply.spare)
        self.assertIs(supply.spare(), template)

    def test_closed(self) -> None:
        """A supply that is closed ends its template, forgets what it left, and starts no other."""
        supply = self.supply(template := Template(), Template())
        supply.warm()
        supply.close()

        self.assertEqual((template.closed, self.machine.forgotten), (True, True))
        self.assertRaises(TemplateFailed, supply.spare)
        self.assertEqual(self.machine.started, [template])

    def test_renewed(self) -> None:
        """A fresh template of the same level hands out the spares; the old one lives until it is retired."""
        supply = self.supply(old := Template(), fresh := Template())
        supply.warm()
        retired = supply.renew()
        self.assertIs(supply.spare(), fresh)
        self.assertEqual((old.closed, supply.generation, supply.restarts, supply.level), (False, 1, 0, "jail"))
        self.assertEqual(self.machine.next.level, "jail")
        supply.retire(retired)

        self.assertEqual((old.closed, fresh.closed), (True, False))
        self.assertEqual((self.machine.forgotten, self.machine.next.forgotten), (True, False))

    def test_ripe_and_taught_when_renewed(self) -> None:
        """Until a fresh template is as warm as it gets, and has been taught, the old one hands out the spares."""
        supplied = self.supply(old := Template(), fresh := Template(green=3))
        self.patch(supply, "learn", lambda template: (template.green, supplied.spare()))
        supplied.warm()
        supplied.renew()

        self.assertEqual(fresh.lessons, [(-1, old)])
        self.assertEqual((supplied.untaught, supplied.gives_pages), (False, True))

    def test_lost_before_it_takes_over(self) -> None:
        """A fresh template that is lost while it gets warm is replaced by the next who asks, as any other."""
        supplied = self.supply(Template(), lost := Template(spares=0), fresh := Template())

        def learn(template: Template) -> object:
            raise TemplateLost("so it is written")

        self.patch(supply, "learn", learn)
        supplied.warm()
        supplied.renew()

        self.assertIs(supplied.spare(), fresh)
        self.assertEqual((lost.killed, supplied.restarts), (True, 1))

    def test_not_renewed(self) -> None:
        """Where no fresh template can be had, the old one goes on."""
        supply = self.supply(old := Template(), None)
        supply.warm()

        self.assertRaises(TemplateFailed, supply.renew)
        self.assertIs(supply.spare(), old)
        self.assertEqual((old.closed, supply.generation), (False, 0))

    def test_renewed_cold(self) -> None:
        """A supply that has no template yet gets one, and none is retired."""
        supply = self.supply(template := Template())

        self.assertIsNone(supply.renew())
        self.assertIs(supply.spare(), template)

    def test_closed_in_renewal(self) -> None:
        """A supply that is closed ends the retired template too, once."""
        supply = self.supply(old := Template(), fresh := Template())
        supply.warm()
        retired = supply.renew()
        supply.close()
        self.assertEqual((old.closed, fresh.closed), (True, True))
        old.closed = False
        supply.retire(retired)

        self.assertFalse(old.closed)

    def test_closed_before_renewal(self) -> None:
        """A fresh template that comes when the supply has been closed is ended at once."""
        supply = self.supply(Template(), fresh := Template())
        supply.warm()
        supply.close()

        self.assertRaises(TemplateFailed, supply.renew)
        self.assertTrue(fresh.closed)

    def test_closed_cold(self) -> None:
        """A supply that never had a template can be closed."""
        supply = self.supply(Template())
        supply.close()

        self.assertRaises(TemplateFailed, supply.warm)

    def test_taught_once(self) -> None:
        """A template is taught what is learned from it, once; its successor learns anew."""
        supplied = self.supply(first := Template(pid=1, spares=0), second := Template(pid=2))
        self.assertFalse(supplied.untaught)
        supplied.warm()
        self.assertTrue(supplied.untaught)
        supplied.teach()
        supplied.teach()
        self.assertFalse(supplied.untaught)
        supplied.spare()
        self.flushLoggedErrors()
        self.assertTrue(supplied.untaught)
        supplied.teach()

        self.assertEqual((first.lessons, second.lessons), (["of 1"], ["of 2"]))

    def test_taught_when_ripe(self) -> None:
        """A template is taught only when it is as warm as it gets: what it does before that moves what is learned."""
        self.patch(supply, "learn", lambda template: template.green)
        supplied = self.supply(template := Template(green=3))
        supplied.warm()
        supplied.teach()

        self.assertEqual(template.lessons, [-1])

    def test_not_taught_at_the_end(self) -> None:
        """Who is about to end does not wait for a template to become ripe, and teaches it nothing."""
        self.patch(supply, "learn", lambda template: "much")
        supplied = self.supply(template := Template(green=1_000_000))
        supplied.warm()
        supplied.teach_no_more()
        supplied.teach()

        self.assertEqual((template.lessons, supplied.untaught), ([], False))

    def test_cannot_be_taught(self) -> None:
        """Where nothing can be learned, spares are had all the same, and it is not tried again."""

        def learn(template: Template) -> object:
            raise CannotLearn("so it is written")

        self.patch(supply, "learn", learn)
        supplied = self.supply(template := Template())
        supplied.warm()
        supplied.teach()

        self.assertFalse(supplied.untaught)
        self.assertIs(supplied.spare(), template)
        self.assertEqual(template.lessons, [])


@define
class Learner:
    """Settings of a template that learns, and that template, with its fate written down.

    @ivar found: what it finds out, or why it does not.
    @ivar calls: what was asked of it.
    """

    found: bytes | Exception
    calls: list[str] = field(factory=list)
    told: dict[str, object] = field(factory=dict)
    meanwhile: Callable[[], object] = int

    def evolve(self, settings: object, **told: object) -> Learner:
        self.told.update(told, of=settings)
        return self

    def start(self) -> Learner:
        self.calls.append("start")
        return self

    def written(self, seconds: float) -> bytes:
        self.meanwhile()
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def kill(self) -> None:
        self.calls.append("kill")

    def close(self) -> None:
        self.calls.append("close")

    def forget(self) -> None:
        self.calls.append("forget")


class PlacingTests(SupplyCase):
    """L{SpareSupply.place}."""

    def learning(self, found: bytes | Exception, *templates: Template | None) -> tuple[SpareSupply, Learner]:
        """Return a supply of these templates, and what learns for it."""
        learner = Learner(found)
        supplied = self.supply(*templates)
        self.patch(supply, "settings_for", lambda level, render: f"as of {level}")
        self.patch(supply, "evolve", learner.evolve)
        self.patch(supply, "free_memory", lambda: None)
        supplied.unplaced = True
        return supplied, learner

    def test_placed(self) -> None:
        """What is found out at the level of the template there is, the next one is told; what learned is ended."""
        supplied, learner = self.learning(b"names", Template(), Template())
        supplied.warm()

        self.assertTrue(supplied.place())
        supplied.renew()
        self.assertEqual(self.machine.next.placement, b"names")
        self.assertEqual((learner.told["of"], learner.told["learning"]), ("as of jail", True))
        self.assertEqual((learner.calls, supplied.unplaced), (["start", "close", "forget"], False))

    def test_cannot_be_placed(self) -> None:
        """Where it cannot be found out, whatever the reason, nothing is left, and spares are had all the same."""
        for why in (CannotLearn("no"), TemplateLost("no"), TemplateFailed("no"), OSError("no")):
            supplied, learner = self.learning(why, template := Template())
            supplied.warm()

            self.assertFalse(supplied.place())
            self.assertEqual((learner.calls, supplied.unplaced), (["start", "close", "forget"], False))
            self.assertIs(supplied.spare(), template)

    def test_no_memory(self) -> None:
        """Where memory is short, there is no attempt."""
        supplied, learner = self.learning(b"names", Template())
        self.patch(supply, "free_memory", lambda: 100 << 20)
        supplied.warm()

        self.assertEqual((supplied.place(), learner.calls, supplied.unplaced), (False, [], False))

    def test_cold(self) -> None:
        """As long as there is no template there is nothing to improve on."""
        supplied, learner = self.learning(b"names", Template())

        self.assertEqual((supplied.place(), learner.calls), (False, []))

    def test_at_the_end(self) -> None:
        """Who is about to end lets go of what learns, and begins nothing of the kind."""
        supplied, learner = self.learning(TemplateLost("it has ended"), Template())
        supplied.warm()
        learner.meanwhile = supplied.teach_no_more
        first = supplied.place()
        self.assertEqual((first, learner.calls), (False, ["start", "kill", "close", "forget"]))

        learner.calls.clear()
        self.assertEqual((supplied.place(), learner.calls), (False, ["start", "close", "forget"]))

    def test_impossible(self) -> None:
        """Where nothing was compiled, it is not tried."""
        self.patch(supply.placement, "_placement", None)

        self.assertFalse(self.supply(Template()).unplaced)
