"""L{Session}: a connection that speaks HTTP/2 (RFC 9113)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import IDelayedCall, IProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from cpyrender.deadline import Deadline
from cpyrender.web.crowd import origin_of
from cpyrender.web.framing import ANY_STREAM, Framing
from cpyrender.web.outlet import Outlet
from cpyrender.web.stream import Stream
from cpyrender.web.translation import Malformed, request_of

if TYPE_CHECKING:
    from cpyrender.web.site import RenderSite

# Longer than a round trip: seconds in which streams that were on their way when the drain began may still come.
_ROUND_TRIP = 1.0


class Session(Protocol):
    """A connection of a L{RenderSite} on which each request is a L{Stream}, with a channel of its own.

    A stream counts, and costs, what a connection of HTTP/1.1 does; the connection counts while it carries none.

    @ivar out: what goes out.
    """

    def __init__(self, site: RenderSite, build: Callable[[], IProtocol], counts: bool = True) -> None:
        """
        @param build: makes the channel of a request.
        @param counts: whether there is room for this connection, so that it is to be counted.
        """
        self._site = site
        self._build = build
        self._counts = counts
        self._h2 = Framing(site.http.streams, site.reactor.seconds)
        self._streams: dict[int, Stream] = {}
        self._idle, self._last_call = Deadline(site.reactor), Deadline(site.reactor)
        self._origin = ""
        self._greeted = self._refusing = self._parting = False

    def connectionMade(self) -> None:
        """The client has chosen HTTP/2."""
        transport: Any = self.transport
        times = self._site.http
        self._origin = origin_of(transport.getPeer())
        self._enter()
        self._site.channels.add(self)
        self.out = Outlet(self._h2, transport, Deadline(self._site.reactor), times.answer)
        self._h2.initiate_connection()
        self.out.flush()
        self._idle.after(times.head, self.loseConnection)
        if self._site.draining:
            self.drain()

    def _enter(self) -> None:
        if self._counts:
            self._site.crowd.enter(self._origin)

    def _leave(self) -> None:
        if self._counts:
            self._site.crowd.leave(self._origin)

    # What the client sends

    def dataReceived(self, data: bytes) -> None:
        """Frames have come, or parts of them."""
        if self.out.closed:
            return
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:
            return self._fail()
        # h2 has gone through all of it: what is taken back at the end must not be begun before.
        for event in sorted(events, key=_is_no_reset):
            self._meet(event)
            if self.out.closed:
                return
        self.out.flush()

    def _meet(self, event: Event) -> None:
        if self._h2.fuss.is_too_much(event):
            self._calm_down()
        elif isinstance(event, RequestReceived):
            self._begin(event)
        elif isinstance(event, DataReceived):
            self._go_on(event)
        elif isinstance(event, StreamEnded):
            self._end(event.stream_id)
        elif isinstance(event, StreamReset):
            self._lose(event.stream_id)
        elif isinstance(event, WindowUpdated | RemoteSettingsChanged):
            self._greet()
            self.out.fill()
        elif isinstance(event, ConnectionTerminated):
            self._part(event)

    def _begin(self, event: RequestReceived) -> None:
        number = event.stream_id
        if self._refusing:
            return self.out.reset(number, ErrorCodes.REFUSED_STREAM)
        if not self._h2.is_open(number):
            return
        try:
            stream = Stream(self, number, request_of(event.headers, event.stream_ended is None))
        except Malformed:
            return self._refuse(number)
        if not self._streams:
            self._idle.call_off()
            self._leave()
        self._streams[number] = stream
        stream.connect(self._build())

    def _go_on(self, event: DataReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return self.out.acknowledge(event.stream_id, event.flow_controlled_length)
        try:
            stream.take(event.data, event.flow_controlled_length)
        except Malformed:
            self._refuse(event.stream_id)

    def _end(self, number: int) -> None:
        try:
            if number in self._streams:
                self._streams[number].end()
        except Malformed:
            self._refuse(number)

    def _refuse(self, number: int) -> None:
        """End a stream that is no request (RFC 9113, 8.1.1); a client that begins many such is no client."""
        self.out.reset(number, ErrorCodes.PROTOCOL_ERROR)
        self._lose(number)
        if self._h2.fuss.is_too_much(StreamReset(stream_id=number)):
            self._calm_down()

    def _lose(self, number: int) -> None:
        """The client has taken a stream back, and what runs for it is to end."""
        if number in self._streams:
            self._streams[number].lost(Failure(ConnectionAborted()))

    def _greet(self) -> None:
        """The client has begun to speak, which it does with its settings: it may ask when it likes, if that is soon."""
        if not (self._greeted or self._streams):
            self._idle.after(self._site.http.idle, self.loseConnection)
        self._greeted = True

    def _part(self, event: ConnectionTerminated) -> None:
        """The client wants to close, perhaps only when what it has asked for is answered."""
        if event.error_code != ErrorCodes.NO_ERROR or not self._streams:
            return self._fail()
        self._parting = True

    # Its streams

    def soon(self, happens: Callable[[], None]) -> IDelayedCall:
        """Let this happen when what happens now is over."""
        call: IDelayedCall = self._site.reactor.callLater(0, happens)
        return call

    def forget(self, stream: Stream) -> None:
        """A stream is no more."""
        del self._streams[stream.number]
        self.out.wait_no_more(stream)
        if self._streams:
            return
        self._enter()
        if self.out.closed:
            return
        if self._parting:
            self.loseConnection()
        else:
            self._idle.after(self._site.http.idle, self.loseConnection)

    # The end

    @property
    def busy(self) -> bool:
        """Whether somebody is being answered, or has not read the last answer to its end."""
        return bool(self._streams) or self.out.closed

    def drain(self) -> None:
        """Answer what has been asked, and what is on its way, and close then."""
        if not (self.out.closed or self._parting):
            self._parting = True
            self.out.say_farewell(ANY_STREAM)
            self._last_call.after(_ROUND_TRIP, self._refuse_more)

    def _refuse_more(self) -> None:
        if not self._streams:
            return self.loseConnection()
        self._refusing = True
        self.out.say_farewell()

    def loseConnection(self) -> None:
        """Close when everything has been sent."""
        if not self.out.closed:
            self.out.say_farewell()
            self._call_off()
            self.out.close()

    def _calm_down(self) -> None:
        self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
        self._fail()

    def _fail(self) -> None:
        """Close with all its streams a connection on which nothing makes sense any more; h2 has said why."""
        self.out.flush()
        self._call_off()
        self.out.shut()
        self._lose_all(Failure(ConnectionAborted()))

    def _call_off(self) -> None:
        self._idle.call_off()
        self._last_call.call_off()

    def _lose_all(self, reason: Failure) -> None:
        for stream in list(self._streams.values()):
            stream.lost(reason)

    def abort(self) -> None:
        """Close at once, whatever has not been sent."""
        self.out.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The client is gone."""
        self.out.lost()
        self._idle.close()
        self._last_call.close()
        try:
            self._lose_all(reason)
        finally:
            self._leave()
            self._site.forget(self)


def _is_no_reset(event: Event) -> bool:
    return not isinstance(event, StreamReset)
