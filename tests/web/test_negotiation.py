"""Tests of L{cpyrender.web.negotiation}."""

from __future__ import annotations

import sys

from h2.errors import ErrorCodes
from twisted.internet.interfaces import IProtocolNegotiationFactory
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cpyrender.settings import HttpSettings
from cpyrender.web import negotiation
from cpyrender.web.negotiation import Negotiation
from cpyrender.web.site import RenderSite
from tests.web.http2 import Client, Http2TestCase
from tests.web.requests import ELSEWHERE, Keeping, message

TIMES = HttpSettings(head=10, idle=30, connections=4, per_address=2)


class NegotiationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.keeping = Keeping()
        self.site = RenderSite(self.keeping, self.clock, 1000, http=TIMES)

    def connect(self, protocol: bytes | None) -> Client:
        client = Client(self.site, protocol=protocol)
        self.addCleanup(client.leave)
        return client

    def test_offered(self) -> None:
        """HTTP/2 is what is liked best."""
        offering = Negotiation(self.site)
        verifyObject(IProtocolNegotiationFactory, offering)
        self.assertEqual(offering.acceptableProtocols(), [b"h2", b"http/1.1"])

    def test_not_installed(self) -> None:
        """Where what it needs is not installed, HTTP/1.1 alone is offered."""
        name = "cpyrender.web.session"
        self.addCleanup(sys.modules.__setitem__, name, sys.modules[name])
        sys.modules[name] = None  # type: ignore[assignment]
        self.patch(negotiation, "_session", negotiation._session.__wrapped__)
        self.assertEqual(Negotiation(self.site).acceptableProtocols(), [b"http/1.1"])

    def test_ports(self) -> None:
        """The site knows of the ports that are open."""
        offering = Negotiation(self.site)
        offering.doStart()
        self.assertEqual(self.site.numPorts, 1)
        offering.doStop()
        self.assertEqual(self.site.numPorts, 0)

    def test_http_1(self) -> None:
        """A client that has not asked for HTTP/2 speaks HTTP/1.1."""
        for protocol in (None, b"http/1.1"):
            client = self.connect(protocol)
            client.send(message("POST", "/", body=b"1"))
            self.keeping.requests.pop().finish()
            self.assertTrue(client.transport.value().startswith(b"HTTP/1.1 200 "))
            client.leave()
        self.assertEqual((len(self.site.crowd), self.clock.getDelayedCalls()), (0, []))

    def test_http_2(self) -> None:
        """One that has counts once, before it says anything and after."""
        client = self.connect(b"h2")
        self.assertEqual(len(self.site.crowd), 1)
        client.begin()
        self.assertEqual((len(self.site.crowd), len(self.site.channels)), (1, 1))
        client.ask("GET", "/")
        self.assertEqual((len(self.site.crowd), len(self.keeping.requests)), (1, 1))
        client.leave()
        self.assertEqual((len(self.site.crowd), self.clock.getDelayedCalls()), (0, []))

    def test_says_nothing(self) -> None:
        """A client that does not say anything is let go as over HTTP/1.1."""
        client = self.connect(b"h2")
        self.clock.advance(10)
        self.assertTrue(client.transport.disconnecting)

    def test_too_late(self) -> None:
        """What a client says that has been let go is not listened to."""
        client = self.connect(b"h2")
        self.clock.advance(10)
        client.h2.initiate_connection()
        client.ask("POST", "/", body=b"1")
        self.assertEqual(self.keeping.requests, [])
        client.leave()
        self.assertEqual((len(self.site.crowd), self.clock.getDelayedCalls()), (0, []))

    def test_turned_away(self) -> None:
        """A client too many is told so in its own words, and does not stay."""
        several = [self.connect(b"h2") for _ in range(3)]
        client = several[2]
        client.begin()
        self.assertEqual(len(self.site.crowd), 2)
        reply = client.reply(client.ask("POST", "/", body=b"1"))
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "10"))
        self.assertEqual((self.keeping.requests, len(self.site.crowd)), ([], 2))
        self.clock.advance(3)
        self.assertTrue(client.transport.disconnected)
        for one in several:
            one.leave()
        self.assertEqual((self.site.crowd.told, self.site.channels, self.clock.getDelayedCalls()), (0, set(), []))

    def test_turned_away_early(self) -> None:
        """It is told before its body is here, and what it does not send then is not missed."""
        several = [self.connect(b"h2") for _ in range(3)]
        client = several[2]
        client.begin()
        number = client.open("POST", "/")
        client.flush()
        self.assertEqual(client.reply(number).status, 503)
        self.clock.advance(2)
        self.assertEqual(client.resets(), {number: ErrorCodes.NO_ERROR})
        for one in several:
            one.leave()
        self.clock.advance(0)

    def test_address(self) -> None:
        """Requests see the client's address, and that they came over TLS."""
        client = Client(self.site, ELSEWHERE)
        self.addCleanup(client.leave)
        client.begin()
        client.ask("GET", "/")
        (request,) = self.keeping.requests
        self.assertEqual((request.getClientAddress(), request.isSecure()), (ELSEWHERE, True))


class StreamsTests(Http2TestCase):
    times = HttpSettings(connections=4, per_address=3)

    def test_each_counts(self) -> None:
        """Each request counts as a connection; one too many is told so, and leaves the others alone."""
        numbers = [self.client.ask("POST", "/", body=b"1") for _ in range(4)]
        self.assertEqual((len(self.keeping.requests), len(self.site.crowd)), (3, 3))
        self.assertEqual(self.client.reply(numbers[3]).status, 503)
        for _ in range(3):
            self.answer()
        self.assertEqual([self.client.reply(number).status for number in numbers[:3]], [200] * 3)
        self.clock.advance(2)
        self.assertEqual((len(self.site.crowd), self.site.crowd.told), (1, 0))
