"""Tests of L{cpyrender.listening}."""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.listening import CannotStart, Endpoint, check_reach, url

FAR: tuple[IAddress, ...] = (IPv4Address("TCP", "0.0.0.0", 80), IPv6Address("TCP", "2001:db8::1", 80))
NEAR: tuple[IAddress, ...] = (UNIXAddress(b"/a"), IPv4Address("TCP", "127.0.0.1", 80), IPv6Address("TCP", "::1", 80))


class ReachTests(SynchronousTestCase):
    def test_near(self) -> None:
        """On this machine nothing is asked for, however little scripts are isolated."""
        for address in NEAR:
            check_reach(address, has_token=False, isolation="none")

    def test_token(self) -> None:
        """Beyond this machine there has to be a token, and it is said how to have one."""
        for address in FAR:
            check_reach(address, has_token=True, isolation="confined")
            refused = self.assertRaises(CannotStart, check_reach, address, False, "full")
            self.assertIn("--token-file", str(refused))

    def test_isolation(self) -> None:
        """Scripts that are not isolated are not taken from elsewhere, token or not."""
        for address in FAR:
            for has_token in (True, False):
                refused = self.assertRaises(CannotStart, check_reach, address, has_token, "none")
                self.assertIn("not isolated", str(refused))

    def test_urls(self) -> None:
        """Addresses are written as they can be used."""
        self.assertEqual([url(address) for address in NEAR], ["unix:/a", "http://127.0.0.1:80/", "http://[::1]:80/"])


class EndpointTests(SynchronousTestCase):
    def test_unreadable(self) -> None:
        """What is no endpoint is refused in one line that names it."""
        for description in ("", "frob:1", "tcp", "tcp:http:x:y", "ssl:1:privateKey=/no/such", "unix"):
            refused = self.assertRaises(CannotStart, Endpoint, MemoryReactorClock(), description)
            self.assertIn(repr(description), str(refused))
            self.assertEqual(len(str(refused).splitlines()), 1)

    def test_open(self) -> None:
        """An endpoint listens only when it is opened."""
        reactor = MemoryReactorClock()
        endpoint = Endpoint(reactor, "tcp:80:interface=127.0.0.1")
        self.assertEqual(reactor.tcpServers, [])
        factory = Factory()
        endpoint.open(factory)
        ((port, opened, _, interface),) = reactor.tcpServers
        self.assertEqual((port, opened, interface), (80, factory, "127.0.0.1"))
