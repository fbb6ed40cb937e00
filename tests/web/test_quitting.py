"""Tests of L{cpyrender.web.quitting}."""

from __future__ import annotations

from twisted.internet.address import HostnameAddress, IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.quitting import QuitDoor
from tests.live.running import Reply
from tests.web.requests import ELSEWHERE, HERE, exchange, mounted


class QuitTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.stops = 0
        self.door = QuitDoor(self.stop)

    def stop(self) -> None:
        self.stops += 1

    def ask(self, peer: IAddress, method: str = "GET", *lines: str) -> Reply:
        return exchange(mounted(self.door), method, "/", *lines, peer=peer)

    def test_this_machine(self) -> None:
        """Whoever asks from this machine stops the server, once, and is told so."""
        for count, peer in enumerate(
            (
                HERE,
                IPv4Address("TCP", "127.8.9.10", 1),
                IPv6Address("TCP", "::1", 1),
                UNIXAddress(b"/run/x"),
                UNIXAddress(None),
            ),
            start=1,
        ):
            reply = self.ask(peer)
            self.assertEqual((reply.status, self.stops), (200, count), peer)
            self.assertEqual(reply.text, "stopping when the running scripts are done\n")

    def test_elsewhere(self) -> None:
        """Nobody else does, whatever they say of themselves."""
        for peer in (
            ELSEWHERE,
            IPv4Address("TCP", "10.0.0.1", 1),
            IPv6Address("TCP", "2001:db8::1", 1),
            IPv6Address("TCP", "::ffff:192.0.2.7", 1),
            HostnameAddress(b"localhost", 1),
        ):
            reply = self.ask(peer, "GET", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1")
            self.assertEqual((reply.status, self.stops), (403, 0), peer)

    def test_other_methods(self) -> None:
        """Only GET stops the server: HEAD looks, and POST is not understood."""
        for method, status in (("HEAD", 200), ("POST", 405), ("OPTIONS", 204)):
            self.assertEqual((self.ask(HERE, method).status, self.stops), (status, 0), method)
