"""Forms in parts (multipart/form-data, RFC 7578): fields, and files as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import decode_rfc2231
from typing import IO
from urllib.parse import unquote_to_bytes

from attrs import frozen
from multipart import (  # type: ignore[import-untyped]  # it has annotations, and no py.typed to say so
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from cpyrender.web.given import MOST_FIELDS, Given, check_length, codec, files_of, gathered, shown, wrong

_PIECE = 1 << 16
_SCRIPT = "script"
_LONGEST_BOUNDARY = 200
_LONGEST_HEADER = 4096

# RFC 8187, where a name is not ASCII; RFC 7578 has no use for it, but some clients do.
_EXTENDED = re.compile(r";\s*filename\*\s*=\s*([^\s;]+)", re.IGNORECASE)


@frozen
class _Part:
    """A part of a form.

    @ivar file: the name of the file that it is; C{None}: it is a field.
    """

    name: str
    file: str | None
    charset: str
    content: bytes

    @property
    def nothing(self) -> bool:
        """Whether it is what a browser sends where no file has been chosen."""
        return self.file == "" and not self.content

    def text(self) -> str:
        """Return a field's text.

        @raise Problem: it is not in its charset, or that is none, or it is too long.
        """
        check_length(self.content, "the form")
        try:
            return self.content.decode(codec(self.charset))
        except (LookupError, ValueError):
            pass
        raise wrong(f"the field {shown(self.name)} is not a text in {shown(self.charset)}")


def read_parts(kind: str, body: IO[bytes]) -> Given:
    """Read a form in parts.

    @param kind: the request's content type, with the boundary in it.
    @raise Problem: 400, it cannot be read, has too many parts, or two scripts, or a file has no proper name.
    """
    try:
        parts = [part for part in _parts(_boundary(kind), body) if not part.nothing]
    except ParserLimitReached:
        limits = f"{MOST_FIELDS} parts, and {_LONGEST_HEADER} bytes in each line of their heads"
        raise wrong(f"the form is over its limits: {limits}") from None
    except MultipartError as error:
        raise wrong(f"the form cannot be read: {error.args[0]}") from None
    scripts = [part.content for part in parts if part.name == _SCRIPT]
    if len(scripts) > 1:
        raise wrong(f"the form has {len(scripts)} parts named script")
    others = [part for part in parts if part.name != _SCRIPT]
    return Given(
        script=scripts[0] if scripts else None,
        fields=gathered((part.name, part.text()) for part in others if part.file is None),
        files=files_of((part.file, part.content) for part in others if part.file is not None),
        file_fields=_file_fields(others),
    )


def _file_fields(parts: list[_Part]) -> dict[str, str]:
    """Return the file of each field that is one file, by which programs that send forms know it."""
    found = gathered((part.name, part.file) for part in parts if part.file is not None)
    return {name: files[0] for name, files in found.items() if name and len(files) == 1}


def _boundary(kind: str) -> str:
    boundary: str = parse_options_header(kind)[1].get("boundary", "")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii() or not boundary.isprintable():
        raise wrong("the form's content type names no boundary between its parts")
    return boundary


def _parts(boundary: str, body: IO[bytes]) -> Iterator[_Part]:
    limits = {"max_segment_count": MOST_FIELDS, "max_header_size": _LONGEST_HEADER}
    head: MultipartSegment | None = None
    content: list[bytes] = []
    with PushMultipartParser(boundary, **limits) as parser:
        # A piece at a time: of a large file there is to be no more than itself in memory.
        while piece := body.read(_PIECE):
            for event in parser.parse(piece):
                if isinstance(event, MultipartSegment):
                    head, content = event, []
                elif event is not None:
                    content.append(event)
                elif head is not None:
                    yield _part(head, b"".join(content))


def _part(head: MultipartSegment, content: bytes) -> _Part:
    name, file = head.name or "", _file_name(head)
    coding = (head.header("Content-Transfer-Encoding") or "binary").strip().lower()
    if coding not in {"7bit", "8bit", "binary"}:
        raise wrong(f"the part {shown(name)} is encoded as {shown(coding)}: parts should come as they are")
    if (head.content_type or "").startswith("multipart/"):
        raise wrong(f"the part {shown(name)} is a form itself")
    if not name and file is None:
        raise wrong("a field of the form has no name")
    return _Part(name, file, head.charset or "utf-8", content)


def _file_name(head: MultipartSegment) -> str | None:
    plain: str | None = head.filename
    found = _EXTENDED.search(head.header("Content-Disposition") or "")
    if plain is not None or found is None:
        return plain
    charset, _, quoted = decode_rfc2231(found[1])
    try:
        return unquote_to_bytes(quoted).decode("latin-1" if (charset or "").lower() == "iso-8859-1" else "utf-8")
    except UnicodeDecodeError:
        raise wrong(f"the file name {shown(found[1])} is not UTF-8") from None
