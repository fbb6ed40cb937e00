"""The classic door: what CPythonServer was in 2005, on every path that nothing else claims."""

from __future__ import annotations

from http import HTTPStatus

from twisted.web.resource import IResource
from twisted.web.server import Request

from cpyrender.pool.interfaces import IRenderer
from cpyrender.values import Drawn
from cpyrender.web import record
from cpyrender.web.door import Door
from cpyrender.web.guard import Guard
from cpyrender.web.health import HealthDoor, ReadyDoor
from cpyrender.web.problem import Problem
from cpyrender.web.reading import body_of, errors_wanted, read_asked
from cpyrender.web.writing import classic_problem, write_drawn


class ClassicDoor(Door):
    """Takes the POST of a script at any path below it, and answers with what the script made."""

    methods = ("POST",)

    def __init__(self, renderer: IRenderer, max_body: int, guard: Guard | None = None) -> None:
        """
        @param max_body: bytes that a script may have.
        @param guard: the rules where no site of ours has them.
        """
        super().__init__(guard or Guard(max_body=max_body))
        self._renderer = renderer
        self._max_body = max_body
        self.putChild(b"health", HealthDoor(renderer, self.guard))
        self.putChild(b"ready", ReadyDoor(renderer, self.guard))

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Every path that nothing else claims takes scripts too."""
        return self if path == b"" else _AnyPath(self)

    def errors_for(self, request: Request) -> str | None:
        """Return what C{errors=} says, if the query can be read."""
        return errors_wanted(request)

    async def answer_POST(self, request: Request) -> None:
        """Run the script that is the body, and answer with what it made."""
        if body_of(request).seek(0, 2) > self._max_body:
            raise Problem(
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                detail=f"the body is over the limit of {self._max_body} bytes",
            )
        asked = await read_asked(request)
        outcome = await self._renderer.render(asked.submission)
        record.note(request, outcome)
        if not isinstance(outcome, Drawn):
            raise classic_problem(outcome)
        write_drawn(request, outcome, asked.submission.wanted)


class _AnyPath(Door):
    """The classic door seen from a path below it, where there is nothing to GET."""

    isLeaf = True  # noqa: N815 (the name is twisted.web.resource.IResource's)
    methods = ("POST",)
    label = ClassicDoor.label

    def __init__(self, door: ClassicDoor) -> None:
        super().__init__(door.guard)
        self.errors_for = door.errors_for  # type: ignore[method-assign]
        self.answer_POST = door.answer_POST

    def methods_for(self, request: Request) -> tuple[str, ...]:
        """Understand POST; whoever wants to GET something has the wrong address."""
        if request.method in {b"GET", b"HEAD"}:
            raise Problem(status=HTTPStatus.NOT_FOUND, detail="there is nothing here; POST a script to any path")
        return super().methods_for(request)
