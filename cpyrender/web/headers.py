"""What is faster than L{twisted.web.http_headers} where it is asked a dozen times for each request.

There, a header that is set or asked for goes through four to nine functions: together a seventh of all that the server
called for a script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.web.http import Request
from twisted.web.http_headers import Headers


class _Names(dict[bytes | str, bytes]):
    """Names as they are in L{Headers}, which has its own way of writing some of them, by the name that is asked for."""

    def __missing__(self, name: bytes | str) -> bytes:
        written = Headers()
        written.setRawHeaders(name, [b""])
        ((known, _),) = written.getAllRawHeaders()
        self[name] = known
        return known


_NAMES = _Names()


def set_headers(request: Request, headers: Mapping[bytes | str, bytes | str] | Mapping[str, str]) -> None:
    """Set headers of an answer, all at once.

    @param headers: value by name; of names, there are few.
    """
    there = request.responseHeaders._rawHeaders
    for name, value in headers.items():
        line = value.encode() if isinstance(value, str) else value
        if b"\n" in line or b"\r" in line:
            # It would end the header.
            request.responseHeaders.setRawHeaders(name, [line])
        else:
            there[_NAMES[name]] = [line]


def lines_of(headers: Headers, name: bytes | str) -> Sequence[bytes]:
    """Return a header's lines, of which there may be none.

    @param name: one of few.
    """
    return headers._rawHeaders.get(_NAMES[name], ())
