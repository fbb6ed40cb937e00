"""The site that the plugin serves: it guards requests before their bodies are read, and logs one line for each."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.logger import Logger
from twisted.web import http
from twisted.web.resource import IResource
from twisted.web.server import Site

from cpyrender.settings import HttpSettings
from cpyrender.web.channel import DeadlinedChannel
from cpyrender.web.crowd import Crowd, TurnedAway, origin_of
from cpyrender.web.guard import Guard
from cpyrender.web.refusal import EarlyRefusal


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
    """Serves a tree of doors, over HTTP/1.1 alone.

    @ivar guard: the rules for requests.
    @ivar http: the deadlines, and how many connections there may be.
    @ivar crowd: how many there are.
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

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Return a channel, or something that tells one client too many to come back later."""
        origin = origin_of(addr)
        if not self.crowd.has_room_for(origin):
            return TurnedAway(self.crowd, self.reactor)
        return DeadlinedChannel(self, origin)

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
