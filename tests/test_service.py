"""Tests of L{cpyrender.service}, as far as they need no processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.application.service import IService
from twisted.internet.address import IPv4Address
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

import cpyrender
from cpyrender import service
from cpyrender.service import CannotStart, RenderService
from cpyrender.settings import HttpSettings, RenderSettings, ServerSettings
from cpyrender.values import Drawn, Output
from tests.live.running import free_port
from tests.ports import PortReactor, taken
from tests.stand_in_pool import StandInPool
from tests.web.requests import Connection, message

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
DRAWN = Drawn(outputs=(Output(data=b"x", media_type="image/png"),))


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

    settings = ServerSettings(port=0, grace=20, render=RenderSettings(slots=1, max_body=100))

    def setUp(self) -> None:
        self.before = [signal.getsignal(number) for number in SIGNALS]
        self.addCleanup(self.give_back)
        self.reactor = PortReactor()
        self.pool = StandInPool()
        self.patch(service, "LocalPool", self.pool.make)
        self.service = self.made(self.settings)

    def give_back(self) -> None:
        for number, before in zip(SIGNALS, self.before, strict=True):
            signal.signal(number, before)

    def made(self, settings: ServerSettings) -> RenderService:
        return RenderService(self.reactor, settings)

    def connect(self) -> Connection:
        """Return a connection to the site that the service listens with; it ends with the test."""
        site: Any = self.reactor.factories[0]
        connection = Connection(site)
        self.addCleanup(connection.leave)
        return connection

    def status(self, *lines: str) -> int:
        """Return the status that a script is answered with which is posted with these header lines."""
        self.pool.outcome = DRAWN
        connection = self.connect()
        connection.send(message("POST", "/", *lines, body=b"1"))
        return connection.reply().status


class StartTests(ServiceTestCase):
    def test_interface(self) -> None:
        """It is a service like any other."""
        self.assertTrue(verifyObject(IService, self.service))

    def test_made(self) -> None:
        """A service that has only been made listens nowhere, and has started nothing."""
        self.assertEqual((self.service.port, self.reactor.ports, self.pool.calls), (0, [], []))
        self.assertEqual(self.pool.settings, self.settings.render)

    def test_takes_its_port(self) -> None:
        """It has its port while it may still be privileged to, and does not listen: nothing is warm yet."""
        port = free_port()
        starting = self.made(ServerSettings(port=port))
        starting.privilegedStartService()
        self.assertTrue(taken(port))
        self.assertEqual((starting.port, self.reactor.ports, self.pool.calls), (0, [], []))
        self.pool.idle.callback(None)
        self.successResultOf(starting.stopService())
        self.assertFalse(taken(port))

    def test_starts(self) -> None:
        """It warms up as it starts, and then listens on its port of the loopback, and nowhere else."""
        port = free_port()
        starting = self.made(ServerSettings(port=port))
        starting.privilegedStartService()
        starting.startService()
        self.assertEqual(self.pool.calls, ["start"])
        self.assertEqual([port.getHost() for port in self.reactor.ports], [IPv4Address("TCP", "127.0.0.1", port)])
        self.assertEqual((starting.running, starting.port), (1, port))

    def test_without_privileges(self) -> None:
        """Started by a parent that runs already, it takes its port then; 0 is one that the system chooses."""
        self.service.startService()
        self.assertEqual(self.pool.calls, ["start"])
        self.assertEqual([port.getHost().port for port in self.reactor.ports], [self.service.port])
        self.assertNotEqual(self.service.port, 0)

    def test_taken_port(self) -> None:
        """Where somebody else has the port, it cannot start, and says which port, and why."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            error = self.assertRaises(CannotStart, self.made(ServerSettings(port=port)).privilegedStartService)
        self.assertIn(f"cannot listen on 127.0.0.1:{port}: ", str(error))
        self.assertIn("Address already in use", str(error))
        self.assertEqual(self.pool.calls, [])

    def test_port_taken_meanwhile(self) -> None:
        """Where somebody else listens first on the port that it has, it says so, and has stopped its pool."""
        port = free_port()
        starting = self.made(ServerSettings(port=port))
        starting.privilegedStartService()
        # Linux lets both bind who ask to reuse the address, and only one listen; create_server asks.
        with socket.create_server(("127.0.0.1", port)):
            error = self.assertRaises(CannotStart, starting.startService)
        self.assertIn(f"cannot listen on 127.0.0.1:{port}: ", str(error))
        self.assertEqual(self.pool.calls, ["start", "stop"])

    def test_cold(self) -> None:
        """Where the template cannot be warmed up, it cannot start, says why, and lets go of its port."""
        self.pool.cold = "there is no matplotlib"
        port = free_port()
        error = self.assertRaises(CannotStart, self.made(ServerSettings(port=port)).startService)
        self.assertEqual(str(error), "cpyrender: scripts cannot be run: there is no matplotlib")
        self.assertEqual((taken(port), self.reactor.ports), (False, []))

    def test_serves(self) -> None:
        """What is posted to its port is run by its pool."""
        self.service.startService()
        self.pool.outcome = DRAWN
        connection = self.connect()
        connection.send(message("POST", "/", body=b"#" * 100))
        self.assertEqual(connection.reply().body, b"x")

    def test_limit(self) -> None:
        """The limit of bodies holds before a body has come."""
        self.service.startService()
        connection = self.connect()
        connection.send(message("POST", "/", "Content-Length: 101"))
        self.assertEqual(connection.reply().status, 413)

    def test_connections(self) -> None:
        """The limit of connections is that of its settings."""
        self.made(ServerSettings(port=0, http=HttpSettings(connections=1))).startService()
        self.assertEqual(self.status(), 200)
        self.assertEqual(self.status(), 503)


class ListenTests(ServiceTestCase):
    """C{--listen}."""

    def test_each(self) -> None:
        """It listens at each endpoint that it is told, with one site, when it is warm; and not on the usual port."""
        first, second = free_port(), free_port()
        listen = (f"tcp:{first}:interface=127.0.0.1", f"tcp:{second}:interface=127.0.0.2")
        starting = self.made(ServerSettings(listen=listen))
        starting.privilegedStartService()
        self.assertEqual(self.reactor.ports, [])
        starting.startService()
        found = [(port.getHost().host, port.getHost().port) for port in self.reactor.ports]
        self.assertEqual(found, [("127.0.0.1", first), ("127.0.0.2", second)])
        self.assertEqual(len({factory.site for factory in self.reactor.factories}), 1)

    def test_refused(self) -> None:
        """Where one place is not allowed it cannot start: it closes all, opens no more, and has stopped its pool."""
        far, last = free_port(), free_port()
        listen = (f"tcp:{free_port()}:interface=127.0.0.1", f"tcp:{far}", f"tcp:{last}:interface=127.0.0.1")
        starting = self.made(ServerSettings(listen=listen))
        error = self.assertRaises(CannotStart, starting.startService)
        self.assertIn(f"http://0.0.0.0:{far}/", str(error))
        self.assertEqual([port.closed is not None for port in self.reactor.ports], [True, True])
        self.assertFalse(taken(last))
        self.assertEqual(self.pool.calls, ["start", "stop"])

    def test_no_endpoint(self) -> None:
        """What is no endpoint is told before anything is warmed up."""
        starting = self.made(ServerSettings(listen="frob:1"))
        error = self.assertRaises(CannotStart, starting.privilegedStartService)
        self.assertIn("'frob:1'", str(error))
        self.assertEqual(self.pool.calls, [])


class AccessTests(ServiceTestCase):
    """Who may talk to it."""

    def test_names(self) -> None:
        """It goes by the loopback's names and its public ones."""
        self.made(ServerSettings(port=0, public_names=["example.org"])).startService()
        for host, expected in (("example.org", 200), ("localhost", 200), ("example.com", 421)):
            connection = self.connect()
            self.pool.outcome = DRAWN
            connection.send(message("POST", "/", body=b"1").replace(b"localhost", host.encode()))
            self.assertEqual(connection.reply().status, expected, host)

    def test_token(self) -> None:
        """Where there is a token file, its token has to be shown; it is read or made with the first user's rights."""
        path = Path(self.mktemp())
        starting = self.made(ServerSettings(port=0, token_file=str(path)))
        starting.privilegedStartService()
        secret = path.read_text().strip()
        starting.startService()
        self.assertEqual([self.status(), self.status(f"Authorization: Bearer {secret}")], [401, 200])

    def test_bad_token_file(self) -> None:
        """A token file that cannot be used is named, and nothing is taken or warmed up."""
        path = Path(self.mktemp())
        path.touch(mode=0o600)
        port = free_port()
        starting = self.made(ServerSettings(port=port, token_file=str(path)))
        error = self.assertRaises(CannotStart, starting.privilegedStartService)
        self.assertEqual(str(error), f"cpyrender: the token file {path} is empty")
        self.assertEqual((taken(port), self.pool.calls), (False, []))


class StopTests(ServiceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.service.startService()
        self.pool.calls.clear()
        self.stopped = self.service.stopService()

    def close_port(self) -> None:
        (port,) = self.reactor.ports
        assert port.closed is not None
        port.closed.callback(None)

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

    def test_answers(self) -> None:
        """What has been run is also read to its end before the server ends."""
        connection = self.connect()
        self.close_port()
        connection.send(message("GET", "/ready") + message("GET", "/ready"))
        self.assertIn(b"draining", connection.reply("GET").body)
        self.pool.idle.callback(None)
        self.assertNoResult(self.stopped)
        connection.leave()
        self.successResultOf(self.stopped)

    def test_reader_without_end(self) -> None:
        """Who does not read an answer is cut off when the grace is over."""
        connection = self.connect()
        connection.send(message("GET", "/ready"))
        self.close_port()
        self.pool.idle.callback(None)
        self.reactor.advance(19.5)
        self.assertFalse(connection.transport.disconnected)
        self.reactor.advance(1)
        self.assertTrue(connection.transport.disconnected)

    def test_second_signal(self) -> None:
        """Being told to stop once more stops at once what runs, and cuts what is being answered."""
        connection = self.connect()
        connection.send(message("GET", "/ready"))
        self.close_port()
        os.kill(os.getpid(), signal.SIGTERM)
        self.assertEqual(self.pool.calls, ["drain", "stop"])
        self.assertTrue(connection.transport.disconnected)
        connection.leave()
        self.successResultOf(self.stopped)

    def test_signals_given_back(self) -> None:
        """What signals did before they do again when it has stopped."""
        self.close_port()
        self.pool.idle.callback(None)
        self.assertEqual([signal.getsignal(number) for number in SIGNALS], self.before)


class ReloadTests(ServiceTestCase):
    def start(self, **settings: Any) -> RenderService:
        starting = self.made(ServerSettings(port=0, **settings))
        starting.startService()
        self.addCleanup(starting.stopService)
        return starting

    def test_template(self) -> None:
        """SIGHUP has the pool take a fresh template."""
        self.start()
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertEqual(self.pool.calls, ["start", "renew"])

    def test_token(self) -> None:
        """SIGHUP reads the token once more; the one that was there before is worth nothing then."""
        path = Path(self.mktemp())
        path.touch(mode=0o600)
        path.write_text("before")
        starting = self.start(token_file=str(path))
        path.write_text("after")
        starting.reload()
        shown = [self.status(f"Authorization: Bearer {token}") for token in ("before", "after")]
        self.assertEqual(shown, [401, 200])

    def test_bad_token(self) -> None:
        """A token file that cannot be used any more changes nothing: nobody gets in without a token."""
        path = Path(self.mktemp())
        path.touch(mode=0o600)
        path.write_text("before")
        starting = self.start(token_file=str(path))
        path.chmod(0o644)
        starting.reload()
        self.assertEqual([self.status(), self.status("Authorization: Bearer before")], [401, 200])
        self.assertEqual(self.pool.calls, ["start", "renew"])

    def test_missing_token(self) -> None:
        """A token file that is missing when it is read once more changes nothing, and is not made; the log says so."""
        events = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        path = Path(self.mktemp())
        path.touch(mode=0o600)
        path.write_text("before")
        starting = self.start(token_file=str(path))
        path.unlink()
        starting.reload()
        self.assertEqual([self.status(), self.status("Authorization: Bearer before")], [401, 200])
        self.assertFalse(path.exists())
        (said,) = [str(formatEvent(event)) for event in events if event["log_level"].name == "error"]
        self.assertIn("The token stays as it was: cannot read the token file: ", said)
        self.assertEqual(self.pool.calls, ["start", "renew"])

    def test_no_fresh_template(self) -> None:
        """Where there cannot be a fresh template, the log says so, and the server serves on."""
        events = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        starting = self.start()
        self.pool.cold = "no room"
        starting.reload()
        said = [formatEvent(event) for event in events if event["log_level"].name == "error"]
        self.assertEqual(said, ["The template stays as it was: no room"])
        self.assertEqual(self.status(), 200)


class UnstartedTests(ServiceTestCase):
    def test_stop(self) -> None:
        """A service that was never started can be stopped."""
        self.pool.idle.callback(None)
        self.successResultOf(self.service.stopService())


class QuitTests(ServiceTestCase):
    settings = ServerSettings(port=0, allow_quit=True)

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
