"""C{GET /quit}: the easy way to stop the server that CPythonServer had."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from twisted.web.server import Request

from cpyrender.authority import is_near
from cpyrender.web import body
from cpyrender.web.door import Door
from cpyrender.web.problem import Problem


class QuitDoor(Door):
    """Stops the server when asked from this machine."""

    methods = ("GET",)

    def __init__(self, stop: Callable[[], None]) -> None:
        """@param stop: what stops the server; running scripts are waited for."""
        super().__init__()
        self._stop = stop

    async def answer_GET(self, request: Request) -> None:
        """Stop the server, or refuse somebody from elsewhere."""
        if not is_near(request.getClientAddress()):
            raise Problem(status=HTTPStatus.FORBIDDEN, detail="only this machine may stop the server")
        if request.method == b"GET":
            self._stop()
        request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
        body.send(request, [b"stopping when the running scripts are done\n"])
