"""What all our resources have in common: methods, errors, and answers that come later."""

from __future__ import annotations

from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, ClassVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request

from cpyrender.web.guard import Guard
from cpyrender.web.headers import set_headers
from cpyrender.web.problem import Problem
from cpyrender.web.refusal import head_of
from cpyrender.web.writing import write_problem

_MAX_BODY = 16 << 20
_ON_ALL = {"Server": "cpyrender", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def method_not_allowed(methods: tuple[str, ...]) -> Problem:
    """Return the problem that a method which is not among these gets (RFC 9110, 15.5.6)."""
    allowed = ", ".join(methods)
    return Problem(
        status=HTTPStatus.METHOD_NOT_ALLOWED, detail=f"what is understood here is {allowed}", headers={"Allow": allowed}
    )


class Door(Resource):
    """A resource that answers each of its C{methods} with a coroutine C{answer_METHOD(request)}.

    A L{Problem} that it raises is written; anything else is a bug, logged once, and answered by a bare 500. When the
    client leaves, the coroutine is cancelled.

    In a site that is not ours, and not protected either (L{cpyrender.protect}), a guard of its own checks each request.

    @cvar label: what logs and metrics call it; by default its class's name.
    @ivar guard: that guard; by default it knows no name but the loopback's.
    """

    _log = Logger()
    methods: ClassVar[tuple[str, ...]] = ()
    label: ClassVar[str] = "none"

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "label" not in vars(cls) and cls.__name__.endswith("Door"):
            cls.label = cls.__name__.removesuffix("Door").lower()

    def __init__(self, guard: Guard | None = None) -> None:
        super().__init__()
        self.guard = guard or Guard(max_body=_MAX_BODY)

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Below a door there is nothing but what has been put there."""
        return NothingHere(self.guard)

    def render(self, request: Request) -> int:
        """Answer, now or later."""
        set_headers(request, _ON_ALL)
        noted: Any = request
        noted.door = self.label
        answering: Deferred[Any] = Deferred.fromCoroutine(self._answer(request))
        request.notifyFinish().addErrback(lambda _: answering.cancel())
        answering.addErrback(self._failed, request)
        answering.addErrback(self._failed_again, request)
        return NOT_DONE_YET

    async def _answer(self, request: Request) -> None:
        self._check(request)
        name = request.method.decode("latin-1")
        allowed = self.methods_for(request)
        if name == "OPTIONS":
            return self._tell_options(request, allowed)
        if name == "HEAD" and "GET" in allowed:
            name = "GET"
        if name not in allowed:
            raise method_not_allowed(allowed)
        answer: Coroutine[Any, Any, None] = getattr(self, f"answer_{name}")(request)
        await answer

    def _check(self, request: Request) -> None:
        if getattr(request, "guarded", False):
            return  # When its head was here.
        body = request.content
        length = 0 if body is None else body.seek(0, 2)
        head = head_of(request, request.method, request.uri, request.clientproto, length)
        problem = self.guard.problem_with(head)
        if problem is not None:
            raise problem

    def methods_for(self, request: Request) -> tuple[str, ...]:
        """Return the methods that are understood at this request's path.

        @raise Problem: 404, there is nothing there.
        """
        return (*self.methods, "OPTIONS")

    def _tell_options(self, request: Request, allowed: tuple[str, ...]) -> None:
        request.setResponseCode(HTTPStatus.NO_CONTENT)
        request.setHeader(b"Allow", ", ".join(allowed).encode())
        request.finish()

    def errors_for(self, request: Request) -> str | None:
        """Return how the request wants its errors written, as far as that can be told."""
        return None

    async def tell(self, request: Request, problem: Problem, errors: str | None) -> None:
        """Answer with a problem.

        @param errors: how, where the request says it.
        """
        write_problem(request, problem, errors)

    def _failed(self, failure: Failure, request: Request) -> Deferred[None] | None:
        problem = failure.value
        if isinstance(problem, CancelledError):
            problem = Problem(status=HTTPStatus.SERVICE_UNAVAILABLE, detail="the script was stopped")
        elif not isinstance(problem, Problem):
            self._log.failure("A request failed; this is a bug.", failure)
            problem = Problem(status=HTTPStatus.INTERNAL_SERVER_ERROR, detail="the server failed; its log says how")
        if _is_over(request):
            return None
        return Deferred.fromCoroutine(self.tell(request, problem, self.errors_for(request)))

    def _failed_again(self, failure: Failure, request: Request) -> None:
        """Even telling the problem did not work; usually because the client left."""
        if not failure.check(CancelledError):
            self._log.failure("A problem could not be told; this is a bug.", failure)
        if not _is_over(request):
            write_problem(request, Problem(status=HTTPStatus.INTERNAL_SERVER_ERROR, detail="the server failed"))


def _is_over(request: Request) -> bool:
    """Return whether the client has left, or has its answer already."""
    return getattr(request, "channel", None) is None or bool(request.startedWriting)


class NothingHere(Door):
    """Answers for a path that nothing claims."""

    isLeaf = True  # noqa: N815 (the name is twisted.web.resource.IResource's)

    def methods_for(self, request: Request) -> tuple[str, ...]:
        raise Problem(status=HTTPStatus.NOT_FOUND, detail="there is nothing here")
