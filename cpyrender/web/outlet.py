"""L{Outlet}: what goes out on a connection that speaks HTTP/2, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from h2.errors import ErrorCodes
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from cpyrender.deadline import Deadline
from cpyrender.web.framing import Framing, go_away
from cpyrender.web.refusal import LINGER
from cpyrender.web.translation import Fields

if TYPE_CHECKING:
    from cpyrender.web.stream import Stream

# Bytes that need no window, such as answers to pings, for a client that does not read: then it is not read either.
_OVERDUE = 16 << 10


@implementer(IPushProducer)
class Outlet:
    """Sends what streams have to say, in turns, as far as the client and the buffers on the way take it.

    @ivar closed: whether nothing is sent any more.
    """

    def __init__(self, framing: Framing, transport: Any, deadline: Deadline, patience: float) -> None:
        """
        @param patience: seconds that a client has to empty full buffers, and to let the connection be closed.
        """
        self._h2 = framing
        self._transport = transport
        self._reading = deadline
        self._patience = patience
        self._waiting: dict[int, Stream] = {}
        self._full = False
        self._overdue = 0
        self.closed = False
        transport.registerProducer(self, True)

    # What streams have to say

    def send_head(self, number: int, fields: Fields, ends: bool) -> None:
        """Send the head of an answer, or of an interim one."""
        self._h2.send_headers(number, fields, ends)
        self.flush()

    def send_piece(self, number: int, data: bytes, ends: bool) -> None:
        """Send a piece of an answer, for which there has to be room."""
        self._h2.send_piece(number, data, ends)
        self.flush()

    def reset(self, number: int, code: ErrorCodes) -> None:
        """End a stream at once, unless it has come to its end."""
        if not self.closed and self._h2.is_open(number):
            self._h2.reset_stream(number, code)
            self.flush()

    def acknowledge(self, number: int, size: int) -> None:
        """Let the client send as many bytes more."""
        if size and not self.closed:
            self._h2.acknowledge_received_data(size, number)
            self.flush()

    def room_for(self, number: int) -> int:
        """Return how many bytes a stream may send now."""
        return 0 if self._full else self._h2.room_for(number)

    def wait_for_room(self, stream: Stream) -> None:
        """Let a stream send more when it may, after those that have not sent anything meanwhile."""
        self._waiting.pop(stream.number, None)
        self._waiting[stream.number] = stream

    def wait_no_more(self, stream: Stream) -> None:
        """A stream has sent all that it has."""
        self._waiting.pop(stream.number, None)

    def fill(self) -> None:
        """Let streams send what there is room for."""
        for stream in list(self._waiting.values()):
            stream.flush()

    # What the connection has to say

    def flush(self) -> None:
        """Send what h2 has to say."""
        data = self._h2.data_to_send()
        if not data:
            return
        self._transport.write(data)
        self._overdue += len(data) if self._full else 0
        if self._overdue > _OVERDUE:
            self._transport.pauseProducing()

    def say_farewell(self, last: int | None = None) -> None:
        """Say that the connection is to be closed.

        @param last: the last stream that is answered; C{None}: that has come.
        """
        self._transport.write(go_away(self._h2.highest_inbound_stream_id if last is None else last))

    # What the client reads

    def pauseProducing(self) -> None:
        """The buffers are full: from now on it is the client's turn."""
        self._full = True
        if not self._reading.set:
            self._reading.after(self._patience, self.abort)

    def resumeProducing(self) -> None:
        """The buffers are empty."""
        self._full = False
        self._reading.call_off()
        if self._overdue > _OVERDUE:
            self._transport.resumeProducing()
        self._overdue = 0
        self.fill()

    def stopProducing(self) -> None:
        """The client is gone, as the connection will tell."""

    def shut(self) -> None:
        """Close soon, and do not even listen until then, a connection whose client should not go on."""
        self._transport.pauseProducing()
        self._close(LINGER)

    def close(self) -> None:
        """Close when everything has been sent."""
        self._close(self._patience)

    def _close(self, patience: float) -> None:
        self.closed = True
        self._reading.after(patience, self.abort)
        self._transport.unregisterProducer()
        self._transport.loseConnection()

    def abort(self) -> None:
        """Close at once, whatever has not been sent."""
        self._transport.abortConnection()

    def lost(self) -> None:
        """The client is gone."""
        self.closed = True
        self._reading.close()
