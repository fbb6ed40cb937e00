"""Tests of L{cpyrender.listening}."""

from __future__ import annotations

import socket

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource

from cpyrender.listening import CannotStart, Endpoint, check_reach, url
from cpyrender.web.site import RenderSite
from tests.live.running import free_port
from tests.ports import PortReactor, taken

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


def _address(description: str) -> tuple[str, int]:
    return "127.0.0.1", int(description.split(":")[1])


class EndpointTests(SynchronousTestCase):
    def test_unreadable(self) -> None:
        """What is no endpoint is refused in one line that names it."""
        for description in ("", "frob:1", "tcp", "tcp:http:x:y", "ssl:1:privateKey=/no/such", "unix"):
            refused = self.assertRaises(CannotStart, Endpoint, MemoryReactorClock(), description)
            self.assertIn(repr(description), str(refused))
            self.assertEqual(len(str(refused).splitlines()), 1)

    def test_open(self) -> None:
        """A port is taken at once, while it may still be one below 1024, and listened on only when it is opened."""
        port = free_port()
        reactor = PortReactor()
        endpoint = Endpoint(reactor, f"tcp:{port}:interface=127.0.0.1")
        self.assertEqual((taken(port), reactor.ports), (True, []))
        opened = endpoint.open(Factory())
        self.assertEqual(opened.getHost(), IPv4Address("TCP", "127.0.0.1", port))

    def test_close(self) -> None:
        """A port that is not to be opened after all is left to others."""
        port = free_port()
        Endpoint(PortReactor(), f"tcp:{port}:interface=127.0.0.1").close()
        self.assertFalse(taken(port))

    def test_taken(self) -> None:
        """A port that somebody else has is named, when it is taken or, if that came between, when it is opened."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            description = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"
            refused = self.assertRaises(CannotStart, Endpoint, PortReactor(), description)
        self.assertIn(repr(description), str(refused))
        self.assertIn("Address already in use", str(refused))
        endpoint = Endpoint(PortReactor(), description)
        # Linux lets both bind who ask to reuse the address, and only one listen; create_server asks.
        with socket.create_server(_address(description)):
            refused = self.assertRaises(CannotStart, endpoint.open, Factory())
        self.assertIn("Address already in use", str(refused))

    def test_what_it_listens_for(self) -> None:
        """Who connects is looked after by the site that it is opened with."""
        reactor = PortReactor()
        endpoint = Endpoint(reactor, "tcp:0:interface=127.0.0.1")
        site = RenderSite(Resource(), Clock(), 10)
        endpoint.open(site)
        (factory,) = reactor.factories
        self.assertIs(factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1)).site, site)
        self.assertEqual(factory.acceptableProtocols(), [b"http/1.1"])

    def test_unix(self) -> None:
        """The file of a Unix socket is not there before somebody answers."""
        reactor = MemoryReactorClock()
        endpoint = Endpoint(reactor, "unix:/run/a.sock:mode=660")
        self.assertEqual(reactor.unixServers, [])
        endpoint.open(Factory())
        ((path, _, _, mode, _),) = reactor.unixServers
        self.assertEqual((path, mode), ("/run/a.sock", 0o660))

    def test_unix_without_a_folder(self) -> None:
        """A Unix socket whose folder is missing is told as such, and before anything is warmed up."""
        folder = self.mktemp()
        for description in (f"unix:{folder}/a", f"haproxy:unix:{folder}/a:mode=660"):
            refused = self.assertRaises(CannotStart, Endpoint, MemoryReactorClock(), description)
            self.assertEqual(
                str(refused), f"cpyrender: cannot listen on {description!r}: the folder {folder} is missing"
            )
        Endpoint(MemoryReactorClock(), "unix:a").close()

    def test_scheme(self) -> None:
        """It is known of each whether it speaks TLS."""
        for description, scheme in (("tcp:0", "http"), ("haproxy:tcp:0", "http"), ("unix:/a", "http")):
            endpoint = Endpoint(MemoryReactorClock(), description)
            endpoint.close()
            self.assertEqual(endpoint.scheme, scheme)
        self.assertEqual(url(NEAR[1], "https"), "https://127.0.0.1:80/")

    def test_systemd(self) -> None:
        """A socket that systemd has not passed on is told as such."""
        for which in ("index=0", "name=http"):
            refused = self.assertRaises(CannotStart, Endpoint, MemoryReactorClock(), f"systemd:domain=INET:{which}")
            self.assertIn("systemd has passed no such socket", str(refused))
