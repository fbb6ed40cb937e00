"""The site that the plugin serves: it guards requests before their bodies are read, and logs one line for each."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.logger import Logger
from twisted.web import http
from twisted.web.resource import IResource
from twisted.web.server import Site

from cpyrender.settings import HttpSettings
from cpyrender.web import record
from cpyrender.web.channel import DeadlinedChannel
from cpyrender.web.crowd import Crowd, TurnedAway, origin_of
from cpyrender.web.guard import Guard, Head
from cpyrender.web.headers import set_headers
from cpyrender.web.problem import Problem
from cpyrender.web.refusal import EarlyRefusal

if TYPE_CHECKING:
    from cpyrender.metrics import Metrics
    from cpyrender.web.session import Session

# What nginx logs for a client that has closed its connection; nobody is sent it.
_LEFT = 499
# Who asks for these wants to know how the server is doing, also while it shuts down.
_LOOKING = frozenset({b"GET", b"HEAD", b"OPTIONS"})


class GuardedRequest(EarlyRefusal):
    """A request that its site's guard has to let in: once a resource sees it, it has been.

    @cvar guarded: so that no resource checks it once more.
    @ivar called: what it is called by in the log and in its answer.
    @ivar began: when its head was here, in the reactor's seconds; C{None}: it was not.
    @ivar door: what logs and metrics call the resource that has it.
    @ivar outcome: what became of its script, in a word.
    """

    guarded = True
    called = b""
    began: float | None = None
    door = "none"
    outcome: str | None = None

    def guard_for(self) -> Guard | None:
        """Return the site's guard, whatever is asked for."""
        channel: Any = self.channel
        guard: Guard = channel.site.guard
        return guard

    def problem_with(self, head: Head) -> Problem | None:
        """Return why this request is refused; C{None}: it is not."""
        channel: Any = self.channel
        self.began = channel.site.reactor.seconds()
        self.called = record.id_of(head)
        self.setHeader(record.REQUEST_ID, self.called)
        return super().problem_with(head) or channel.site.problem_while_draining(head.method)

    def connectionLost(self, reason: Any) -> None:
        """The client is gone, and may have left before it had an answer."""
        if not (self.began is None or self.finished or self.refused):
            if self.path is None:
                self.read_first_line()
            self.setResponseCode(_LEFT)
            channel: Any = self.channel
            channel.site.log(self)
        super().connectionLost(reason)

    def write(self, data: bytes) -> None:
        """Write a piece of the answer; with the first, its head goes out, also where that is all there is."""
        super().write(data)
        channel: Any = self.channel
        if channel is not None:
            channel.send_head()

    def finish(self) -> None:
        """The answer is complete: it goes out before its line goes into the log, and the next script begins."""
        channel: Any = self.channel
        if self.startedWriting and channel is not None:
            channel.send_rest()
        super().finish()

    def setHeader(self, name: bytes | str, value: bytes | str) -> None:
        """Set a header of the answer."""
        set_headers(self, {name: value})

    def json_first(self) -> bool:
        """Return whether this is for C{/render}."""
        return path_of(self.path).rstrip(b"/") == b"/render"

    def process(self) -> None:
        """Answer the request, which is here whole; its target may have any form that there is (RFC 9112, 3.2)."""
        self.path = path_of(self.path)
        super().process()

    def _handleStar(self) -> None:
        """C{OPTIONS *} asks about the server as a whole (RFC 9110, 9.3.7); no other method may."""
        options = self.method == b"OPTIONS"
        self.setResponseCode(HTTPStatus.NO_CONTENT if options else HTTPStatus.BAD_REQUEST)
        self.setHeader(b"Server", b"cpyrender")
        self.setHeader(b"Cache-Control", b"no-store")
        self.setHeader(*((b"Allow", b"GET, HEAD, POST, OPTIONS") if options else (b"Content-Length", b"0")))
        self.finish()


def path_of(target: bytes) -> bytes:
    """Return the path of a target without its query: of one in absolute form what follows its authority."""
    if target.startswith(b"/") or b"://" not in target:
        return target
    _, slash, path = target.partition(b"://")[2].partition(b"/")
    return slash + path if slash else b"/"


class RenderSite(Site):
    """Serves a tree of doors, over HTTP/1.1; over TLS, L{cpyrender.web.negotiation.Negotiation} adds HTTP/2.

    @ivar guard: the rules for requests.
    @ivar http: the deadlines, and how many connections there may be.
    @ivar crowd: how many there are.
    @ivar channels: the connections, and the requests of those that speak HTTP/2.
    @ivar draining: whether it takes no more scripts.
    """

    displayTracebacks = False  # noqa: N815 (the name is twisted.web.server.Site's)

    def __init__(
        self,
        resource: IResource,
        reactor: IReactorTime,
        max_body: int,
        guard: Guard | None = None,
        http: HttpSettings | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """
        @param max_body: bytes that a request's body may have, where no guard says it.
        """
        super().__init__(resource, GuardedRequest, timeout=None, reactor=reactor, parsePOSTFormSubmission=False)
        # As an attribute of the class, it would be made anew for each line.
        self._log = Logger(f"{__name__}.{type(self).__name__}", self)
        self.guard = guard or Guard(max_body=max_body)
        self.http = http or HttpSettings()
        self.metrics = metrics
        self.crowd = Crowd(self.http.connections, self.http.per_address)
        self.channels: set[DeadlinedChannel | Session] = set()
        self.draining = False
        self._retry_after: Callable[[], int] = int
        self._quiet: Deferred[None] | None = None

    def startFactory(self) -> None:
        """Keep no clock for Twisted's own log, which is not written: it would wake an idle server every second."""

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Return a channel, or something that tells one client too many to come back later."""
        origin = origin_of(addr)
        if not self.crowd.has_room_for(origin):
            return TurnedAway(self.crowd, self.reactor)
        return DeadlinedChannel(self, origin)

    def drain(self, retry_after: Callable[[], int]) -> None:
        """Refuse whatever is to be posted from now on, and close each connection after its next answer.

        @param retry_after: in how many seconds one who is refused should try again.
        """
        self.draining, self._retry_after = True, retry_after
        for channel in self.channels:
            channel.drain()

    def problem_while_draining(self, method: bytes) -> Problem | None:
        """Return why a request is refused; C{None}: it is not, as those who only look are not."""
        if not self.draining or method in _LOOKING:
            return None
        return Problem(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            detail="the server is shutting down",
            headers={"Retry-After": str(self._retry_after())},
        )

    def close(self) -> Deferred[None]:
        """Close the connections on which nothing happens, and wait for the others to close.

        @return: fires when there is no answer left that somebody is still to read.
        """
        self._quiet = self._quiet or Deferred()
        for channel in list(self.channels):
            if not channel.busy:
                channel.loseConnection()
        self._tell_if_quiet()
        return self._quiet

    def abort(self) -> None:
        """Cut all connections."""
        for channel in list(self.channels):
            channel.abort()

    def forget(self, channel: DeadlinedChannel | Session) -> None:
        """A connection is gone."""
        self.channels.discard(channel)
        self._tell_if_quiet()

    def _tell_if_quiet(self) -> None:
        if self._quiet is not None and not self._quiet.called and not any(channel.busy for channel in self.channels):
            self._quiet.callback(None)

    def acceptableProtocols(self) -> list[bytes]:
        """Speak HTTP/1.1 alone where nobody has put a L{cpyrender.web.negotiation.Negotiation} before it."""
        return [b"http/1.1"]

    def log(self, request: http.Request) -> None:
        """Write the request's one line, and count it."""
        now = self.reactor.seconds()
        record.write(self._log, request, now - getattr(request, "began", now))
        if self.metrics is not None:
            self.metrics.answered(getattr(request, "door", "none"), request.code, request.sentLength)
