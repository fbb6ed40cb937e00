"""The site that the plugin serves: it bounds bodies before they are read, and logs one line for each request."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web import http
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from cpyrender.web.problem import Problem
from cpyrender.web.writing import write_problem

_HEAD_TIMEOUT = 60
# How long a client that is being refused may go on sending before it is cut off: long enough to read the answer.
_LINGER = 5.0


class BoundedRequest(Request):
    """A request whose body cannot grow beyond what its site takes."""

    _refused = False
    _received = 0

    def gotLength(self, length: int | None) -> None:
        """The headers are complete, and nothing of the body has been read; C{100 Continue} has not been sent."""
        super().gotLength(length)
        if length is not None and length > self._limit:
            self._refuse()

    @property
    def _limit(self) -> int:
        limit: int = self.channel.site.max_body  # type: ignore[attr-defined]  # the site sets itself there
        return limit

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a piece of the body, unless it makes the body too large."""
        self._received += len(data)
        if self._refused:
            return
        if self._received > self._limit:
            return self._refuse()
        super().handleContentChunk(data)

    def _refuse(self) -> None:
        """Answer before the body is here, and read on for a moment: a reset would take the answer from the client."""
        self._refused = True
        channel = self.channel
        # Set by the channel only when the body is complete; the answer's first line depends on them.
        self.method, self.uri, self.clientproto = channel._command, channel._path, channel._version
        self.path = self.uri.partition(b"?")[0]
        self.requestHeaders.removeHeader(b"Expect")
        self.setHeader(b"Connection", b"close")
        self.setHeader(b"Server", b"cpyrender")
        channel.persistent = False
        problem = Problem(
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail=f"the body is over the limit of {self._limit} bytes"
        )
        write_problem(self, problem, finish=False)
        self._cut = channel.callLater(_LINGER, self._hang_up)

    def _hang_up(self) -> None:
        self.finish()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The whole request is here."""
        if not self._refused:
            super().requestReceived(command, path, version)
        else:
            self.finish()

    def connectionLost(self, reason: Any) -> None:
        """The client is gone."""
        if self._refused and self._cut.active():
            self._cut.cancel()
        super().connectionLost(reason)

    def finish(self) -> None:
        """The answer is complete."""
        if self._refused and self._cut.active():
            self._cut.cancel()
        super().finish()


class RenderSite(Site):
    """Serves a tree of doors.

    @ivar max_body: bytes that a request's body may have.
    """

    _log = Logger()

    def __init__(self, resource: IResource, reactor: IReactorTime, max_body: int) -> None:
        super().__init__(
            resource, BoundedRequest, timeout=_HEAD_TIMEOUT, reactor=reactor, parsePOSTFormSubmission=False
        )
        self.max_body = max_body

    def log(self, request: http.Request) -> None:
        """Write the request's one line."""
        self._log.info(
            "{method} {path} {status} {bytes} bytes to {client}",
            method=request.method.decode("latin-1"),
            path=request.path.decode("latin-1"),
            status=request.code,
            bytes=request.sentLength,
            client=getattr(request.getClientAddress(), "host", ""),
        )
