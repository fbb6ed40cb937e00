"""How far scripts are that run now: C{GET /progress/ID}, where ID is the request's own C{X-Request-Id}."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from twisted.web.resource import IResource
from twisted.web.server import Request

from cpyrender.values import Report
from cpyrender.web import body
from cpyrender.web.causes import reported
from cpyrender.web.door import Door
from cpyrender.web.guard import Guard
from cpyrender.web.problem import Problem

_LONGEST_ID = 200


class Watch:
    """What scripts have reported last, for as long as they wait and run."""

    def __init__(self) -> None:
        self._reports: dict[str, list[Report]] = {}

    @contextmanager
    def over(self, called: str) -> Iterator[list[Report]]:
        """Have a script be watched; the last thing in the list is what it has reported last.

        @param called: what the request is called by, that the script came with.
        """
        mine: list[Report] = []
        self._reports[called] = mine
        try:
            yield mine
        finally:
            # Somebody may have taken the same name meanwhile.
            if self._reports.get(called) is mine:
                del self._reports[called]

    def report(self, called: str) -> Report | None:
        """Return what a script has reported last; C{None}: nothing yet.

        @raise KeyError: there is no such script.
        """
        reports = self._reports[called]
        return reports[-1] if reports else None


class WatchDoor(Door):
    """Tells of one script below each name."""

    label = "progress"

    def __init__(self, watch: Watch, guard: Guard | None = None) -> None:
        super().__init__(guard)
        self._watch = watch

    def methods_for(self, request: Request) -> tuple[str, ...]:
        """There is nothing here, only below."""
        raise Problem(
            status=HTTPStatus.NOT_FOUND, detail="there is nothing here; what is below is called like a request"
        )

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Below it there is what a request is called by."""
        return _OneDoor(self._watch, path.decode("latin-1")[:_LONGEST_ID], self.guard)


class _OneDoor(Door):
    """How far one script is."""

    label = "progress"
    methods = ("GET", "HEAD")

    def __init__(self, watch: Watch, called: str, guard: Guard) -> None:
        super().__init__(guard)
        self._watch = watch
        self._called = called

    async def answer_GET(self, request: Request) -> None:
        """Answer with the last report."""
        try:
            report = self._watch.report(self._called)
        except KeyError:
            raise Problem(
                status=HTTPStatus.NOT_FOUND, detail="no script waits or runs whose request is called so"
            ) from None
        told = {} if report is None else reported(report)
        request.setHeader(b"Content-Type", b"application/json")
        body.send(request, [json.dumps(told).encode() + b"\n"])
