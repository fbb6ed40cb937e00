"""The frames in which a script goes to its interpreter and an answer comes back.

A frame is a fixed head (magic, length of the header, length of the body, network byte order), a JSON object, and a body
of concatenated blobs whose sizes stand in the header. Whoever reads one believes nothing of it: an answer's sender is a
process that has just run a stranger's script.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from cpyrender.deposit import Delivery

_HEAD = struct.Struct("!4sIQ")
_MAGIC = b"CPYR"

#: Sent by a child that takes several scripts, once it is ready for another one.
READY = b"\x05"

#: Bytes of JSON that a header may have: two kept logs of the default size, a traceback and room to spare.
MAX_HEADER = 1 << 20

_READ_AT_ONCE = 1 << 20
# Pieces handed to the kernel in one call.
_AT_ONCE = 64
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_DECODER = json.JSONDecoder()
_LARGE = 1 << 20


def loads(text: bytes) -> Any:
    """Return what JSON in UTF-8, with no blanks around it, says.

    L{json.loads} would first see which encoding it is, and look for blanks, in Python.

    @raise ValueError: it is not JSON.
    @raise RecursionError: it goes too deep.
    """
    said = text.decode(errors="surrogatepass")
    value, end = _DECODER.raw_decode(said)
    if end != len(said):
        raise ValueError("something follows it")
    return value


class BadFrame(Exception):
    """What came is not a frame."""


class FrameTooLarge(Exception):
    """The frame announces a larger body than its reader takes."""


def pack(
    header: Mapping[str, object], blobs: Iterable[bytes | memoryview] = (), *, in_steps: bool = False
) -> list[bytes | memoryview]:
    """Return the frame as pieces to be written one after the other; no blob is copied.

    @param in_steps: let other threads run meanwhile, which a header of millions of characters or numbers would hold up.
        It takes ten times as long.
    """
    body = list(blobs)
    # Without \u, which makes it longer. A lone surrogate, which a script's message may have in it, json.loads reads
    # again.
    text = "".join(_ENCODER.iterencode(header)) if in_steps else _ENCODER.encode(header)
    said = text.encode(errors="surrogatepass")
    return [_HEAD.pack(_MAGIC, len(said), sum(map(len, body))) + said, *body]


class _Buffer:
    """Bytes on their way out of a pipe into memory of this process: a L{Delivery} for what is small."""

    def __init__(self, size: int) -> None:
        # A large bytearray would first be filled with zeros, while no other thread runs.
        self._room = memoryview(bytearray(size) if size < _LARGE else mmap.mmap(-1, size))
        self._filled = 0

    @property
    def missing(self) -> int:
        return len(self._room) - self._filled

    def take(self, pipe: int) -> int:
        count = os.readv(pipe, [self._room[self._filled : self._filled + _READ_AT_ONCE]])
        self._filled += count
        return count

    def view(self) -> memoryview:
        return self._room

    def close(self) -> None:
        """It goes with who holds it."""


class FrameReader:
    """Reads one frame from a file descriptor, as much at a time as there is.

    @ivar header: the decoded header, C{None} until the whole frame is here.
    @ivar body: the frame's body.
    """

    def __init__(self, max_body: int, max_header: int = MAX_HEADER, deposits: bool = False) -> None:
        """
        @param max_body: bytes that the body may have.
        @param max_header: bytes that the header may have.
        @param deposits: whether a body of 1 MB or more is to be a L{cpyrender.deposit.Deposit}, where that can be. It
            has to come from a pipe then.
        """
        self._max_body = max_body
        self._max_header = max_header
        self._deposits = deposits
        self._part: _Buffer | Delivery = _Buffer(_HEAD.size)
        self._next = self._got_head
        self.header: dict[str, Any] | None = None
        self.body = memoryview(b"")

    @property
    def complete(self) -> bool:
        """Whether the whole frame has been read."""
        return self.header is not None

    def read(self, fd: int) -> bool:
        """Read what there is from a file descriptor.

        @return: whether more may follow: C{False} once the frame is complete, or at the end of the stream.
        @raise BlockingIOError: nothing is there yet.
        @raise BadFrame: it is not a frame.
        @raise FrameTooLarge: its body is larger than allowed.
        @raise OSError: there is no memory left for it.
        """
        if self.header is not None or self._part.take(fd) == 0:
            return False
        while self.header is None and not self._part.missing:
            self._next()
        return self.header is None

    def close(self) -> None:
        """Let go of a part that will not be completed."""
        self._part.close()

    def _got_head(self) -> None:
        magic, header, body = _HEAD.unpack(self._part.view())
        if magic != _MAGIC or not 2 <= header <= self._max_header:
            raise BadFrame("this is not the head of a frame")
        if body > self._max_body:
            raise FrameTooLarge(f"{body} bytes are more than {self._max_body}")
        self._header_size, self._body_size = header, body
        if body < _LARGE:
            # Together: each part takes a system call, after which another thread may come first.
            self._part, self._next = _Buffer(header + body), self._got_both
        else:
            self._part, self._next = _Buffer(header), self._got_header

    def _got_both(self) -> None:
        both = self._part.view()
        self._complete(_read_header(both[: self._header_size]), both[self._header_size :])

    def _got_header(self) -> None:
        self._header = _read_header(self._part.view())
        self._part, self._next = self._room_for_body(), self._got_body

    def _room_for_body(self) -> _Buffer | Delivery:
        if self._deposits:
            with suppress(OSError):
                return Delivery(self._body_size)
        return _Buffer(self._body_size)

    def _got_body(self) -> None:
        self._complete(self._header, self._part.view())

    def _complete(self, header: dict[str, Any], body: memoryview) -> None:
        self.body, self.header = body, header
        # A reader that points at itself would keep the body until the next round of the garbage collector.
        del self._next


def _read_header(text: memoryview) -> dict[str, Any]:
    try:
        header = loads(text.tobytes())
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"its header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise BadFrame("its header is not an object")
    return header


def write_some(fd: int, pieces: list[memoryview]) -> None:
    """Write, of pieces, as much as a file descriptor takes in one call, and take that off their front.

    @raise BlockingIOError: it takes nothing now.
    """
    count = os.writev(fd, pieces[:_AT_ONCE])
    while pieces and count >= len(pieces[0]):
        count -= len(pieces.pop(0))
    if count:
        pieces[0] = pieces[0][count:]


def write_all(fd: int, pieces: Iterable[bytes | memoryview]) -> None:
    """Write all pieces to a blocking file descriptor, together: each call wakes who reads."""
    left = [memoryview(piece) for piece in pieces]
    while left:
        write_some(fd, left)
