"""Writing an L{Outcome}, or a L{Problem}, into an answer."""

from __future__ import annotations

import json
import unicodedata
from base64 import b64encode
from http import HTTPStatus
from urllib.parse import quote

from twisted.web.server import Request

from cpyrender import formats
from cpyrender.values import Cause, Drawn, Failed, Log, Outcome, Refused, TimedOut, Timing, Wanted
from cpyrender.web import accept
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
_LONGEST_NAME = 255


def write_drawn(request: Request, drawn: Drawn, wanted: Wanted = ANYTHING) -> None:
    """Answer with what a script made: its picture, or all of it as JSON."""
    headers = {"Cache-Control": "no-store", **CAREFUL, "Server-Timing": server_timing(drawn.timing)}
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
    _write(request, headers, output.data)


def everything(drawn: Drawn) -> bytes:
    """Return all that a script made and printed, as JSON."""
    outputs = [
        {
            "name": _clean(output.name),
            "media_type": output.media_type,
            "width": output.width,
            "height": output.height,
            "data": b64encode(output.data).decode("ascii"),
        }
        for output in drawn.outputs
    ]
    seconds = drawn.timing.run + drawn.timing.encode
    told = {"outputs": outputs, **_printed(drawn.log), "seconds": round(seconds, 6), "warnings": drawn.warnings}
    return json.dumps(told, ensure_ascii=False).encode()


def write_problem(request: Request, problem: Problem, errors: str | None = None, *, finish: bool = True) -> None:
    """Answer with a problem.

    @param errors: C{"json"} or C{"text"}; C{None}: by C{Accept}.
    @param finish: whether the answer is complete with this.
    """
    wants_json = errors == "json" or (errors is None and accept.names(header(request, "Accept"), _JSON))
    headers = {"Cache-Control": "no-store", **CAREFUL, **problem.headers}
    headers["Content-Type"] = "application/problem+json" if wants_json else "text/plain; charset=utf-8"
    request.setResponseCode(problem.status, problem.reason())
    _write(request, headers, problem.as_json() if wants_json else problem.as_text(), finish)


def classic_problem(outcome: Outcome) -> Problem:
    """Return the problem that the classic door makes of an outcome which is no picture: 501 as in 2005, or 503."""
    if isinstance(outcome, Failed):
        return _of_failed(outcome, _status_of(outcome))
    if isinstance(outcome, TimedOut):
        kind = "CPU time" if outcome.of_cpu else "time"
        return Problem(
            status=HTTPStatus.NOT_IMPLEMENTED,
            title="The script took too long",
            detail=f"the script ran past its {kind} limit of {outcome.seconds:g} s",
            more=_printed(outcome.log),
            headers={"Server-Timing": server_timing(outcome.timing)},
        )
    if isinstance(outcome, Refused):
        return Problem(
            status=HTTPStatus.TOO_MANY_REQUESTS if outcome.over_rate else HTTPStatus.SERVICE_UNAVAILABLE,
            detail=f"{outcome.reason}; try again in {outcome.retry_after} s",
            headers={"Retry-After": str(outcome.retry_after)},
        )
    raise TypeError(f"{type(outcome).__name__} is no problem")


def _status_of(failed: Failed) -> HTTPStatus:
    return HTTPStatus.NOT_ACCEPTABLE if failed.cause is Cause.UNACCEPTABLE else HTTPStatus.NOT_IMPLEMENTED


def _of_failed(failed: Failed, status: HTTPStatus) -> Problem:
    said = f"{failed.exception}: {failed.message}".rstrip(": ") if failed.exception else failed.message
    described: dict[str, object] = {
        "exception": failed.exception,
        "message": failed.message,
        "line": failed.line,
        "source": failed.source,
        "traceback": failed.traceback,
    }
    return Problem(
        status=status,
        title="The script failed",
        detail=" ".join(said.split()),
        more={name: value for name, value in described.items() if value is not None} | _printed(failed.log),
        headers={"Server-Timing": server_timing(failed.timing)},
    )


def _printed(log: Log) -> dict[str, object]:
    told: dict[str, object] = {"stdout": log.stdout, "stderr": log.stderr}
    return told | ({"lost": log.lost} if log.lost else {})


def server_timing(timing: Timing) -> str:
    """Return the value of a Server-Timing header (W3C), in milliseconds."""
    return ", ".join(f"{name};dur={getattr(timing, name) * 1000:.1f}" for name in ("queue", "run", "encode"))


def content_disposition(name: str) -> str:
    """Return the value of a Content-Disposition header (RFC 6266, RFC 8187); no name can break out of it."""
    plain = "".join(char if " " <= char <= "~" else "_" for char in name)
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'inline; filename="{quoted}"{extended}'


def _clean(name: str) -> str:
    """Return the name alone: no folder, no control character, none that turns the direction of writing round."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if not unicodedata.category(char).startswith("C"))
    return name.strip()[:_LONGEST_NAME]


def _with_charset(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _write(request: Request, headers: dict[str, str], body: bytes, finish: bool = True) -> None:
    for name, value in headers.items():
        request.setHeader(name.encode(), value.encode())
    request.setHeader(b"Content-Length", str(len(body)).encode())
    request.write(body)
    if finish:
        request.finish()
