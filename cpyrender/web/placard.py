"""A problem as a picture, for pages whose C{<img>} would otherwise just stay empty.

The words are in part a stranger's, so they are drawn where strangers' scripts are: by a script of ours that is given
them as its parameters. Where that cannot be, there is no picture, and nothing is tried again.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs

from attrs import evolve
from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.web.server import Request

from cpyrender import formats
from cpyrender.pool.interfaces import IRenderer
from cpyrender.values import Drawn, Output, Submission, Wanted
from cpyrender.web import options
from cpyrender.web.accept import acceptable_formats
from cpyrender.web.problem import Problem
from cpyrender.web.reading import header

_SCRIPT = b"from cpyrender.child.placard import placard\nresponse = placard(**params)\n"
_SECONDS = 10.0
_MOST_WORDS = 16 << 10
_MOST_FIELDS = 1000

_log = Logger()


async def placard_of(problem: Problem, wanted: Wanted, renderer: IRenderer) -> Output | None:
    """Return a problem as a picture, or C{None} where no picture can be had.

    @param wanted: its format, width and height count; a size that no words fit into is made larger, and a huge one
        smaller.
    """
    if problem.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        return None  # There is no place for one more script, or for none of this client's.
    try:
        outcome = await renderer.render(_submission(problem, wanted))
    except CancelledError:
        raise
    except Exception:
        _log.failure("A problem could not be drawn; this is a bug.")
        return None
    return outcome.outputs[0] if isinstance(outcome, Drawn) else None


def _submission(problem: Problem, wanted: Wanted) -> Submission:
    return Submission(
        script=_SCRIPT,
        params={
            "heading": f"{problem.status:d} {problem.title or problem.status.phrase}",
            "text": problem.as_text().decode()[:_MOST_WORDS],
            "width": wanted.width,
            "height": wanted.height,
        },
        wanted=Wanted(format=_format(wanted)),
        timeout=_SECONDS,
    )


def _format(wanted: Wanted) -> str:
    if wanted.format in formats.PICTURES:
        return str(wanted.format)
    return wanted.acceptable[0] if wanted.acceptable else "png"


def wanted_of(request: Request) -> Wanted:
    """Return what a request's query says of a picture, as far as that can be read."""
    accepted = acceptable_formats(header(request, "Accept"))
    wanted = Wanted(acceptable=accepted)
    text = request.uri.partition(b"?")[2].decode("latin-1")
    try:
        given = parse_qs(text, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return wanted
    for name in {"format", "width", "height"} & given.keys():
        try:
            read = options.read({name: given[name]}, accepted).wanted
        except Problem:
            continue
        wanted = evolve(wanted, **{name: getattr(read, name)})
    return wanted
