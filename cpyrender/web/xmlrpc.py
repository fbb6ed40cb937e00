"""C{/RPC2}: scripts by XML-RPC, for languages whose only typed client that is."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any
from xmlrpc.client import Fault

from twisted.web.server import Request

from cpyrender import formats
from cpyrender.values import Drawn, Outcome, Refused, Submission
from cpyrender.web import body, options
from cpyrender.web.causes import FAILURES, KINDS, TIMEOUT, problem_of, server_timing
from cpyrender.web.headers import set_headers
from cpyrender.web.marshalling import (
    BAD_PARAMS,
    NO_METHOD,
    Call,
    answered,
    answered_with,
    check_plain,
    faulted,
    read_call,
)
from cpyrender.web.problem import Problem
from cpyrender.web.reading import body_of, client_of, header
from cpyrender.web.scripts import ScriptDoor
from cpyrender.web.source import check_script, encoded
from cpyrender.web.writing import CAREFUL

#: The code of the fault that each kind of problem is.
FAULTS = {kind.name: number for number, kind in enumerate((*FAILURES.values(), TIMEOUT), start=1)}

#: That of a script which was never run: it may be worth trying again.
REFUSED = len(KINDS) + 1

_METHODS = ["render", "system.listMethods"]
_XML = ("text/xml", "application/xml")
_OPTIONS = options.NAMES - {"errors"}
# Bytes that are parsed at once; more takes longer than one turn of the reactor should.
_AT_ONCE = 1 << 16


class XMLRPCDoor(ScriptDoor):
    """Answers C{render(script, params, options)} and C{system.listMethods()}."""

    def errors_for(self, request: Request) -> str | None:
        """Return nothing: what is wrong with a call is a fault, and the rest is told by C{Accept}."""
        return None

    async def answer_POST(self, request: Request) -> None:
        """Answer a call."""
        self._check_size(request)
        kind = (header(request, "Content-Type") or "").partition(";")[0].strip().lower()
        if kind not in _XML:
            raise Problem(
                status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                detail="calls by XML-RPC are text/xml",
                headers={"Accept-Post": "text/xml"},
            )
        try:
            parts = await self._answer_call(await self._call_of(request), request)
        except Fault as fault:
            parts = faulted(fault)
        set_headers(request, CAREFUL | {"Content-Type": "text/xml; charset=utf-8"})
        body.send(request, parts)

    async def _call_of(self, request: Request) -> Call:
        file = body_of(request)
        file.seek(0)
        text = file.read()
        if self._aside is None or len(text) <= _AT_ONCE:
            return read_call(text)
        return await self._aside.do(partial(read_call, text))

    async def _answer_call(self, call: Call, request: Request) -> list[body.Part]:
        if call.method == "system.listMethods":
            return answered(_METHODS)
        if call.method != "render":
            raise Fault(NO_METHOD, f"there is no method {call.method[:100]!r}; there are {', '.join(_METHODS)}")
        outcome = await self._outcome_of(submission_of(call.arguments, request), request)
        if isinstance(outcome, Refused) and outcome.over_rate:
            raise problem_of(outcome)
        if not isinstance(outcome, Refused):
            request.setHeader(b"Server-Timing", server_timing(outcome.timing).encode())
        if not isinstance(outcome, Drawn):
            raise fault_of(outcome)
        return answered_with(outcome.outputs[0])


def submission_of(arguments: tuple[Any, ...], request: Request) -> Submission:
    """Return the submission that C{render} is called with.

    @raise Fault: the arguments are not those of C{render}.
    """
    if not 1 <= len(arguments) <= 3:
        raise Fault(BAD_PARAMS, f"render takes a script, params and options, not {len(arguments)} arguments")
    script, params, wanted = (*arguments, {}, {})[:3]
    for name, value, kinds in (("script", script, str | bytes), ("params", params, dict), ("options", wanted, dict)):
        if not isinstance(value, kinds):
            raise Fault(BAD_PARAMS, f"{name} is of the wrong type: {type(value).__name__}")
    check_plain("params", params)
    try:
        script = encoded(script) if isinstance(script, str) else script
        check_script(script)
        read = options.read({name: [_option(name, value)] for name, value in wanted.items()}, ("png",))
    except Problem as problem:
        raise Fault(BAD_PARAMS, problem.detail) from None
    return Submission(script=script, params=params, wanted=read.wanted, timeout=read.timeout, client=client_of(request))


def _option(name: object, value: object) -> str:
    if name not in _OPTIONS:
        raise Fault(BAD_PARAMS, f"{str(name)[:40]!r} is none of the options {', '.join(sorted(_OPTIONS))}")
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == formats.EVERYTHING:
        raise Fault(BAD_PARAMS, f"the option {name} cannot be {str(value)[:40]}")
    return str(value)


def fault_of(outcome: Outcome) -> Fault:
    """Return the fault that an outcome is which is no picture; its text is what a person would be told."""
    problem = problem_of(outcome)
    code = FAULTS.get(problem.type.rpartition(":")[2], REFUSED)
    return Fault(code, problem.as_text().decode())
