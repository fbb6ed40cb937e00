"""A problem as a picture, for pages whose C{<img>} would otherwise just stay empty.

The words are in part a stranger's, so they are drawn where strangers' scripts are: by a script of ours that is given
them as its parameters. Where that cannot be, the server draws what it can say in words of its own.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from attrs import evolve
from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.web.server import Request

from cpyrender import formats
from cpyrender.pool.interfaces import IRenderer
from cpyrender.values import Drawn, Output, Submission, Wanted
from cpyrender.web import options
from cpyrender.web.accept import acceptable_formats
from cpyrender.web.aside import Aside
from cpyrender.web.fields import read_query
from cpyrender.web.notice import notice
from cpyrender.web.problem import Problem
from cpyrender.web.reading import header

_SCRIPT = b"from cpyrender.child.placard import placard\nresponse = placard(**params)\n"
_SECONDS = 10.0
_MOST_WORDS = 16 << 10

_log = Logger()


async def placard_of(problem: Problem, wanted: Wanted, renderer: IRenderer, aside: Aside | None = None) -> Output:
    """Return a problem as a picture.

    @param wanted: its format, width and height count; a size that no words fit into is made larger, and a huge one
        smaller.
    @param aside: where the server draws what it draws itself; without it, that holds the reactor up.
    """
    heading = f"{problem.status:d} {problem.title or problem.status.phrase}"
    draw = partial(notice, heading, "", _format(wanted), wanted.width, wanted.height)
    if problem.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        # There is no place for one more script, or for none of this client's; and all the words are ours.
        draw = partial(notice, heading, problem.detail, _format(wanted), wanted.width, wanted.height)
    elif (drawn := await _drawn(problem, heading, wanted, renderer)) is not None:
        return drawn
    return draw() if aside is None else await aside.do(draw)


async def _drawn(problem: Problem, heading: str, wanted: Wanted, renderer: IRenderer) -> Output | None:
    try:
        outcome = await renderer.render(_submission(problem, heading, wanted))
    except CancelledError:
        raise
    except Exception:
        _log.failure("A problem could not be drawn; this is a bug.")
        return None
    return outcome.outputs[0] if isinstance(outcome, Drawn) else None


def _submission(problem: Problem, heading: str, wanted: Wanted) -> Submission:
    return Submission(
        script=_SCRIPT,
        params={
            "heading": heading,
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
    try:
        given = read_query(request.uri.partition(b"?")[2])
    except Problem:
        return wanted
    for name in {"format", "width", "height"} & given.keys():
        try:
            read = options.read({name: given[name]}, accepted).wanted
        except Problem:
            continue
        wanted = evolve(wanted, **{name: getattr(read, name)})
    return wanted
