"""C{name=value&name=value}: queries, and forms that are written like one (WHATWG URL, C{urlencoded} parsing).

No step of it takes long: another thread has to wait for Python's lock until a step is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from cpyrender.web.given import MOST_FIELDS, Given, gathered, text_of, wrong

_PIECE = 1 << 16
_SCRIPT = "script"


def read_query(query: bytes) -> dict[str, list[str]]:
    """Return what a query says: each name with all its values.

    @raise Problem: 400, it is not UTF-8, or has too many fields.
    """
    return gathered((name, text_of(value, "the query")) for name, value in _pairs(query, "the query"))


def is_form(body: bytes) -> bool:
    """Whether a body that is called a form is one, and not a script as the client of 2005 sends it.

    A form has no white space in it, for its fields are quoted, and one of them is the script.
    """
    if not body.startswith(b"script=") and b"&script=" not in body:
        return False
    words = body.split(None, 1)
    return len(words) == 1 and len(words[0]) == len(body)


def read_form(body: bytes) -> Given:
    """Read a form.

    @raise Problem: 400, it cannot be read, or has too many fields, or two scripts.
    """
    pairs = list(_pairs(body, "the form"))
    scripts = [value for name, value in pairs if name == _SCRIPT]
    if len(scripts) > 1:
        raise wrong(f"the form has {len(scripts)} fields named script")
    others = ((name, text_of(value, "the form")) for name, value in pairs if name != _SCRIPT)
    return Given(script=scripts[0], fields=gathered(others))


def _pairs(text: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    if text.count(b"&") >= MOST_FIELDS:
        raise wrong(f"{what} has more than {MOST_FIELDS} fields")
    for field in filter(None, text.split(b"&")):
        name, _, value = field.partition(b"=")
        yield text_of(_unquoted(name), what), _unquoted(value)


def _unquoted(text: bytes) -> bytes:
    """Undo the quoting, a piece at a time."""
    pieces, start = [], 0
    while start < len(text):
        end = start + _PIECE
        # Not within %41.
        mark = text.find(b"%", end - 2, end)
        end = mark if mark > 0 else end
        pieces.append(unquote_to_bytes(text[start:end].replace(b"+", b" ")))
        start = end
    return b"".join(pieces)
