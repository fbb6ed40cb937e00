"""The body of an answer, in pieces: what is large goes out as the client reads it, and is never there twice."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence

from attrs import frozen
from twisted.internet.interfaces import IPushProducer
from twisted.web.server import Request
from zope.interface import implementer

from cpyrender.deposit import let_go
from cpyrender.web.headers import set_headers

# As much as the transport takes before it asks to wait; a multiple of 3, so that base64 has no padding in between.
_PIECE = 3 << 14
# Pieces after which memory is let go of; to do so after each of them takes as long as copying them.
_TOGETHER = 8


@frozen
class Base64:
    """Data that is to go out in base64 (RFC 4648), and is encoded only then."""

    data: bytes | memoryview

    def __len__(self) -> int:
        return (len(self.data) + 2) // 3 * 4


#: What a body is made of.
Part = bytes | memoryview | Base64


def whole(parts: Sequence[Part]) -> bytes:
    """Return a body in one piece."""
    return b"".join(pieces(parts))


def pieces(parts: Sequence[Part]) -> Iterator[bytes]:
    """Yield a body piece by piece."""
    for part in parts:
        data = memoryview(part.data if isinstance(part, Base64) else part)
        for number, start in enumerate(range(0, len(data), _PIECE)):
            piece = data[start : start + _PIECE]
            copy = b64encode(piece) if isinstance(part, Base64) else bytes(piece)
            # Here, and not after the piece: a client that reads slowly asks for the next one much later.
            if number % _TOGETHER == 0:
                let_go(data)
            yield copy


def send(request: Request, parts: Sequence[Part], finish: bool = True) -> None:
    """Write a body, whose length is told to the client; what is large, only as fast as the client reads it.

    @param finish: whether the answer is complete with it.
    """
    size = sum(map(len, parts))
    set_headers(request, {"Content-Length": str(size)})
    if size > _PIECE and finish and request.method != b"HEAD":
        return _Sending(request, pieces(parts)).begin()
    request.write(b"" if request.method == b"HEAD" else whole(parts))
    if finish:
        request.finish()


@implementer(IPushProducer)
class _Sending:
    """A body on its way. It is paused when the buffers are full, and resumed when they are empty."""

    def __init__(self, request: Request, left: Iterator[bytes]) -> None:
        self._request = request
        self._left = left
        self._paused = self._stopped = False

    def begin(self) -> None:
        self._request.registerProducer(self, True)
        self.resumeProducing()

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = self._stopped
        while not self._paused:
            piece = next(self._left, None)
            if piece is None:
                self._request.unregisterProducer()
                self._request.finish()
                return
            self._request.write(piece)

    def stopProducing(self) -> None:
        """The client is gone."""
        self._paused = self._stopped = True
        self._left = iter(())
