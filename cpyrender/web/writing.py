"""Writing what a script made, or a L{Problem}, into an answer."""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from urllib.parse import quote

from twisted.web.server import Request

from cpyrender import formats
from cpyrender.values import Drawn, Output, Wanted
from cpyrender.web import accept, body
from cpyrender.web.body import Base64, Part
from cpyrender.web.causes import printed, reported, server_timing
from cpyrender.web.headers import set_headers
from cpyrender.web.problem import Problem
from cpyrender.web.reading import header

#: On everything that a script made: no browser may run it, frame it from elsewhere, or guess that it is something else.
CAREFUL = {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

ANYTHING = Wanted()
_JSON = ("application/problem+json", "application/json")
_TEXT = ("text/plain", "text/*")
_LONGEST_NAME = 255
_NOT_PLAIN = re.compile("[^ -~]")


def write_drawn(request: Request, drawn: Drawn, wanted: Wanted = ANYTHING) -> None:
    """Answer with what a script made: its picture, or all of it as JSON."""
    headers = {"Cache-Control": "no-store", **CAREFUL, "Server-Timing": server_timing(drawn.timing)}
    if wanted.format in {None, formats.EVERYTHING}:
        headers["Vary"] = "Accept"
    if drawn.figure_count is not None:
        headers["Figure-Count"] = str(drawn.figure_count)
    if drawn.warnings:
        headers["Warning-Count"] = str(len(drawn.warnings))
    if wanted.format == formats.EVERYTHING:
        return _write(request, headers | {"Content-Type": "application/json"}, everything(drawn))
    output = drawn.outputs[0]
    headers["Content-Type"] = _with_charset(output.media_type)
    if name := _clean(output.name):
        headers["Content-Disposition"] = content_disposition(name)
    _write(request, headers, [output.data])


def everything(drawn: Drawn) -> list[Part]:
    """Return all that a script made and printed, as the parts of a JSON object."""
    # Stands for the data until the rest is written; nothing that a script says can be the same.
    mark = secrets.token_hex(16)
    outputs = [
        {
            "name": _clean(output.name),
            "media_type": output.media_type,
            "width": output.width,
            "height": output.height,
            "data": mark,
        }
        for output in drawn.outputs
    ]
    seconds = drawn.timing.run + drawn.timing.encode
    told = {
        "outputs": outputs,
        **printed(drawn.log),
        "seconds": round(seconds, 6),
        "warnings": drawn.warnings,
        "progress": [*map(reported, drawn.progress)],
    }
    return filled(json.dumps(told, ensure_ascii=False), mark, [output.data for output in drawn.outputs])


def filled(text: str, mark: str, blobs: list[bytes | memoryview]) -> list[Part]:
    """Return a text, in which each mark stands for one of the blobs in base64, as the parts of a body."""
    first, *rest = text.split(mark)
    parts: list[Part] = [first.encode()]
    for blob, after in zip(blobs, rest, strict=True):
        parts += [Base64(blob), after.encode()]
    return parts


def write_problem(
    request: Request, problem: Problem, errors: str | None = None, *, finish: bool = True, json_first: bool = False
) -> None:
    """Answer with a problem.

    @param errors: C{"json"} or C{"text"}; C{None}: by C{Accept}.
    @param finish: whether the answer is complete with this.
    @param json_first: whether it is JSON where C{Accept} leaves the choice, and not text.
    """
    accepted = header(request, "Accept")
    by_accept = accept.names(accepted, _JSON) or (json_first and not accept.names(accepted, _TEXT))
    wants_json = errors == "json" or (errors is None and by_accept)
    headers = _of_problem(request, problem)
    if errors is None:
        headers["Vary"] = "Accept"
    headers["Content-Type"] = "application/problem+json" if wants_json else "text/plain; charset=utf-8"
    _write(request, headers, [problem.as_json() if wants_json else problem.as_text()], finish)


def write_placard(request: Request, problem: Problem, placard: Output) -> None:
    """Answer with a problem that has been drawn."""
    _write(request, _of_problem(request, problem) | {"Content-Type": placard.media_type}, [placard.data])


def _of_problem(request: Request, problem: Problem) -> dict[str, str]:
    request.setResponseCode(problem.status, problem.reason())
    return {"Cache-Control": "no-store", **CAREFUL, **problem.headers}


def content_disposition(name: str) -> str:
    """Return the value of a Content-Disposition header (RFC 6266, RFC 8187); no name can break out of it."""
    plain = _NOT_PLAIN.sub("_", name)
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'inline; filename="{quoted}"{extended}'


def _clean(name: str) -> str:
    """Return the name alone: no folder, no control character, none that turns the direction of writing round."""
    name = name.replace("\\", "/").rpartition("/")[2]
    # What can be printed has none of these, and nearly all names can.
    if not name.isprintable():
        name = "".join(char for char in name if not unicodedata.category(char).startswith("C"))
    return name.strip()[:_LONGEST_NAME]


def _with_charset(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _write(request: Request, headers: dict[str, str], parts: list[Part], finish: bool = True) -> None:
    set_headers(request, headers)
    body.send(request, parts, finish)
