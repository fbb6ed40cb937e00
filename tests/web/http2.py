"""HTTP/2 without a socket: a client of h2, and a real site."""

from __future__ import annotations

from collections.abc import Iterator

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, ISSLTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides, providedBy

from cpyrender.settings import HttpSettings
from cpyrender.web.negotiation import Negotiation
from cpyrender.web.site import RenderSite
from tests.live.http2 import understand
from tests.live.running import Reply
from tests.web.requests import HERE, Keeping

Fields = list[tuple[str, str]]


class TlsTransport(StringTransport):
    """A transport over which client and server have agreed on something."""

    negotiatedProtocol: bytes | None = b"h2"  # noqa: N815 (the name is INegotiated's)

    def __init__(self, peer: IAddress) -> None:
        super().__init__(peerAddress=peer)
        directlyProvides(self, providedBy(self), ISSLTransport)

    def setTcpNoDelay(self, enabled: bool) -> None:
        """There is no TCP."""


class Client:
    """A client's end of a connection that speaks HTTP/2.

    @ivar h2: what it says; L{flush} sends that.
    @ivar events: all that has been understood of what the site has said.
    @ivar takes: whether it lets the site send on when it has understood something.
    @ivar transport: the site's end.
    """

    takes = True

    def __init__(self, site: RenderSite, peer: IAddress = HERE, protocol: bytes | None = b"h2") -> None:
        self.transport = TlsTransport(peer)
        self.transport.negotiatedProtocol = protocol
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8", validate_outbound_headers=False))
        self.events: list[Event] = []
        self._open = True
        self._protocol = Negotiation(site).buildProtocol(peer)
        self._protocol.makeConnection(self.transport)

    def begin(self) -> None:
        """Send the preface, and take the site's settings."""
        self.h2.initiate_connection()
        self.flush()
        self.hear()
        self.flush()

    def send(self, data: bytes) -> None:
        """Send bytes; they arrive at once."""
        self._protocol.dataReceived(data)

    def flush(self) -> None:
        """Send what h2 has to say."""
        if data := self.h2.data_to_send():
            self.send(data)

    def hear(self) -> None:
        """Understand what has come, and let the site send on."""
        while data := self.transport.value():
            self.transport.clear()
            for frame in frames(data):
                self.events += understand(self.h2, frame, self.takes)
            self.flush()

    def leave(self) -> None:
        """Close the connection from the client's end, if it is still open."""
        if self._open:
            self._open = False
            self._protocol.connectionLost(Failure(ConnectionDone()))

    def ask(self, method: str, path: str, *more: tuple[str, str], body: bytes | None = None) -> int:
        """Ask for something, and return the number of the stream."""
        number = self.open(method, path, *more, ends=body is None)
        if body is not None:
            self.h2.send_data(number, body, end_stream=True)
        self.flush()
        return number

    def open(self, method: str, path: str, *more: tuple[str, str], ends: bool = False) -> int:
        """Say, but do not send yet, the head of a request."""
        number = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, [*head(method, path), *more], end_stream=ends)
        return number

    def of(self, number: int, kind: type[Event]) -> list[Event]:
        """Return the events of one kind on a stream."""
        return [event for event in self.events if isinstance(event, kind) and event.stream_id == number]

    def reply(self, number: int) -> Reply:
        """Return the whole answer to a request."""
        self.hear()
        (response,) = self.of(number, ResponseReceived)
        assert len(self.of(number, StreamEnded)) == 1, self.events
        headers = dict(response.headers)
        body = b"".join(event.data for event in self.of(number, DataReceived))
        return Reply(int(headers.pop(":status")), "", headers, body)

    def interim(self, number: int) -> list[str]:
        """Return the statuses of interim answers."""
        self.hear()
        return [dict(event.headers)[":status"] for event in self.of(number, InformationalResponseReceived)]

    def resets(self) -> dict[int, ErrorCodes]:
        """Return which streams the site has reset, and why."""
        self.hear()
        return {event.stream_id: event.error_code for event in self.events if isinstance(event, StreamReset)}

    def farewells(self) -> list[tuple[ErrorCodes, int]]:
        """Return what each GOAWAY of the site has said, and its last stream."""
        self.hear()
        return [
            (event.error_code, event.last_stream_id) for event in self.events if isinstance(event, ConnectionTerminated)
        ]


def frames(data: bytes) -> Iterator[bytes]:
    """Yield frame by frame what has been sent (RFC 9113, 4.1)."""
    while data:
        size = 9 + int.from_bytes(data[:3])
        yield data[:size]
        data = data[size:]


def head(method: str, path: str) -> Fields:
    """Return the pseudo-header fields of a request."""
    return [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]


class Http2TestCase(SynchronousTestCase):
    """A site that takes bodies of a thousand bytes, a client, and the clock of both."""

    times = HttpSettings(head=10, body=60, idle=30, answer=20, answer_rate=100, streams=10)

    def setUp(self) -> None:
        self.clock = Clock()
        self.keeping = Keeping()
        self.site = RenderSite(self.keeping, self.clock, 1000, http=self.times)
        self.client = self.connect()
        self.client.begin()
        self.addCleanup(self.check_nothing_left)

    def check_nothing_left(self) -> None:
        self.client.leave()
        self.clock.advance(0)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual((len(self.site.crowd), self.site.crowd.told, self.site.channels), (0, 0, set()))

    def connect(self) -> Client:
        """Return a client that has not said anything yet; it is gone when the test is over."""
        client = Client(self.site)
        self.addCleanup(client.leave)
        return client

    def answer(self, body: bytes = b"drawn", which: int = 0) -> None:
        """Answer one of the requests that wait."""
        request = self.keeping.requests.pop(which)
        request.setHeader(b"Content-Length", str(len(body)).encode())
        request.write(body)
        request.finish()
        self.clock.advance(0)
