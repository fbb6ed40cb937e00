"""L{Negotiation}: which HTTP a client speaks over TLS, by what both have agreed on (ALPN, RFC 7301)."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress, IProtocolNegotiationFactory
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from cpyrender.web.channel import DeadlinedChannel
from cpyrender.web.crowd import TurnedAway

if TYPE_CHECKING:
    from cpyrender.web.session import Session
    from cpyrender.web.site import RenderSite

_HTTP_2 = b"h2"


@cache
def _session() -> type[Session] | None:
    # It needs h2 and h11, which are not everywhere, and which a server without TLS has no use for.
    try:
        from cpyrender.web.session import Session
    except ImportError:
        return None
    return Session


@implementer(IProtocolNegotiationFactory)
class Negotiation(Factory):
    """Stands before a site for clients that come over TLS."""

    noisy = False

    def __init__(self, site: RenderSite) -> None:
        self._site = site

    def startFactory(self) -> None:
        """A port is open."""
        _session()
        self._site.doStart()

    def stopFactory(self) -> None:
        """The last one is closed."""
        self._site.doStop()

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """Return what finds out what a client speaks."""
        return Negotiated(self._site, self._site.buildProtocol(addr))

    def acceptableProtocols(self) -> list[bytes]:
        """Return what may be spoken, the best first."""
        return [b"http/1.1"] if _session() is None else [_HTTP_2, b"http/1.1"]


class Negotiated(Protocol):
    """A connection over TLS. With the client's first bytes it is known what they are."""

    def __init__(self, site: RenderSite, channel: Any) -> None:
        """
        @param channel: of HTTP/1.1, which also waits, and counts, until it is known.
        """
        self._site = site
        self._first = self._spoken = channel
        self._known = False

    def connectionMade(self) -> None:
        """A client is here."""
        self._first.makeConnection(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """Pass on what has come."""
        if not self._known:
            speaks_2 = getattr(self.transport, "negotiatedProtocol", None) == _HTTP_2
            if speaks_2 and getattr(self._first, "busy", False):
                # Nobody has asked it anything: it is being closed.
                return
            self._known = True
            if speaks_2:
                self._change()
        self._spoken.dataReceived(data)

    def _change(self) -> None:
        session = _session()
        assert session is not None, "it is not offered then"
        transport: Any = self.transport
        if isinstance(self._first, DeadlinedChannel):
            transport.unregisterProducer()
            self._first.connectionLost(connectionDone)
            self._spoken = session(self._site, partial(self._site.buildProtocol, transport.getPeer()))
        else:
            # The first one still sees to it that this does not take long.
            self._spoken = session(self._site, partial(TurnedAway, self._site.crowd, self._site.reactor), False)
        self._spoken.makeConnection(transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The client is gone."""
        self._spoken.connectionLost(reason)
        if self._first is not self._spoken and not isinstance(self._first, DeadlinedChannel):
            self._first.connectionLost(reason)
