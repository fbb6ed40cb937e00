"""The site that the plugin serves: it guards requests before their bodies are read, and logs one line for each."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.logger import Logger
from twisted.web import http
from twisted.web.resource import IResource
from twisted.web.server import Site

from cpyrender.settings import HttpSettings
from cpyrender.web.channel import DeadlinedChannel
from cpyrender.web.crowd import Crowd, TurnedAway, origin_of
from cpyrender.web.guard import Guard, Head
from cpyrender.web.problem import Problem
from cpyrender.web.refusal import EarlyRefusal

# Who asks for these wants to know how the server is doing, also while it shuts down.
_LOOKING = frozenset({b"GET", b"HEAD", b"OPTIONS"})


class GuardedRequest(EarlyRefusal):
    """A request that its site's guard has to let in: once a resource sees it, it has been.

    @cvar guarded: so that no resource checks it once more.
    """

    guarded = True

    def guard_for(self) -> Guard | None:
        """Return the site's guard, whatever is asked for."""
        channel: Any = self.channel
        guard: Guard = channel.site.guard
        return guard

    def problem_with(self, head: Head) -> Problem | None:
        """Return why this request is refused; C{None}: it is not."""
        channel: Any = self.channel
        return super().problem_with(head) or channel.site.problem_while_draining(head.method)


class RenderSite(Site):
    """Serves a tree of doors, over HTTP/1.1 alone.

    @ivar guard: the rules for requests.
    @ivar http: the deadlines, and how many connections there may be.
    @ivar crowd: how many there are.
    @ivar channels: the connections.
    @ivar draining: whether it takes no more scripts.
    """

    _log = Logger()
    displayTracebacks = False  # noqa: N815 (the name is twisted.web.server.Site's)

    def __init__(
        self,
        resource: IResource,
        reactor: IReactorTime,
        max_body: int,
        guard: Guard | None = None,
        http: HttpSettings | None = None,
    ) -> None:
        """
        @param max_body: bytes that a request's body may have, where no guard says it.
        """
        super().__init__(resource, GuardedRequest, timeout=None, reactor=reactor, parsePOSTFormSubmission=False)
        self.guard = guard or Guard(max_body=max_body)
        self.http = http or HttpSettings()
        self.crowd = Crowd(self.http.connections, self.http.per_address)
        self.channels: set[DeadlinedChannel] = set()
        self.draining = False
        self._retry_after: Callable[[], int] = int
        self._quiet: Deferred[None] | None = None

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

    def forget(self, channel: DeadlinedChannel) -> None:
        """A connection is gone."""
        self.channels.discard(channel)
        self._tell_if_quiet()

    def _tell_if_quiet(self) -> None:
        if self._quiet is not None and not self._quiet.called and not any(channel.busy for channel in self.channels):
            self._quiet.callback(None)

    def acceptableProtocols(self) -> list[bytes]:
        """Speak no HTTP/2 over TLS: its requests never come past the guard in this way."""
        return [b"http/1.1"]

    def log(self, request: http.Request) -> None:
        """Write the request's one line, in which there is nothing of its headers or query."""
        self._log.info(
            "{method} {path} {status} {bytes} bytes to {client}",
            method=request.method.decode("latin-1"),
            path=request.path.decode("latin-1"),
            status=request.code,
            bytes=request.sentLength,
            client=getattr(request.getClientAddress(), "host", ""),
        )
