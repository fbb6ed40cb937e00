"""The kinds of problems that a script can be, and the status of each at either door."""

from __future__ import annotations

from http import HTTPStatus

from attrs import frozen

from cpyrender import formats
from cpyrender.values import Cause, Failed, Log, Outcome, Refused, Report, TimedOut, Timing
from cpyrender.web.problem import Problem

_TYPES = "urn:cpyrender:problem:"


@frozen
class Kind:
    """A kind of problem that a script can be.

    @ivar name: how programs tell it from others.
    @ivar title: how people do.
    @ivar status: at C{/render}.
    @ivar classic: the status at the classic door: 501, as in 2005, wherever the script is to blame.
    """

    name: str
    title: str
    status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY
    classic: HTTPStatus = HTTPStatus.NOT_IMPLEMENTED

    @property
    def type(self) -> str:
        """The URI that names it in problem details (RFC 9457, 3.1.1). There is nothing to be found there."""
        return _TYPES + self.name


_NOT_ACCEPTABLE = HTTPStatus.NOT_ACCEPTABLE

TIMEOUT = Kind("timeout", "The script took too long", HTTPStatus.GATEWAY_TIMEOUT)

#: The kinds that a L{Failed} can be.
FAILURES = {
    Cause.RAISED: Kind("raised", "The script raised an exception"),
    Cause.EXITED: Kind("exited", "The script called sys.exit"),
    Cause.NO_RESPONSE: Kind("no-response", "The script gave no valid response"),
    Cause.UNACCEPTABLE: Kind("unacceptable", "No acceptable format", _NOT_ACCEPTABLE, _NOT_ACCEPTABLE),
    Cause.MEMORY: Kind("memory", "The script outgrew its memory"),
    Cause.OUTPUT: Kind("output", "The script made too much"),
    Cause.CRASHED: Kind("crashed", "The script crashed the interpreter"),
}

#: All kinds of problems that a script can be.
KINDS = (*FAILURES.values(), TIMEOUT)


def problem_of(outcome: Outcome, *, classic: bool = False) -> Problem:
    """Return the problem that a door makes of an outcome which is no picture.

    @param classic: whether it is the classic door.
    """
    if isinstance(outcome, Failed):
        return _of_failed(outcome, classic)
    if isinstance(outcome, TimedOut):
        return _of_timed_out(outcome, classic)
    if isinstance(outcome, Refused):
        return Problem(
            status=HTTPStatus.TOO_MANY_REQUESTS if outcome.over_rate else HTTPStatus.SERVICE_UNAVAILABLE,
            detail=f"{outcome.reason}; try again in {outcome.retry_after} s",
            headers={"Retry-After": str(outcome.retry_after)},
        )
    raise TypeError(f"{type(outcome).__name__} is no problem")


def _of_failed(failed: Failed, classic: bool) -> Problem:
    said = f"{failed.exception}: {failed.message}".rstrip(": ") if failed.exception else failed.message
    described: dict[str, object] = {
        "exception": failed.exception,
        "message": failed.message,
        "line": failed.line,
        "column": failed.column,
        "source": failed.source,
        "traceback": failed.traceback,
        "warnings": list(failed.warnings) or None,
        "progress": [*map(reported, failed.progress)] or None,
    }
    if failed.cause is Cause.UNACCEPTABLE:
        described["available"] = list(dict.fromkeys([*formats.PICTURES.values(), "application/json"]))
    return _of_script(FAILURES[failed.cause], classic, failed, " ".join(said.split()), described)


def _of_timed_out(outcome: TimedOut, classic: bool) -> Problem:
    kind = "CPU time" if outcome.of_cpu else "time"
    where = "" if outcome.line is None else f" on line {outcome.line}"
    detail = f"the script ran past its {kind} limit of {outcome.seconds:g} s{where}"
    described: dict[str, object] = {"line": outcome.line, "progress": [*map(reported, outcome.progress)] or None}
    return _of_script(TIMEOUT, classic, outcome, detail, described)


def _of_script(
    kind: Kind, classic: bool, outcome: Failed | TimedOut, detail: str, described: dict[str, object]
) -> Problem:
    more = {name: value for name, value in described.items() if value is not None}
    return Problem(
        type=kind.type,
        title=kind.title,
        status=kind.classic if classic else kind.status,
        detail=detail,
        more=more | printed(outcome.log),
        headers={"Server-Timing": server_timing(outcome.timing)},
    )


def printed(log: Log) -> dict[str, object]:
    """Return what a script has printed, as members of a JSON object."""
    told: dict[str, object] = {"stdout": log.stdout, "stderr": log.stderr}
    return told | ({"lost": log.lost} if log.lost else {})


def reported(report: Report) -> dict[str, object]:
    """Return what a script has said of its progress, as members of a JSON object."""
    return {"fraction": report.fraction, "text": report.text}


def server_timing(timing: Timing) -> str:
    """Return the value of a Server-Timing header (W3C), in milliseconds."""
    return ", ".join(f"{name};dur={getattr(timing, name) * 1000:.1f}" for name in ("queue", "run", "encode"))
