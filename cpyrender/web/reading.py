"""Reading a L{Submission} out of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import IO

from attrs import evolve, frozen
from twisted.web import http
from twisted.web.server import Request

from cpyrender import formats
from cpyrender.values import Submission
from cpyrender.web import accept, fields, options
from cpyrender.web.accept import acceptable_formats
from cpyrender.web.aside import Aside
from cpyrender.web.document import read_document
from cpyrender.web.given import Given, shown, wrong
from cpyrender.web.headers import lines_of
from cpyrender.web.options import Options
from cpyrender.web.parts import read_parts
from cpyrender.web.problem import Problem
from cpyrender.web.source import check_script

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_PARTS = "multipart/form-data"

# Bytes that are read at once; reading more may take longer than one turn of the reactor should.
_AT_ONCE = 1 << 16


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
    lines = lines_of(request.requestHeaders, name)
    return b", ".join(lines).decode("latin-1") if lines else None


def body_of(request: Request) -> IO[bytes]:
    """Return the file that holds the body of a request which has been received whole."""
    body: IO[bytes] | None = request.content
    assert body is not None, "the request is still on its way"
    return body


def errors_wanted(request: Request) -> str | None:
    """Return what C{errors=} in the query says, where it can be read, whatever is wrong with the rest."""
    try:
        values = _query(request).get("errors", [])
    except Problem:
        return None
    return values[0] if len(values) == 1 and values[0] in options.ERRORS else None


async def read_asked(request: Request, aside: Aside | None = None) -> Asked:
    """Return what a request, which is here whole, asks for.

    @param aside: where large bodies are read; without it, they hold the reactor up.
    @raise Problem: 400, it cannot be read, or there is no script in it.
    """
    query = _query(request)
    if "script" in query:
        raise wrong("there is a script in the query; it should be in the body")
    body = body_of(request)
    read = partial(read_body, _content_type(request), body)
    given = await aside.do(read) if aside is not None and body.seek(0, 2) > _AT_ONCE else read()
    return _asked(request, query, given)


def read_body(kind: str, body: IO[bytes]) -> Given:
    """Read a body, in the form that its content type calls it.

    @raise Problem: 400, it cannot be read, or there is no script in it.
    """
    # A site that is not ours may have read it already, looking for a form.
    body.seek(0)
    given = _in_its_form(kind, body)
    if given.script is None:
        raise wrong("there is no script: it should be in the field named script")
    check_script(given.script)
    return given


def _in_its_form(kind: str, file: IO[bytes]) -> Given:
    media_type = kind.partition(";")[0].strip().lower()
    if media_type == _PARTS:
        return read_parts(kind, file)
    body = file.read()
    if media_type == _JSON or media_type.endswith("+json"):
        return read_document(body)
    if media_type == _FORM and fields.is_form(body):
        return fields.read_form(body)
    return Given(script=body)


def _content_type(request: Request) -> str:
    lines = lines_of(request.requestHeaders, "Content-Type")
    if len(lines) > 1:
        raise wrong("there is more than one Content-Type")
    return lines[0].decode("latin-1") if lines else ""


def _asked(request: Request, query: Mapping[str, Sequence[str]], given: Given) -> Asked:
    texts = _together(query, given.fields)
    read = _options(request, texts)
    params: dict[str, object] = {
        name: values[0] if len(values) == 1 else values for name, values in texts.items() if name not in options.NAMES
    }
    twice = next((name for name in params if name in given.params), None)
    if twice is not None:
        raise wrong(f"{shown(twice)} is in the query and in params")
    assert given.script is not None
    submission = Submission(
        script=given.script,
        params=params | dict(given.params),
        files=given.files,
        file_fields=given.file_fields,
        wanted=read.wanted,
        timeout=read.timeout,
        client=client_of(request),
    )
    return Asked(submission=submission, options=read)


def _together(query: Mapping[str, Sequence[str]], form: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return each name with all its values, those of the query first."""
    return {name: [*query.get(name, ()), *form.get(name, ())] for name in (*query, *form)}


def _options(request: Request, texts: Mapping[str, Sequence[str]]) -> Options:
    accepted = header(request, "Accept")
    return _options_beside(accepted, texts) if texts else _options_by(accepted)


def _options_beside(accepted: str | None, texts: Mapping[str, Sequence[str]]) -> Options:
    read = options.read(texts, acceptable_formats(accepted))
    if read.wanted.format is None and accept.names(accepted, [_JSON]):
        return evolve(read, wanted=evolve(read.wanted, format=formats.EVERYTHING))
    return read


@lru_cache(maxsize=16)
def _options_by(accepted: str | None) -> Options:
    """Return what a request asks for that says it by C{Accept} alone, as most do, and each time the same."""
    return _options_beside(accepted, {})


def _query(request: Request) -> dict[str, list[str]]:
    return fields.read_query(request.uri.partition(b"?")[2])


def client_of(request: http.Request) -> str:
    """Return the address that a request came from; C{""}: it came by a Unix socket."""
    return str(getattr(request.getClientAddress(), "host", ""))
