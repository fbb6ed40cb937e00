"""What can be a script, and what cannot."""

from __future__ import annotations

import codecs
import re

from cpyrender.web.given import codec, shown, wrong

# PEP 263: a comment on one of the first two lines.
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PIECE = 1 << 20


def check_script(script: bytes) -> None:
    """Refuse what cannot be a script, before an interpreter is spent on it.

    @raise Problem: 400, saying what it is instead.
    """
    if not script or script.isspace():
        raise wrong("the script is empty: it should be a Python script")
    if b"\0" in script:
        hint = "; it looks like UTF-16, and should be UTF-8" if script[:2] in {b"\xff\xfe", b"\xfe\xff"} else ""
        raise wrong(f"the script has NUL bytes in it{hint}")
    if _coding(script) is not None:
        return
    place = _not_utf8(script)
    if place is not None:
        line = script.count(b"\n", 0, place) + 1
        found = f"byte 0x{script[place]:02x} on line {line}"
        raise wrong(f"the script is not UTF-8 ({found}) and has no coding line")


def encoded(text: str) -> bytes:
    """Return a script that came as text in the encoding that its coding line names, as a file of it would be.

    @raise Problem: 400, there is no such encoding, or it does not have all of the script's characters.
    """
    script = text.encode()
    coding = _coding(script)
    if coding is None:
        return script
    try:
        return text.encode(codec(coding))
    except LookupError:
        raise wrong(f"the script's coding line names {shown(coding)}, which is no encoding of scripts") from None
    except ValueError:
        raise wrong(
            f"the script has characters in it that {shown(coding)}, of its coding line, does not have"
        ) from None


def _coding(script: bytes) -> str | None:
    """Return the encoding that a script's coding line names."""
    head = script[:4096]
    if b"coding" not in head:
        return None
    lines = head.splitlines()[:2]
    found = next(filter(None, map(_CODING.match, lines)), None)
    return None if found is None else found[1].decode("latin-1")


def _not_utf8(script: bytes) -> int | None:
    """Return the place of the first byte that makes no sense in UTF-8.

    A piece at a time: no other thread of Python's runs during a step.
    """
    if script.isascii():
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(script), _PIECE):
        left_over = len(decoder.getstate()[0])
        piece = script[start : start + _PIECE]
        try:
            decoder.decode(piece, final=start + _PIECE >= len(script))
        except UnicodeDecodeError as error:
            return start - left_over + error.start
    return None
