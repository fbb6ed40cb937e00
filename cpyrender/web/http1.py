"""L{Http1Channel}: how HTTP/1.1 is read and written on a connection.

It is Twisted's way, in fewer steps for what nearly every client sends and is answered, and with no doubt about where a
body ends.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.web.http import HTTPChannel
from twisted.web.http_headers import Headers

# Headers that most clients send and that mean nothing to a channel, as they are spelled by them and by L{Headers}.
_ORDINARY = {
    spelled: name
    for name in (
        b"Host",
        b"User-Agent",
        b"Accept",
        b"Accept-Encoding",
        b"Accept-Language",
        b"Connection",
        b"Content-Type",
        b"Origin",
        b"Referer",
        b"Sec-Fetch-Dest",
        b"Sec-Fetch-Mode",
        b"Sec-Fetch-Site",
    )
    for spelled in (name, name.lower())
}


class Http1Channel(HTTPChannel):
    """A connection on which requests are read and answers written.

    @ivar _written: how many bytes of answers have been handed on since somebody last began to count.
    """

    def __init__(self) -> None:
        super().__init__()
        self._written = 0
        self._head = b""

    def headerReceived(self, line: bytes) -> bool:
        """A line of the head is here. Twisted's own way goes through twenty functions for each."""
        spelled, colon, value = line.partition(b":")
        name = _ORDINARY.get(spelled)
        sound = colon and not (b"\0" in value or b"\r" in value or b"\n" in value)
        if name is None or not sound or self._receivedHeaderCount >= self.maxHeaders:
            return bool(super().headerReceived(line))
        self._receivedHeaderCount += 1
        self.requests[-1].requestHeaders._rawHeaders.setdefault(name, []).append(value.strip(b" \t"))
        return True

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        """Know how long the body is, or refuse: where its last coding is not C{chunked}, nobody can (RFC 9112, 6.3).

        Twisted passes over C{identity}, which a proxy may take for something else.
        """
        if header == b"Transfer-Encoding" and data.lower() != b"chunked":
            return bool(self._failChooseTransferDecoder())
        return bool(super()._maybeChooseTransferDecoder(header, data))

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Headers) -> None:
        """Have the head of an answer ready, to be sent with what comes next, or by L{send_head}."""
        lines = [name + b": " + value for name, values in headers.getAllRawHeaders() for value in values]
        self._head = b"\r\n".join([version + b" " + code + b" " + reason, *lines, b"", b""])

    def send_head(self) -> None:
        """Send the head of an answer by itself, unless it has been sent."""
        if self._head:
            self.write(b"")

    def write(self, data: bytes) -> None:
        """Send a piece of an answer."""
        head, self._head = self._head, b""
        self._written += len(head) + len(data)
        if head:
            data = self._left_of(head + data)
        if data:
            super().write(data)

    def writeSequence(self, iovec: Any) -> None:
        """Send pieces of an answer."""
        self.write(b"".join(iovec))

    def _left_of(self, beginning: bytes) -> bytes:
        """Send the beginning of an answer, as far as the kernel takes it at once, and return what is left of it.

        Twisted would have the reactor look for a moment when it can be written, which nearly always is this one; to be
        told of it, and not to be told any more, takes longer than writing it.
        """
        transport: Any = self.transport
        # TLS has its own ways; and what has been written before goes first.
        if (
            not isinstance(transport, FileDescriptor)
            or getattr(transport, "TLS", False)
            or not _is_at_leisure(transport)
        ):
            return beginning
        sent = transport.writeSomeData(beginning)
        # A connection that is lost is left to the reactor, which finds that out as well.
        return beginning[sent:] if isinstance(sent, int) else beginning

    def send_rest(self) -> None:
        """Send what is left of an answer, and not only when the reactor has done everything else there is to do."""
        transport: Any = self.transport
        # Who closes a connection when all has been sent is the reactor.
        if isinstance(transport, FileDescriptor) and not (transport.disconnecting or _is_at_leisure(transport)):
            transport.doWrite()


def _is_at_leisure(transport: Any) -> bool:
    """Return whether all has been sent that has been written."""
    return transport.connected and not (transport.dataBuffer or transport._tempDataBuffer)
