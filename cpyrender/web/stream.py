"""L{Stream}: one request of a connection that speaks HTTP/2, and its answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import h11
from h2.errors import ErrorCodes
from twisted.internet.interfaces import IDelayedCall, IPushProducer, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.components import proxyForInterface
from twisted.python.failure import Failure
from zope.interface import implementer

from cpyrender.web.translation import Fields, Malformed, fields_of

if TYPE_CHECKING:
    from cpyrender.web.session import Session


@implementer(IPushProducer)
class Stream(proxyForInterface(ISSLTransport, "below")):  # type: ignore[misc]  # a base class that is made here
    """What the channel of one request has for a transport.

    The channel is the same as on a connection of HTTP/1.1, and gets the request as such, so that there is one way into
    the server, and every rule on it holds here too. Whose it is, the channel asks the connection below.

    @ivar number: the stream's, which the client has chosen.
    @ivar disconnecting: whether the channel has closed it, and only what it has written is still to be sent.
    """

    def __init__(self, session: Session, number: int, request: h11.Request) -> None:
        """@raise Malformed: there is no such request."""
        super().__init__(session.transport)
        self.number = number
        self.disconnecting = False
        self._session, self._out = session, session.out
        # h11 in the place of a client: it says what has to be written to a server, and understands what one answers.
        self._client = h11.Connection(h11.CLIENT)
        self._unread = bytearray(self._said(request))
        self._unread_size = 0
        self._channel: Any = None
        self._producer: Any = None
        self._held = True
        self._begun = False
        self._fields: Fields | None = None
        self._unsent = bytearray()
        self._waiting = self._answered = self._sent = self._over = False
        self._leaving: IDelayedCall | None = None

    def _said(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> bytes:
        try:
            return self._client.send(event) or b""
        except h11.LocalProtocolError as error:
            raise Malformed(str(error)) from None

    # The request, on its way to the channel

    def connect(self, channel: Any) -> None:
        """Let a channel have the request, of which the head is here."""
        self._channel = channel
        channel.makeConnection(self)
        self.resumeProducing()

    def take(self, data: bytes, size: int) -> None:
        """Take a piece of the body.

        @param size: of the frame that it came in, to be acknowledged when the channel has taken it.
        @raise Malformed: the body does not have the length that was told.
        """
        self._unread_size += size
        self._unread += self._said(h11.Data(data=data)) if data else b""
        self._deliver()

    def end(self) -> None:
        """The body is complete.

        @raise Malformed: it does not have the length that was told.
        """
        self._unread += self._said(h11.EndOfMessage())
        self._deliver()

    def pauseProducing(self) -> None:
        """The channel takes no more of the request: its client is not told to go on."""
        self._held = True

    def resumeProducing(self) -> None:
        """The channel takes the request."""
        self._held = False
        self._deliver()

    def stopProducing(self) -> None:
        """The channel wants no more of it."""

    def _deliver(self) -> None:
        if self._held:
            return
        data, self._unread = bytes(self._unread), bytearray()
        size, self._unread_size = self._unread_size, 0
        self._out.acknowledge(self.number, size)
        if data:
            self._begun = True
            self._channel.dataReceived(data)

    # The answer, on its way from the channel

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Tell this one, the channel, when it is to write and when not."""
        self._producer = producer

    def unregisterProducer(self) -> None:
        """Tell nobody."""
        self._producer = None

    def write(self, data: bytes) -> None:
        """Send bytes of the answer, as HTTP/1.1 has it."""
        if data and not (self._over or self._sent or self._answered):
            self._client.receive_data(data)
            self._understand()
            self.flush()

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Send pieces of the answer."""
        self.write(b"".join(iovec))

    def _understand(self) -> None:
        try:
            while not self._answered and self._heard(self._client.next_event()):
                pass
        except h11.RemoteProtocolError:
            # It ends too soon. What there is of it must not look like all.
            self.cut(ErrorCodes.INTERNAL_ERROR)

    def _heard(self, event: object) -> bool:
        """Keep what is to be sent, and return whether there may be more."""
        if isinstance(event, h11.InformationalResponse):
            self._out.send_head(self.number, fields_of(event), False)
        elif isinstance(event, h11.Response):
            self._fields = fields_of(event)
        elif isinstance(event, h11.Data):
            self._unsent += event.data
        elif isinstance(event, h11.EndOfMessage):
            self._answered = True
        else:
            return False
        return True

    def flush(self) -> None:
        """Send as much of the answer as the client, and the connection, take now."""
        if self._over or self._sent:
            return
        if self._fields is not None:
            fields, self._fields = self._fields, None
            self._sent = self._answered and not self._unsent
            self._out.send_head(self.number, fields, self._sent)
        before = len(self._unsent)
        while not self._sent and (self._unsent or self._answered):
            room = self._out.room_for(self.number)
            if self._unsent and room <= 0:
                break
            piece = bytes(self._unsent[:room])
            del self._unsent[: len(piece)]
            self._sent = self._answered and not self._unsent
            self._out.send_piece(self.number, piece, self._sent)
        self._pace(len(self._unsent) < before)
        self._leave_if_done()

    def _pace(self, has_sent: bool) -> None:
        """Let the channel write when, and only when, everything before has been sent."""
        waited, self._waiting = self._waiting, bool(self._unsent)
        if not self._waiting:
            self._out.wait_no_more(self)
        elif has_sent or not waited:
            self._out.wait_for_room(self)
        if self._producer is not None and waited != self._waiting:
            (self._producer.pauseProducing if self._waiting else self._producer.resumeProducing)()

    # The end

    def loseConnection(self) -> None:
        """Close when everything has been sent; HTTP/1.1 may end an answer by that."""
        if self.disconnecting or self._over:
            return
        self.disconnecting = True
        if not self._answered:
            self._client.receive_data(b"")
            self._understand()
        self.flush()
        self._leave_if_done()

    def loseWriteConnection(self) -> None:
        """Close."""
        self.loseConnection()

    def abortConnection(self) -> None:
        """Close at once."""
        # What nobody has seen anything of may be asked again (RFC 9113, 8.7).
        self.cut(ErrorCodes.CANCEL if self._begun else ErrorCodes.REFUSED_STREAM)

    def cut(self, code: ErrorCodes) -> None:
        """End the stream, whatever has not been sent."""
        # After an early answer, the client need not send the rest (RFC 9113, 8.1).
        self._out.reset(self.number, ErrorCodes.NO_ERROR if self._sent else code)
        self._sent = True
        self._leave()

    def _leave_if_done(self) -> None:
        # What has been refused early is listened to for a moment, as over HTTP/1.1: there are clients that take a
        # stream which is reset together with its answer for one that has none.
        if self._sent and self.disconnecting:
            self.cut(ErrorCodes.NO_ERROR)

    def _leave(self) -> None:
        """Tell the channel a moment later, as every transport does: it may be in the middle of writing."""
        if self._leaving is None and not self._over:
            self._leaving = self._session.soon(self.lost)

    def lost(self, reason: Failure = connectionDone) -> None:
        """The stream is no more."""
        if self._over:
            return
        self._over = True
        if self._leaving is not None and self._leaving.active():
            self._leaving.cancel()
        self._out.acknowledge(self.number, self._unread_size)
        try:
            self._channel.connectionLost(reason)
        finally:
            self._session.forget(self)
