"""Tests of L{cpyrender.service}, as far as they need no processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.application.service import IService
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

import cpyrender
from cpyrender import service
from cpyrender.service import CannotStart, RenderService
from cpyrender.settings import RenderSettings, ServerSettings
from cpyrender.values import Drawn, Output
from tests.stand_in_pool import StandInPool
from tests.web.requests import Connection, message


@implementer(IListeningPort)
class ClosingPort:
    """A port that takes its time to close.

    @ivar closed: fires when it is; C{None} before it is asked to.
    """

    def __init__(self, port: int) -> None:
        self.closed: Deferred[None] | None = None
        self._port = port

    def startListening(self) -> None:
        """It does already."""

    def stopListening(self) -> Deferred[None]:
        self.closed = Deferred()
        return self.closed

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", self._port)


class PortReactor(MemoryReactorClock):
    """A reactor with one port, which may be taken.

    @ivar taken: whether somebody else listens there already.
    """

    taken = False
    port: ClosingPort

    def listenTCP(self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = "") -> ClosingPort:
        if self.taken:
            raise CannotListenError(interface, port, OSError(98, "Address already in use"))
        super().listenTCP(port, factory, backlog, interface)
        self.port = ClosingPort(port or 49152)
        return self.port


class CannotStartTests(SynchronousTestCase):
    def test_in_a_process(self) -> None:
        """A server that cannot start ends with status 1 and one line that tells why, and no traceback."""
        ran = subprocess.run(
            [sys.executable, "-c", "from cpyrender.service import CannotStart; raise CannotStart('there is no room')"],
            cwd=Path(cpyrender.__file__).parent.parent,
            capture_output=True,
        )
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (1, b"", b"cpyrender: there is no room\n"))

    def test_can_be_cleared_up_after(self) -> None:
        """twistd, which clears up after an Exception and not after a SystemExit, clears up after this."""
        self.assertIsInstance(CannotStart("x"), Exception)


class ServiceTestCase(SynchronousTestCase):
    """A service that runs scripts in a pool which only stands in for one."""

    settings = ServerSettings(port=9990, grace=20, render=RenderSettings(slots=1, max_body=100))

    def setUp(self) -> None:
        self.reactor = PortReactor()
        self.pool = StandInPool()
        self.patch(service, "LocalPool", self.pool.make)
        self.service = RenderService(self.reactor, self.settings)

    def connect(self) -> Connection:
        """Return a connection to the site that the service listens with."""
        site: Any = self.reactor.tcpServers[0][1]
        return Connection(site)


class StartTests(ServiceTestCase):
    def test_interface(self) -> None:
        """It is a service like any other."""
        self.assertTrue(verifyObject(IService, self.service))

    def test_made(self) -> None:
        """A service that has only been made listens nowhere, and has started nothing."""
        self.assertEqual((self.service.port, self.reactor.tcpServers, self.pool.calls), (0, [], []))
        self.assertEqual(self.pool.settings, self.settings.render)

    def test_listens(self) -> None:
        """It listens on its port of the loopback, and nowhere else, while it may still be privileged to."""
        self.service.privilegedStartService()
        self.assertEqual([(port, where) for port, _, _, where in self.reactor.tcpServers], [(9990, "127.0.0.1")])
        self.assertEqual((self.service.port, self.pool.calls), (9990, []))

    def test_starts(self) -> None:
        """It warms up as it starts, after it has got its port, and takes the port only once."""
        self.service.privilegedStartService()
        self.service.startService()
        self.assertEqual((len(self.reactor.tcpServers), self.pool.calls), (1, ["start"]))
        self.assertTrue(self.service.running)

    def test_without_privileges(self) -> None:
        """Started by a parent that runs already, it takes its port then."""
        self.service.startService()
        self.assertEqual((self.service.port, self.pool.calls), (9990, ["start"]))

    def test_taken_port(self) -> None:
        """Where somebody else has the port, it cannot start, and says which port, and why."""
        self.reactor.taken = True
        error = self.assertRaises(CannotStart, self.service.privilegedStartService)
        self.assertIn("cannot listen on 127.0.0.1:9990: ", str(error))
        self.assertIn("Address already in use", str(error))
        self.assertEqual(self.pool.calls, [])

    def test_cold(self) -> None:
        """Where the template cannot be warmed up, it cannot start, and says why."""
        self.pool.cold = "there is no matplotlib"
        error = self.assertRaises(CannotStart, self.service.startService)
        self.assertEqual(str(error), "cpyrender: the template interpreter cannot start: there is no matplotlib")

    def test_serves(self) -> None:
        """What is posted to its port is run by its pool."""
        self.service.startService()
        self.pool.outcome = Drawn(outputs=(Output(data=b"x", media_type="image/png"),))
        connection = self.connect()
        connection.send(message("POST", "/", body=b"#" * 100))
        self.assertEqual(connection.reply().body, b"x")

    def test_limit(self) -> None:
        """The limit of bodies holds before a body has come."""
        self.service.startService()
        connection = self.connect()
        connection.send(message("POST", "/", "Content-Length: 101"))
        self.assertEqual(connection.reply().status, 413)


class StopTests(ServiceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.service.startService()
        self.pool.calls.clear()
        self.stopped = self.service.stopService()

    def close_port(self) -> None:
        assert self.reactor.port.closed is not None
        self.reactor.port.closed.callback(None)

    def test_order(self) -> None:
        """First the port closes, then what runs is finished, and only then the pool stops."""
        self.assertEqual((self.service.port, self.pool.calls), (0, []))
        self.close_port()
        self.assertEqual(self.pool.calls, ["drain"])
        self.assertNoResult(self.stopped)
        self.pool.idle.callback(None)
        self.assertEqual(self.pool.calls, ["drain", "stop"])
        self.successResultOf(self.stopped)

    def test_nothing_left(self) -> None:
        """Nothing is left to happen after it has stopped in time."""
        self.close_port()
        self.pool.idle.callback(None)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_grace(self) -> None:
        """What runs on and on is stopped when its grace is over."""
        self.close_port()
        self.reactor.advance(19.5)
        self.assertNoResult(self.stopped)
        self.reactor.advance(1)
        self.successResultOf(self.stopped)
        self.assertEqual(self.pool.calls[:2], ["drain", "stop"])

    def test_meanwhile(self) -> None:
        """Who still has a connection is told to come back while what runs is finished."""
        connection = self.connect()
        self.close_port()
        connection.send(message("POST", "/", body=b"1"))
        self.assertEqual(connection.reply().status, 503)


class UnstartedTests(ServiceTestCase):
    def test_stop(self) -> None:
        """A service that was never started can be stopped."""
        self.pool.idle.callback(None)
        self.successResultOf(self.service.stopService())


class QuitTests(ServiceTestCase):
    settings = ServerSettings(allow_quit=True)

    def test_quit(self) -> None:
        """Where it is allowed, who asks from this machine stops the reactor, after having been answered."""
        self.service.startService()
        connection = self.connect()
        connection.send(message("GET", "/quit"))
        self.assertEqual((connection.reply("GET").status, self.reactor.hasStopped), (200, False))
        self.reactor.advance(0)
        self.assertTrue(self.reactor.hasStopped)


class NoQuitTests(ServiceTestCase):
    def test_quit(self) -> None:
        """Where it is not allowed, there is nothing that could be asked to stop."""
        self.service.startService()
        connection = self.connect()
        connection.send(message("GET", "/quit"))
        self.reactor.advance(1)
        self.assertEqual((connection.reply("GET").status, self.reactor.hasStopped), (404, False))
