"""Reading a L{Submission} out of a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO
from urllib.parse import parse_qs

from attrs import evolve, frozen
from twisted.web.server import Request

from cpyrender import formats
from cpyrender.values import Submission
from cpyrender.web import accept, options
from cpyrender.web.accept import acceptable_formats
from cpyrender.web.options import Options
from cpyrender.web.problem import Problem

_MOST_FIELDS = 1000
_JSON = "application/json"

# PEP 263: a comment on one of the first two lines.
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")

_OTHER_DOORS = {"application/json", "multipart/form-data"}


@frozen(kw_only=True)
class Asked:
    """All that a request asks for.

    @ivar options: those that are not a matter of the script's, such as how errors are to be written.
    """

    submission: Submission
    options: Options


def header(request: Request, name: str) -> str | None:
    """Return a request's header, several lines joined by commas; C{None} where there is none."""
    # As bytes: a value need not be UTF-8 (RFC 9110, 5.5), and asked for as text Twisted decodes it so.
    lines = request.requestHeaders.getRawHeaders(name.encode())
    return None if lines is None else b", ".join(lines).decode("latin-1")


def body_of(request: Request) -> IO[bytes]:
    """Return the file that holds the body of a request which has been received whole."""
    body: IO[bytes] | None = request.content
    assert body is not None, "the request is still on its way"
    return body


def read_options(request: Request) -> tuple[Options, dict[str, object]]:
    """Return the options and the parameters that a request's query gives.

    @raise Problem: 400, it cannot be read.
    """
    given = _query(request)
    accepted = header(request, "Accept")
    read = options.read(given, acceptable_formats(accepted))
    if read.wanted.format is None and accept.names(accepted, [_JSON]):
        read = evolve(read, wanted=evolve(read.wanted, format=formats.EVERYTHING))
    params = {name: values[0] if len(values) == 1 else values for name, values in given.items()}
    return read, {name: value for name, value in params.items() if name not in options.NAMES}


def errors_wanted(request: Request) -> str | None:
    """Return what C{errors=} says, where it can be read, whatever is wrong with the rest."""
    try:
        values = _query(request).get("errors", [])
    except Problem:
        return None
    return values[0] if len(values) == 1 and values[0] in options.ERRORS else None


async def read_asked(request: Request) -> Asked:
    """Return what a request, which is here whole, asks for.

    @raise Problem: 400 or 415, it cannot be read, or there is no script in it.
    """
    read, params = read_options(request)
    return Asked(submission=read_submission(request, read, params), options=read)


def read_submission(request: Request, read: Options, params: Mapping[str, object]) -> Submission:
    """Return the submission that a request makes, its body being the script.

    @raise Problem: 400 or 415, there is no script in it.
    """
    kind = (header(request, "Content-Type") or "").partition(";")[0].strip().lower()
    if kind in _OTHER_DOORS:
        raise Problem(
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail=f"{kind} is not understood here: the body is the script"
        )
    body = body_of(request)
    # A site that is not ours may have read it already, looking for a form.
    body.seek(0)
    script: bytes = body.read()
    check_script(script)
    return Submission(script=script, params=params, wanted=read.wanted, timeout=read.timeout, client=_address(request))


def check_script(script: bytes) -> None:
    """Refuse what cannot be a script, before an interpreter is spent on it.

    @raise Problem: 400, saying what it is instead.
    """
    if not script.strip():
        raise Problem(status=HTTPStatus.BAD_REQUEST, detail="the body is empty: it should be a Python script")
    if b"\0" in script:
        hint = "; it looks like UTF-16, and should be UTF-8" if script[:2] in {b"\xff\xfe", b"\xfe\xff"} else ""
        raise Problem(status=HTTPStatus.BAD_REQUEST, detail=f"the script has NUL bytes in it{hint}")
    if any(_CODING.match(line) for line in script[:4096].splitlines()[:2]):
        return
    try:
        script.decode()
    except UnicodeDecodeError as error:
        line = script.count(b"\n", 0, error.start) + 1
        raise Problem(
            status=HTTPStatus.BAD_REQUEST,
            detail=f"the script is not UTF-8 (byte 0x{script[error.start]:02x} on line {line}) and has no coding line",
        ) from None


def _query(request: Request) -> dict[str, list[str]]:
    text = request.uri.partition(b"?")[2].decode("latin-1")
    try:
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise Problem(status=HTTPStatus.BAD_REQUEST, detail="the query is not UTF-8") from None
    except ValueError:
        detail = f"the query has more than {_MOST_FIELDS} fields"
        raise Problem(status=HTTPStatus.BAD_REQUEST, detail=detail) from None


def _address(request: Request) -> str:
    return str(getattr(request.getClientAddress(), "host", ""))
