"""What the doors that take scripts have in common."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from attrs import evolve
from twisted.web.resource import IResource
from twisted.web.server import Request

from cpyrender.pool.interfaces import IRenderer
from cpyrender.values import Drawn, Outcome, Submission, Wanted
from cpyrender.web import record
from cpyrender.web.aside import Aside
from cpyrender.web.causes import problem_of
from cpyrender.web.door import Door
from cpyrender.web.guard import Guard
from cpyrender.web.placard import placard_of, wanted_of
from cpyrender.web.problem import Problem
from cpyrender.web.reading import body_of, errors_wanted, header, read_asked
from cpyrender.web.watching import Watch
from cpyrender.web.writing import write_drawn, write_placard, write_problem


class ScriptDoor(Door):
    """Takes the POST of a script, and answers with what the script made.

    @cvar classic: whether problems are told as in 2005: with 501 where the script is to blame, and as text unless JSON
        is asked for.
    """

    methods = ("POST",)
    classic: ClassVar[bool] = False

    def __init__(
        self,
        renderer: IRenderer,
        max_body: int,
        guard: Guard | None = None,
        aside: Aside | None = None,
        watch: Watch | None = None,
    ) -> None:
        """
        @param max_body: bytes that a request's body may have.
        @param guard: the rules where no site of ours has them.
        @param aside: where large bodies are read.
        @param watch: is told what scripts report while they run.
        """
        super().__init__(guard or Guard(max_body=max_body))
        self._renderer = renderer
        self._max_body = max_body
        self._aside = aside
        self._watch = watch

    def errors_for(self, request: Request) -> str | None:
        """Return what C{errors=} says, if the query can be read."""
        return errors_wanted(request)

    async def answer_POST(self, request: Request) -> None:
        """Run the script that is the body, and answer with what it made."""
        self._check_size(request)
        asked = await read_asked(request, self._aside)
        outcome = await self._outcome_of(asked.submission, request)
        if isinstance(outcome, Drawn):
            return write_drawn(request, outcome, asked.submission.wanted)
        problem = problem_of(outcome, classic=self.classic)
        await self._tell(request, problem, asked.options.errors, asked.submission.wanted)

    async def _outcome_of(self, submission: Submission, request: Request) -> Outcome:
        """Have a script run; where its request has a name of its own, it can be watched meanwhile."""
        called = header(request, "X-Request-Id")
        if called is None or self._watch is None:
            outcome = await self._renderer.render(submission)
        else:
            with self._watch.over(called) as reports:
                outcome = await self._renderer.render(evolve(submission, on_progress=reports.append))
        record.note(request, outcome)
        return outcome

    def _check_size(self, request: Request) -> None:
        if body_of(request).seek(0, 2) > self._max_body:
            raise Problem(
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                detail=f"the body is over the limit of {self._max_body} bytes",
            )

    async def tell(self, request: Request, problem: Problem, errors: str | None) -> None:
        """Answer with a problem, as a picture where that is wanted."""
        await self._tell(request, problem, errors, wanted_of(request))

    async def _tell(self, request: Request, problem: Problem, errors: str | None, wanted: Wanted) -> None:
        if errors == "image":
            placard = await placard_of(problem, wanted, self._renderer, self._aside)
            if request.channel is not None:
                write_placard(request, problem, placard)
            return
        write_problem(request, problem, errors, json_first=not self.classic)


class RenderDoor(ScriptDoor):
    """C{/render}: the door with a status for each cause, and with problem details (RFC 9457)."""

    def getChild(self, path: bytes, request: Request) -> IResource:
        """A slash at the end changes nothing."""
        return self if path == b"" else super().getChild(path, request)
