"""Tests of L{cpyrender.web.crowd}."""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.settings import HttpSettings
from cpyrender.web.crowd import origin_of
from cpyrender.web.site import RenderSite
from tests.web.requests import ELSEWHERE, HERE, Connection, Keeping, message

UNIX = UNIXAddress(None)


class OriginTests(SynchronousTestCase):
    def test_clients(self) -> None:
        """A client is an address of IPv4, a network of 64 bits of IPv6, or nobody in particular."""
        for address, origin in (
            (IPv4Address("TCP", "192.0.2.1", 1), "192.0.2.1"),
            (IPv6Address("TCP", "2001:db8::1", 1), "2001:0db8:0000:0000"),
            (IPv6Address("TCP", "2001:db8::ffff:2", 1), "2001:0db8:0000:0000"),
            (IPv6Address("TCP", "::ffff:192.0.2.1", 1), "192.0.2.1"), (UNIX, ""), (None, ""),
        ):  # fmt: skip
            self.assertEqual(origin_of(address), origin)


class CrowdTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.keeping = Keeping()
        self.site = RenderSite(self.keeping, self.clock, 10, http=HttpSettings(connections=5, per_address=3))

    def connect(self, peer: IAddress) -> Connection:
        connection = Connection(self.site, peer)
        self.addCleanup(connection.leave)
        return connection

    def is_served(self, connection: Connection) -> bool:
        """Whether a request reaches the resource; else it has been answered by 503."""
        before = len(self.keeping.requests)
        connection.send(message("POST", "/", body=b"1"))
        if len(self.keeping.requests) > before:
            return True
        reply = connection.reply()
        self.assertEqual((reply.status, reply.headers["retry-after"], reply.headers["cache-control"]),
                         (503, "10", "no-store"))  # fmt: skip
        return False

    def test_per_address(self) -> None:
        """An address has so many connections, this machine's too, and leaves those of others alone."""
        for peer in (HERE, ELSEWHERE):
            connections = [self.connect(peer) for _ in range(4)]
            self.assertEqual([self.is_served(one) for one in connections], [True, True, True, False])
            for one in connections:
                one.leave()

    def test_all(self) -> None:
        """There are so many connections together, and those of a Unix socket are counted as well."""
        peers = [HERE] * 2 + [ELSEWHERE] * 2 + [UNIX] * 2
        self.assertEqual([self.is_served(self.connect(peer)) for peer in peers], [True] * 5 + [False])

    def test_unix(self) -> None:
        """The clients of a Unix socket are not one client."""
        self.assertEqual([self.is_served(self.connect(UNIX)) for _ in range(5)], [True] * 5)

    def test_leaving(self) -> None:
        """Whoever leaves makes room for one more."""
        connections = [self.connect(HERE) for _ in range(4)]
        connections[0].leave()
        self.assertTrue(self.is_served(self.connect(HERE)))
        self.assertFalse(self.is_served(connections[3]))

    def test_nobody_is_left(self) -> None:
        """When all have left, nothing is counted and nothing waits on the clock."""
        connections = [self.connect(HERE) for _ in range(200)]
        for connection in connections:
            connection.leave()
        self.assertEqual((len(self.site.crowd), self.site.crowd.told), (0, 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_many_too_many(self) -> None:
        """So many are told, before whom they have to wait for; beyond that, connections are just closed."""
        connections = [self.connect(HERE) for _ in range(3 + 64 + 1)]
        self.assertEqual([one.transport.disconnected for one in connections], [False] * 67 + [True])

    def test_too_many_do_not_stay(self) -> None:
        """Who is one too many is cut off soon, asking or not, and gets one answer."""
        asking, silent = [self.connect(HERE) for _ in range(5)][3:]
        for _ in range(3):
            asking.send(message("POST", "/", body=b"1"))
        self.assertEqual(asking.reply().status, 503)
        self.clock.advance(2)
        self.assertTrue(asking.transport.disconnected and silent.transport.disconnected)
        self.assertEqual(silent.received, b"")
