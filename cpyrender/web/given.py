"""L{Given}: what a body says, whichever of the forms it has."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from attrs import field, frozen

from cpyrender.web.problem import Problem

#: Fields of a query or a form, and files.
MOST_FIELDS = 1000

# Bytes of a text; it may become many times as long on its way to the script.
_LONGEST_TEXT = 4 << 20

# NAME_MAX of Linux, in bytes.
_LONGEST_FILE_NAME = 255

# No others: Python knows some, such as that of host names, which take for ever over a long text.
_CODEC = re.compile(r"ascii|utf-8(-sig)?|utf-16(-[bl]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|gb\w+|big5|shift_jis|euc_\w+")


@frozen(kw_only=True)
class Given:
    """What a body says.

    @ivar script: C{None} where there is none in it.
    @ivar fields: options and parameters that came as text: name to all values that were given for it.
    @ivar params: parameters that have types of their own.
    @ivar files: file name to content.
    @ivar file_fields: field to file name, for fields that are one file.
    """

    script: bytes | None = None
    fields: Mapping[str, Sequence[str]] = field(factory=dict)
    params: Mapping[str, object] = field(factory=dict)
    files: Mapping[str, bytes] = field(factory=dict)
    file_fields: Mapping[str, str] = field(factory=dict)


def wrong(detail: str) -> Problem:
    """Return the problem of a request that is not what it should be, to be raised."""
    return Problem(status=HTTPStatus.BAD_REQUEST, detail=detail)


def shown(text: str) -> str:
    """Return the beginning of a text of the client's, fit to stand in one line."""
    return repr(text if len(text) <= 40 else text[:40] + "...")


def text_of(value: bytes, what: str) -> str:
    """Decode a text.

    @param what: what it is called.
    @raise Problem: it is not UTF-8, or too long.
    """
    check_length(value, what)
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise wrong(f"{what} is not UTF-8") from None


def codec(charset: str) -> str:
    """Return Python's name of a charset in which texts may come.

    @raise LookupError: it is none.
    """
    name = codecs.lookup(charset).name
    if _CODEC.fullmatch(name) is None:
        raise LookupError(charset)
    return name


def check_length(value: bytes, what: str) -> None:
    """Refuse what is too long for a text.

    @raise Problem: it is.
    """
    if len(value) > _LONGEST_TEXT:
        raise wrong(f"{what} has a text in it of more than {_LONGEST_TEXT} bytes; post it as a file")


def gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return each name with all values that were given for it."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def files_of(pairs: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Return files by their names.

    @raise Problem: a name is none that a file in a script's folder could have, or two files have the same.
    """
    files: dict[str, bytes] = {}
    for name, content in pairs:
        check_file_name(name)
        if name in files:
            raise wrong(f"two files are called {shown(name)}")
        files[name] = content
    return files


def check_file_name(name: str) -> None:
    """Refuse what is not the name of a file alone.

    @raise Problem: saying what is wrong with it.
    """
    if not name:
        raise wrong("a file has no name")
    if "/" in name or "\\" in name or name in {".", ".."}:
        raise wrong(f"the file name {shown(name)} is a path, and should be a name alone")
    if not name.isprintable():
        raise wrong(f"the file name {shown(name)} has characters in it that cannot be printed")
    if len(name.encode()) > _LONGEST_FILE_NAME:
        raise wrong(f"the file name {shown(name)} is longer than {_LONGEST_FILE_NAME} bytes")
