"""L{DeadlinedChannel}: a connection on which nothing lasts for ever, and no single byte buys more time.

Twisted's own timeout is one of idleness, which each byte sets back: a client that sends a byte now and then keeps its
connection, and one that does not read its answer is never missed.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import _IdentityTransferDecoder

from cpyrender.deadline import Deadline
from cpyrender.settings import HttpSettings
from cpyrender.web.crowd import TOO_MANY, origin_of
from cpyrender.web.http1 import Http1Channel
from cpyrender.web.problem import Problem

if TYPE_CHECKING:
    from cpyrender.web.site import RenderSite

_SHORT = b"HTTP/1.1 %b\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n"
_HEAD_LATE = _SHORT % b"408 Request Timeout"
_TARGET_LONG = _SHORT % b"414 URI Too Long"
_FIELD_LONG = _SHORT % b"431 Request Header Fields Too Large"


class DeadlinedChannel(Http1Channel):
    """A connection of a L{RenderSite}.

    The client is waited for while it sends: first its head, then its body, and then, while the script runs, without
    end. Once its answer is too much for the buffers on the way, or the connection is to be closed, the client has to
    read: C{answer} seconds, and one more for every C{answer_rate} bytes.
    """

    site: RenderSite
    _host: IAddress
    _secure: bool

    def __init__(self, site: RenderSite, origin: str) -> None:
        """
        @param origin: of the client, as L{cpyrender.web.crowd.origin_of} has it.
        """
        super().__init__()
        self.site = self.factory = site
        self.requestFactory = site.requestFactory
        self.callLater = site.reactor.callLater  # type: ignore[method-assign, assignment]  # as Twisted's own factory does
        # Twisted's timeout of idleness; the deadlines here do more.
        self.timeOut = None
        self._origin = origin
        self._times: HttpSettings = site.http
        self._sending, self._reading = Deadline(site.reactor), Deadline(site.reactor)
        self._reading_since: float | None = None
        self._between_requests = False
        self._closing = False
        self._peer: IAddress | None = None

    def connectionMade(self) -> None:
        """A client is here."""
        self.site.crowd.enter(self._origin)
        self.site.channels.add(self)
        super().connectionMade()
        self._sending.after(self._times.head, self._head_is_late)

    # What the client sends

    def dataReceived(self, data: bytes) -> None:
        """Something has come; a new request begins with it where there was none."""
        if self._peer is None:
            self._get_to_know()
        if self._between_requests:
            self._expect_head()
        super().dataReceived(data)

    def _get_to_know(self) -> None:
        """Count the connection for who is at its far end: a proxy's PROXY header, which tells, has come by now."""
        self._peer, self._host, self._secure = super().getPeer(), super().getHost(), super().isSecure()
        origin = origin_of(self._peer)
        if origin == self._origin:
            return
        self.site.crowd.leave(self._origin)
        has_room = self.site.crowd.has_room_for(origin)
        self._origin = origin
        self.site.crowd.enter(origin)
        if not has_room:
            self.writeSequence([TOO_MANY])
            self.loseConnection()

    def getPeer(self) -> IAddress | None:
        """Return the address of the client, which has sent something."""
        return self._peer

    def getHost(self) -> IAddress:
        """Return the address at which it is connected; to ask the kernel for each request takes a while."""
        return self._host

    def isSecure(self) -> bool:
        """Return whether it speaks TLS."""
        return self._secure

    def _expect_head(self) -> None:
        self._between_requests = False
        self._sending.after(self._times.head, self._head_is_late)

    def allHeadersReceived(self) -> None:
        """The head is complete."""
        if self.length != 0:
            self._sending.after(self._times.body, self._body_is_late)
        super().allHeadersReceived()

    def _respondToBadRequestAndDisconnect(self) -> None:
        """What has come is not HTTP. If it should be a body, its request is refused as others are, and logged so."""
        request = self.requests[-1] if self.requests else None
        if request is None or request.began is None:
            super()._respondToBadRequestAndDisconnect()
            return
        # Nobody knows where the body ends, so all that comes until the connection is closed is of it.
        self._transferDecoder = _IdentityTransferDecoder(None, request.handleContentChunk, self._finishRequestBody)
        if not request.refused:
            request.refuse(Problem(status=HTTPStatus.BAD_REQUEST, detail="the chunks of the body cannot be read"))

    def allContentReceived(self) -> None:
        """The request is complete."""
        self._sending.call_off()
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        """The answer is complete, and the next request may come, or be here already."""
        if self.persistent:
            self._between_requests = True
            self._sending.after(self._times.idle, self.loseConnection)
        if not self._waitingForTransport:
            self._forget_answer()
        super().requestDone(request)

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line of the head is longer than any should be."""
        transport: Any = self.transport
        if not transport.disconnecting:
            self.writeSequence([_FIELD_LONG if self.requests else _TARGET_LONG])
            self.loseConnection()

    def _head_is_late(self) -> None:
        if self.requests:
            self.writeSequence([_HEAD_LATE])
        self.loseConnection()

    def _body_is_late(self) -> None:
        request = self.requests[-1]
        # One that has been refused is being cut off as it is.
        if not request.refused:
            detail = f"the body was not here within {self._times.body:g} s"
            request.refuse(Problem(status=HTTPStatus.REQUEST_TIMEOUT, detail=detail))

    # What the client reads

    def pauseProducing(self) -> None:
        """The buffers are full: from now on it is the client's turn."""
        self._expect_reader()
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """The buffers are empty."""
        self._reading.call_off()
        if not self.requests:
            self._forget_answer()
        super().resumeProducing()

    def loseConnection(self) -> None:
        """Close when everything has been sent."""
        self._closing = True
        self._sending.call_off()
        self._between_requests = False
        if not self._reading.set:
            self._expect_reader()
        super().loseConnection()

    def _forget_answer(self) -> None:
        self._reading_since, self._written = None, 0

    def _expect_reader(self) -> None:
        now: float = self.site.reactor.seconds()
        if self._reading_since is None:
            self._reading_since = now
        allowed = self._times.answer + self._written / self._times.answer_rate
        self._reading.after(self._reading_since + allowed - now, self._reader_is_late)

    def _reader_is_late(self) -> None:
        self.forceAbortClient()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The client is gone."""
        self._sending.close()
        self._reading.close()
        self.site.crowd.leave(self._origin)
        try:
            super().connectionLost(reason)
        finally:
            # Whatever goes wrong: a server that stops waits for this.
            self.site.forget(self)

    # When the server stops

    @property
    def busy(self) -> bool:
        """Whether somebody is asking, is being answered, or has not read the last answer to its end."""
        return bool(self.requests) or self._closing

    def drain(self) -> None:
        """Answer what has been asked, or else the next thing that is, and close then."""
        if self.requests:
            self.persistent = False
        for request in self.requests:
            if not request.startedWriting:
                request.setHeader(b"Connection", b"close")

    def abort(self) -> None:
        """Close at once, whatever has not been sent."""
        transport: Any = self.transport
        transport.abortConnection()

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """Whether another request may follow this one."""
        if not self.site.draining:
            return bool(super().checkPersistence(request, version))
        request.setHeader(b"Connection", b"close")
        return False
