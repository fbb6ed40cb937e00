"""Tests of L{cpyrender.embed}."""

from __future__ import annotations

import importlib

import twisted.internet
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource

from cpyrender import embed
from cpyrender.embed import RenderResource
from cpyrender.pool.memory import MemoryRenderer
from cpyrender.settings import RenderSettings
from cpyrender.values import Drawn, Output
from tests.stand_in_pool import StandInPool
from tests.web.requests import exchange

PICTURE = Drawn(outputs=(Output(data=b"\x89PNG", media_type="image/png"),))


def shut_down(reactor: MemoryReactorClock) -> list[object]:
    """Do what is to be done before the reactor shuts down, and return what comes of it."""
    return [call(*args, **named) for call, args, named in reactor.triggers["before"]["shutdown"]]


class OwnRendererTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()

    def test_mounted(self) -> None:
        """Somebody else's renderer draws what is posted below the place where the resource is mounted."""
        root = Resource()
        root.putChild(b"draw", RenderResource(MemoryRenderer(outcome=PICTURE), reactor=self.reactor))
        for path in ("/draw", "/draw/", "/draw/a.png"):
            self.assertEqual(exchange(root, "POST", path, body=b"1").body, b"\x89PNG", path)

    def test_is_left_alone(self) -> None:
        """A renderer that is given is neither started nor stopped: that is for who made it."""
        renderer = MemoryRenderer()
        RenderResource(renderer, reactor=self.reactor)
        self.assertEqual((self.reactor.whenRunningHooks, self.reactor.triggers), ([], {}))
        self.assertEqual((renderer.ready, renderer.draining), (False, False))

    def test_limit(self) -> None:
        """The limit of bodies holds for a renderer that is given too."""
        resource = RenderResource(MemoryRenderer(outcome=PICTURE), reactor=self.reactor, max_body="1K")
        self.assertEqual(exchange(resource, "POST", body=b"#" * 1024).status, 200)
        self.assertEqual(exchange(resource, "POST", body=b"#" * 1025).status, 413)


class OwnPoolTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.pool = StandInPool()
        self.patch(embed, "LocalPool", self.pool.make)

    def test_settings(self) -> None:
        """The settings are those of the pool, checked as on the command line."""
        RenderResource(reactor=self.reactor, slots=2, timeout="10")
        self.assertEqual(self.pool.settings, RenderSettings(slots=2, timeout=10.0))

    def test_bad_setting(self) -> None:
        """A bad setting is refused by its name, and leaves nothing in the reactor."""
        error = self.assertRaises(ValueError, RenderResource, reactor=self.reactor, slots=0)
        self.assertTrue(str(error).startswith("slots: "), error)
        self.assertEqual((self.reactor.whenRunningHooks, self.reactor.triggers), ([], {}))

    def test_not_before_the_reactor_runs(self) -> None:
        """Nothing is started before the reactor runs: until then a server may yet go into the background."""
        resource = RenderResource(reactor=self.reactor)
        self.assertEqual(self.pool.calls, [])
        self.assertEqual(exchange(resource, "GET", "/ready").status, 503)
        self.reactor.run()
        self.assertEqual(self.pool.calls, ["start"])
        self.assertEqual(exchange(resource, "GET", "/ready").status, 200)

    def test_stops(self) -> None:
        """The pool is stopped before the reactor shuts down, which waits for it."""
        resource = RenderResource(reactor=self.reactor)
        self.reactor.run()
        (stopped,) = shut_down(self.reactor)
        self.successResultOf(stopped)
        self.assertEqual(self.pool.calls, ["start", "stop"])
        self.assertEqual(exchange(resource, "POST", body=b"1").status, 503)

    def test_global_reactor(self) -> None:
        """Without arguments, as twistd web makes it, it goes with the global reactor."""
        # There is one by now, or there is from here on.
        importlib.import_module("twisted.internet.reactor")
        self.patch(twisted.internet, "reactor", self.reactor)
        RenderResource()
        self.reactor.run()
        self.assertEqual(self.pool.calls, ["start"])

    def test_cannot_start(self) -> None:
        """A pool that cannot start is told of in the log, in a line, and does not take the site along."""
        self.pool.cold = "there is no matplotlib"
        resource = RenderResource(reactor=self.reactor)
        with capturedLogs() as events:
            self.reactor.run()
        self.assertEqual([formatEvent(event) for event in events], ["Scripts cannot be run: there is no matplotlib"])
        self.assertEqual(exchange(resource, "GET", "/health").status, 200)


class LocalPoolTests(SynchronousTestCase):
    def test_never_started(self) -> None:
        """A resource whose reactor never ran stops at once, and refuses scripts from then on."""
        reactor = MemoryReactorClock()
        resource = RenderResource(reactor=reactor, slots=1)
        (stopped,) = shut_down(reactor)
        self.successResultOf(stopped)
        self.assertEqual(exchange(resource, "POST", body=b"1").status, 503)
        self.assertEqual(reactor.getDelayedCalls(), [])
