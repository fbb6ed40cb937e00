"""Between the header blocks of HTTP/2 (RFC 9113, 8) and the heads of HTTP/1.1 messages (RFC 9112)."""

from __future__ import annotations

from collections.abc import Iterable

import h11

Fields = list[tuple[bytes, bytes]]

_PSEUDO = frozenset({b":method", b":scheme", b":authority", b":path"})
# RFC 9113, 8.2.2: of the connection, and of HTTP/1.1's alone. A client that sends one is up to something.
_OF_CONNECTIONS = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
# It may be there, and says that trailers are welcome: there are none.
_NEEDLESS = b"te"


class Malformed(Exception):
    """What cannot be a request, and could be two of them, or another one, on its way through HTTP/1.1."""


def request_of(block: Iterable[tuple[bytes, bytes]], has_body: bool) -> h11.Request:
    """Return the head that asks in HTTP/1.1 for what a header block asks for, once: its connection is to be closed.

    That nothing in it can end a line, or the head, or be two lengths, h11 sees to.

    @raise Malformed: it cannot be carried.
    """
    block = list(block)
    first = [field for field in block if field[0].startswith(b":")]
    pseudo = dict(first)
    if len(pseudo) < len(first):
        raise Malformed("there is a pseudo-header field twice")
    fields = [(name, value) for name, value in block if not name.startswith(b":") and name != _NEEDLESS]
    names = {name for name, _ in fields}
    _check(pseudo, names)
    if b":authority" in pseudo:
        fields = [(b"host", pseudo[b":authority"]), *(one for one in fields if one[0] != b"host")]
    if has_body and b"content-length" not in names:
        fields.append((b"transfer-encoding", b"chunked"))
    fields.append((b"connection", b"close"))
    try:
        return h11.Request(method=pseudo[b":method"], target=pseudo[b":path"], headers=fields)
    except h11.LocalProtocolError as error:
        raise Malformed(str(error)) from None


def _check(pseudo: dict[bytes, bytes], names: set[bytes]) -> None:
    target = pseudo.get(b":path", b"")
    if not (target.startswith(b"/") or target == b"*"):
        raise Malformed("there is no path")
    if b":method" not in pseudo or not pseudo.keys() <= _PSEUDO:
        raise Malformed("there is a pseudo-header field too few, or too many")
    if names & _OF_CONNECTIONS:
        raise Malformed("there is a field of HTTP/1.1's connections")


def fields_of(response: h11.Response | h11.InformationalResponse) -> Fields:
    """Return the header block for the head of an answer."""
    kept = [(name, value) for name, value in response.headers if name not in _OF_CONNECTIONS]
    return [(b":status", b"%d" % response.status_code), *kept]
