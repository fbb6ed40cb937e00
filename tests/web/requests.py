"""HTTP without a socket: the bytes of a request go into a real site, and the bytes of its answer come out."""

from __future__ import annotations

from http.client import HTTPResponse

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.internet.testing import StringIOWithoutClosing, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from cpyrender.web.site import RenderSite
from tests.live.running import Reply

HERE = IPv4Address("TCP", "127.0.0.1", 40000)
ELSEWHERE = IPv4Address("TCP", "192.0.2.7", 40000)
CHUNKED = "Transfer-Encoding: chunked"


def message(method: str, target: str, *lines: str, body: bytes | None = None, version: str = "HTTP/1.1") -> bytes:
    """Return a request as it goes over the wire.

    @param lines: its header lines, beside Host and Content-Length.
    """
    head = [f"{method} {target} {version}", "Host: localhost", *lines]
    if body is not None:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + (body or b"")


def chunk(data: bytes) -> bytes:
    """Return a piece of a chunked body as it goes over the wire; an empty one ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Connection:
    """A client's end of a connection to a site.

    @ivar transport: the site's end.
    """

    def __init__(self, site: Site, peer: IAddress = HERE) -> None:
        self.transport = StringTransport(peerAddress=peer)
        self._open = True
        self._channel = site.buildProtocol(peer)
        self._channel.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        """Send bytes; they arrive at once."""
        self._channel.dataReceived(data)

    def leave(self) -> None:
        """Close the connection from the client's end, if it is still open."""
        if self._open:
            self._open = False
            self._channel.connectionLost(Failure(ConnectionDone()))

    @property
    def received(self) -> bytes:
        """All bytes that the client has got."""
        return self.transport.value()

    def replies(self, *methods: str) -> list[Reply]:
        """Return the answers to requests of these methods; there must be as many, and nothing after them."""
        stream = StringIOWithoutClosing(self.received)
        replies = [_next(stream, method) for method in methods]
        rest = stream.read()
        assert not rest, f"bytes that belong to no answer: {rest!r}"
        return replies

    def reply(self, method: str = "POST") -> Reply:
        """Return the only answer."""
        return self.replies(method)[0]


class _Socket:
    """As much of a socket as http.client needs for reading."""

    def __init__(self, stream: StringIOWithoutClosing) -> None:
        self._stream = stream

    def makefile(self, mode: str) -> StringIOWithoutClosing:
        return self._stream


def _next(stream: StringIOWithoutClosing, method: str) -> Reply:
    response = HTTPResponse(_Socket(stream), method=method)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, response.reason, headers, response.read())


def mounted(resource: IResource) -> IResource:
    """Return the root of a tree in which this resource is what answers at C{/}."""
    root = Resource()
    root.putChild(b"", resource)
    return root


def site_of(resource: IResource, max_body: int = 1 << 20) -> RenderSite:
    """Return a site of ours with this resource at its root, whose time stands still."""
    return RenderSite(resource, Clock(), max_body)


def exchange(
    resource: IResource,
    method: str,
    target: str = "/",
    *lines: str,
    body: bytes | None = None,
    peer: IAddress = HERE,
) -> Reply:
    """Make one request of a resource at the root of a site of ours, and return the answer."""
    connection = Connection(site_of(resource), peer)
    connection.send(message(method, target, *lines, body=body))
    return connection.reply(method)


class Keeping(Resource):
    """Keeps the requests that arrive, and answers none.

    @ivar requests: oldest first.
    """

    isLeaf = True  # noqa: N815 (the name is twisted.web.resource.IResource's)

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    def render(self, request: Request) -> int:
        """Keep the request."""
        self.requests.append(request)
        return NOT_DONE_YET


def arrived(
    method: str, target: str = "/", *lines: str, body: bytes | None = None, peer: IAddress = HERE
) -> tuple[Request, Connection]:
    """Return a request that has arrived whole and is not answered yet, and the connection that it came on."""
    keeping = Keeping()
    connection = Connection(site_of(keeping), peer)
    connection.send(message(method, target, *lines, body=body))
    return keeping.requests[0], connection


class SiteTestCase(SynchronousTestCase):
    """A site that takes bodies of ten bytes, a connection to it, and its clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.keeping = Keeping()
        self.site = RenderSite(self.keeping, self.clock, 10)
        self.connection = self.connect()

    def connect(self) -> Connection:
        """Return another connection to the site; it ends with the test."""
        connection = Connection(self.site)
        self.addCleanup(connection.leave)
        return connection

    @property
    def bodies(self) -> list[bytes]:
        """What has arrived at the resource."""
        return [request.content.read() for request in self.keeping.requests]

    @property
    def hung_up(self) -> bool:
        """Whether the site has closed the connection."""
        return bool(self.connection.transport.disconnecting)
