"""L{set_headers}: all headers of an answer at once.

Each C{Request.setHeader} goes through nine functions, and an answer has a dozen headers: of all that the server called
for a script, that was a tenth.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.web.http import Request
from twisted.web.http_headers import Headers


class _Names(dict[str, bytes]):
    """Names as they are in L{Headers}, which has its own way of writing some of them, by the name that is asked for."""

    def __missing__(self, name: str) -> bytes:
        ((known, _),) = Headers({name: [""]}).getAllRawHeaders()
        self[name] = known
        return known


_NAMES = _Names()


def set_headers(request: Request, headers: Mapping[str, str]) -> None:
    """Set headers of an answer, as C{Request.setHeader} does.

    @param headers: value by name; of names, there are few.
    """
    there = request.responseHeaders._rawHeaders
    for name, value in headers.items():
        if "\n" in value or "\r" in value:
            # It would end the header.
            request.setHeader(name.encode(), value.encode())
        else:
            there[_NAMES[name]] = [value.encode()]
