"""The classic door: what CPythonServer was in 2005, on every path that nothing else claims."""

from __future__ import annotations

from http import HTTPStatus

from twisted.web.resource import IResource
from twisted.web.server import Request

from cpyrender.pool.interfaces import IRenderer
from cpyrender.web.aside import Aside
from cpyrender.web.guard import Guard
from cpyrender.web.health import HealthDoor, ReadyDoor
from cpyrender.web.openapi import OpenAPIDoor
from cpyrender.web.problem import Problem
from cpyrender.web.scripts import RenderDoor, ScriptDoor
from cpyrender.web.watching import Watch, WatchDoor
from cpyrender.web.xmlrpc import XMLRPCDoor


class ClassicDoor(ScriptDoor):
    """Takes the POST of a script at any path below it, and answers with what the script made."""

    classic = True

    def __init__(
        self, renderer: IRenderer, max_body: int, guard: Guard | None = None, aside: Aside | None = None
    ) -> None:
        """
        @param max_body: bytes that a script may have.
        @param guard: the rules where no site of ours has them.
        @param aside: where large bodies are read.
        """
        watch = Watch()
        super().__init__(renderer, max_body, guard, aside, watch)
        self._any_path = _AnyPath(renderer, max_body, self.guard, aside, watch)
        self.putChild(b"health", HealthDoor(renderer, self.guard))
        self.putChild(b"ready", ReadyDoor(renderer, self.guard))
        self.putChild(b"render", RenderDoor(renderer, max_body, self.guard, aside, watch))
        self.putChild(b"progress", WatchDoor(watch, self.guard))
        self.putChild(b"openapi.json", OpenAPIDoor(max_body, self.guard))
        self.putChild(b"RPC2", XMLRPCDoor(renderer, max_body, self.guard, aside))

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Every path that nothing else claims takes scripts too."""
        return self if path == b"" else self._any_path


class _AnyPath(ScriptDoor):
    """The classic door seen from a path below it, where there is nothing to GET."""

    isLeaf = True  # noqa: N815 (the name is twisted.web.resource.IResource's)
    classic = True
    label = ClassicDoor.label

    def methods_for(self, request: Request) -> tuple[str, ...]:
        """Understand POST; whoever wants to GET something has the wrong address."""
        if request.method in {b"GET", b"HEAD"}:
            raise Problem(status=HTTPStatus.NOT_FOUND, detail="there is nothing here; POST a script to any path")
        return super().methods_for(request)
