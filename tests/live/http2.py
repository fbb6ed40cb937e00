"""A client of HTTP/2 that can do what real ones do not."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event

_PATIENCE = 60.0


def understand(client: H2Connection, data: bytes, takes: bool = True) -> list[Event]:
    """Return what a client understands of some frames.

    @param takes: whether it lets the server send on.
    """
    events = client.receive_data(data)
    for event in events:
        if isinstance(event, DataReceived) and takes:
            client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, ConnectionTerminated):
            # h2 would hear and say no more; but what is in flight goes on.
            client.state_machine.state = ConnectionState.CLIENT_OPEN
    return events


class Http2:
    """A connection to C{localhost}, until the end of the C{with} block.

    @ivar h2: what it says; L{flush} sends that.
    """

    def __init__(self, port: int, certificate: Path, first: bytes = b"") -> None:
        """
        @param first: what is sent before anything else.
        """
        context = ssl.create_default_context(cafile=str(certificate))
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), _PATIENCE)
        self._socket = context.wrap_socket(plain, server_hostname="localhost")
        self._socket.sendall(first)
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self) -> Http2:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def flush(self) -> None:
        """Send what h2 has to say."""
        self._socket.sendall(self.h2.data_to_send())

    def post(self, script: str, path: str = "/") -> int:
        """Post a script, and return the number of the stream."""
        number = self.h2.get_next_available_stream_id()
        head = [(":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
        self.h2.send_headers(number, head)
        self.h2.send_data(number, script.encode(), end_stream=True)
        self.flush()
        return number

    def until(self, kind: type[Event], number: int | None = None) -> list[Event]:
        """Return all events up to the first of a kind, on a stream if one is given.

        @raise AssertionError: the server has closed the connection before.
        """
        events: list[Event] = []
        while not any(isinstance(one, kind) and (number is None or one.stream_id == number) for one in events):
            events += self._next()
        return events

    def _next(self) -> list[Event]:
        head = self._exactly(9)
        events = understand(self.h2, head + self._exactly(int.from_bytes(head[:3])))
        self.flush()
        return events

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            assert more, "the server has closed the connection"
            data += more
        return data
