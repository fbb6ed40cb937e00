"""L{Framing}: h2's side of a connection that speaks HTTP/2, with limits for clients that mean no good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from h2.config import H2Configuration
from h2.connection import ConnectionInputs, H2Connection, H2ConnectionStateMachine
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    PingReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    RequestReceived,
    StreamReset,
    UnknownFrameReceived,
    WindowUpdated,
)
from h2.exceptions import FrameTooLargeError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

#: In a GOAWAY: no stream is refused yet.
ANY_STREAM = (1 << 31) - 1

# Bytes of bodies that a client may send ahead of what has been taken: on one stream, and on all of a connection.
_STREAM_WINDOW = 256 << 10
_WINDOW = 1 << 20
# As long as a head may be over HTTP/1.1, where longer ones are told so; beyond 64 KB, h2 does not even unpack it.
_HEAD = 16 << 10
# What is sent at once: other streams want to come in between.
_PIECE = 16 << 10
# RFC 9113, 4.1.
_FRAME_HEAD = 9
# How much memory is used for compressing heads, however much more the client offers for its own (RFC 7541, 4.2).
_TABLE = 4 << 10
# More than there are kinds of them; h2 keeps all that it is sent.
_SETTINGS = 32
# So many at once, and so many a second, of what a client sends for us to work on and is no request (CVE-2019-9512,
# CVE-2019-9515, CVE-2023-44487).
_FUSS, _FUSS_RATE = 200, 20.0
_FUSSY = (StreamReset, PingReceived, RemoteSettingsChanged)
# What there may be more of: with each request, as priorities and windows to begin with; and with each piece of an
# answer, for which there may be an update to the window of the stream and to that of the connection.
_IDLE = (PriorityUpdated, UnknownFrameReceived, WindowUpdated)
_FOR_REQUEST, _FOR_PIECE = 4, 2


class _Going(H2ConnectionStateMachine):
    """A connection on which GOAWAY ends nothing that has begun (RFC 9113, 6.8); to h2, all is over then."""

    def process_input(self, input_: ConnectionInputs) -> list[Event]:
        """Go from one state to the next."""
        before = self.state
        events = super().process_input(input_)
        if input_ is ConnectionInputs.RECV_GOAWAY:
            self.state = before
        return events


class Framing(H2Connection):
    """Turns frames into events, and what is to be sent into frames.

    @ivar fuss: what the client makes.
    """

    # h2 remembers how streams ended. Who sends on ones that did so long ago is cut off.
    MAX_CLOSED_STREAMS = 1000

    def __init__(self, streams: int, seconds: Callable[[], float]) -> None:
        """
        @param streams: how many the client may have at once.
        @param seconds: tells the time.
        """
        super().__init__(H2Configuration(client_side=False))
        self.state_machine = _Going()
        self.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: streams,
                SettingCodes.MAX_HEADER_LIST_SIZE: _HEAD,
                SettingCodes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
            },
        )
        self.fuss = Fuss(seconds)

    def initiate_connection(self) -> None:
        """Tell the client the settings, and how much it may send."""
        super().initiate_connection()
        self.increment_flow_control_window(_WINDOW - self.inbound_flow_control_window)

    def receive_data(self, data: Any) -> list[Event]:
        """Take what the client has sent.

        @raise ProtocolError: it makes no sense.
        """
        events = super().receive_data(data)
        if self.encoder.header_table_size > _TABLE:
            self.encoder.header_table_size = _TABLE
        # h2 finds out that a frame is too long only when it has all of it, which may be 16 MB.
        if len(self.incoming_buffer._data) > _FRAME_HEAD + self.max_inbound_frame_size:
            self.close_connection(ErrorCodes.FRAME_SIZE_ERROR)
            raise FrameTooLargeError("there is a frame that is too long")
        return events

    def is_open(self, number: int) -> bool:
        """Return whether anything may be sent on a stream, be it only that it is over."""
        stream = self.streams.get(number)
        return stream is not None and not stream.closed

    def room_for(self, number: int) -> int:
        """Return how many bytes may be sent on a stream now."""
        return min(self.local_flow_control_window(number), self.max_outbound_frame_size, _PIECE)

    def send_piece(self, number: int, data: bytes, ends: bool) -> None:
        """Send a piece of an answer, for which there has to be room."""
        self.send_data(number, data, ends)
        self.fuss.allow(_FOR_PIECE)


def go_away(last: int) -> bytes:
    """Return a frame that says GOAWAY, after which, unlike after h2's own, what is in flight goes on (RFC 9113, 6.8).

    @param last: the last stream that is, or will be, answered.
    """
    return bytes(GoAwayFrame(0, last_stream_id=last, error_code=ErrorCodes.NO_ERROR).serialize())


class Fuss:
    """How much a client makes that is no request: streams that it takes back, pings, settings, frames for nothing."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        """@param seconds: tells the time."""
        self._seconds = seconds
        self._left = float(_FUSS)
        self._since = seconds()
        self._allowed = 0

    def allow(self, count: int) -> None:
        """Let there be as many more frames without effect."""
        self._allowed += count

    def is_too_much(self, event: Event) -> bool:
        """Count what has come, and return whether it is one too many."""
        if isinstance(event, RequestReceived):
            self.allow(_FOR_REQUEST)
        if isinstance(event, RemoteSettingsChanged) and len(event.changed_settings) > _SETTINGS:
            return True
        if _is_idle(event):
            self._allowed -= 1
            return self._allowed < 0 and self._spend()
        return isinstance(event, _FUSSY) and self._spend()

    def _spend(self) -> bool:
        self._allowed = max(0, self._allowed)
        now = self._seconds()
        self._left = min(_FUSS, self._left + (now - self._since) * _FUSS_RATE) - 1
        self._since = now
        return self._left < 0


def _is_idle(event: Event) -> bool:
    if isinstance(event, DataReceived):
        return not (event.data or event.stream_ended)
    return isinstance(event, _IDLE)
