"""Requests in JSON (RFC 8259): C{{"script": "...", "params": {...}, "files": {"name": "base64"}, "dpi": 150}}."""

from __future__ import annotations

import base64
import codecs
import json
import math
import re
from typing import Any, NoReturn

from cpyrender.web import options
from cpyrender.web.given import MOST_FIELDS, Given, files_of, shown, wrong
from cpyrender.web.source import encoded

_KEYS = ("script", "params", "files")
_NUMBERS = ("dpi", "width", "height", "figure", "timeout")

# Brackets, commas and texts. They are parsed in one step, during which no other thread runs, and take many times their
# size of memory.
_MOST_PIECES = 100_000
_MOST_ESCAPES = 1_000_000
_DEEPEST = 100
# Python's own limit is of 4300, and each takes time in proportion to the square of it.
_LONGEST_NUMBER = 400

_STRUCTURE = re.compile(r'[,\[\]{}"]')
_PIECE = 1 << 16
_BASE64_PIECE = _DECODED_PIECE = 1 << 20


def read_document(body: bytes) -> Given:
    """Read a request in JSON.

    @raise Problem: 400, it cannot be read, or has what it should not have.
    """
    document = _parse(_text(body))
    if not isinstance(document, dict):
        raise wrong(f"the JSON is {_kind(document)}, and should be an object with a script in it")
    # What is null is not given, as many write it.
    there = {name: document[name] for name in (*_KEYS, *options.NAMES) if document.get(name) is not None}
    return Given(
        script=_script(there.pop("script")) if "script" in there else None,
        params=_params(_object("params", there.pop("params", {})), document),
        files=files_of((name, _decoded(name, text)) for name, text in _files(there.pop("files", {}))),
        fields={name: [_option(name, value)] for name, value in there.items()},
    )


def _params(params: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters: what is in C{params}, and what stands beside the script and is no option."""
    beside = {name: document[name] for name in document if name not in _KEYS and name not in options.NAMES}
    twice = next((name for name in beside if name in params), None)
    if twice is not None:
        raise wrong(f"{shown(twice)} is in params and beside them")
    return params | beside


def _text(body: bytes) -> str:
    try:
        pieces = (body[start : start + _DECODED_PIECE] for start in range(0, len(body), _DECODED_PIECE))
        text = "".join(codecs.iterdecode(pieces, "utf-8-sig"))
    except UnicodeDecodeError:
        raise wrong("the JSON is not UTF-8") from None
    if not text or text.isspace():
        raise wrong("the body is empty: it should be JSON, with a script in it")
    _check_structure(text)
    return text


def _parse(text: str) -> Any:
    try:
        document = json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_integer,
        )
        if "\\ud" in text or "\\uD" in text:
            # Halves of pairs, which are no text, cannot be encoded.
            for piece in json.JSONEncoder(ensure_ascii=False).iterencode(document):
                piece.encode()
    except json.JSONDecodeError as error:
        raise wrong(f"the JSON is malformed: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except UnicodeEncodeError:
        raise wrong("the JSON has half a surrogate pair in it, which is no character") from None
    return document


def _check_structure(text: str) -> None:
    """Refuse what would take too long, or too much memory, to parse.

    In small steps, and only where a look at the whole does not tell already: most commas are in the script.
    """
    if text.count("\\") > _MOST_ESCAPES:
        raise wrong(f"the JSON has more than {_MOST_ESCAPES} backslashes in it; a form needs none")
    opened = text.count("[") + text.count("{")
    if opened <= _DEEPEST and opened + text.count(",") + text.count('"') <= _MOST_PIECES:
        return
    pieces = depth = place = 0
    while place < len(text):
        found = _STRUCTURE.search(text, place, place + _PIECE)
        place = found.end() if found else place + _PIECE
        mark = found[0] if found else ""
        if mark == '"':
            place = _end_of_text(text, place)
        pieces += mark not in {"", "]", "}"}
        depth += (mark in {"[", "{"}) - (mark in {"]", "}"})
        if pieces > _MOST_PIECES:
            raise wrong(f"the JSON has more than {_MOST_PIECES} values in it; a file can have any number")
        if depth > _DEEPEST:
            raise wrong(f"the JSON is nested more than {_DEEPEST} levels deep")


def _end_of_text(text: str, place: int) -> int:
    """Return where a text that began before this place is over."""
    while (quote := text.find('"', place)) >= 0:
        before = text[place:quote]
        place = quote + 1
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return place
    return len(text)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise wrong(f"the JSON has the name {shown(name)} twice in one object")
        found[name] = value
    return found


def _no_number(text: str) -> NoReturn:
    raise wrong(f"the JSON has {text} in it, which JSON does not know")


def _finite(text: str) -> float:
    value = float(text) if len(text) <= _LONGEST_NUMBER else math.inf
    if math.isinf(value):
        raise wrong(f"the number {shown(text)} in the JSON is too large, or too long")
    return value


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise wrong(f"the JSON has an integer of more than {_LONGEST_NUMBER} digits")
    return int(text)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "an array"}
    return names.get(type(value), "an object")


def _script(value: object) -> bytes:
    if not isinstance(value, str):
        raise wrong(f"script is {_kind(value)}, and should be a text")
    return encoded(value)


def _object(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(f"{name} is {_kind(value)}, and should be an object")
    return value


def _files(value: object) -> list[tuple[str, object]]:
    files = _object("files", value)
    if len(files) > MOST_FIELDS:
        raise wrong(f"there are more than {MOST_FIELDS} files")
    return list(files.items())


def _decoded(name: str, text: object) -> bytes:
    """Decode base64 (RFC 4648, 4), a piece at a time."""
    if not isinstance(text, str):
        raise wrong(f"the file {shown(name)} is {_kind(text)}, and should be a text in base64")
    try:
        # Padding can only be at the end.
        if "=" in text[: -len("==")]:
            raise ValueError
        starts = range(0, len(text), _BASE64_PIECE)
        return b"".join(base64.b64decode(text[start : start + _BASE64_PIECE], validate=True) for start in starts)
    except ValueError:
        hint = " (there are line ends in it)" if "\n" in text else ""
        raise wrong(f"the file {shown(name)} is not in base64{hint}") from None


def _option(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if name in _NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise wrong(f"{name} is {_kind(value)}, and should be {'a number' if name in _NUMBERS else 'a text'}")
