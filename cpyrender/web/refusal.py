"""L{EarlyRefusal}: answering a request when only its head is here."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from twisted.web.http import datetimeToString
from twisted.web.server import Request

from cpyrender.authority import is_near
from cpyrender.web.guard import Guard, Head
from cpyrender.web.problem import Problem
from cpyrender.web.writing import write_problem

#: How many seconds a client that has been refused may go on sending: long enough to read the answer.
LINGER = 5.0

# Seconds, as nobody knows when there is room on a disk again.
_RETRY_AFTER = 10


class EarlyRefusal(Request):
    """A request that is refused, where it has to be, before its body is read and C{100 Continue} is sent.

    After the answer the client is listened to for a moment: to close at once, with bytes of it unread, would reset the
    connection and take the answer from it (RFC 9112, 9.6).

    @ivar refused: whether it has been answered with a problem before it was here whole.
    """

    refused = False
    _guard: Guard | None = None
    _received = 0
    _cut: Any = None

    def guard_for(self) -> Guard | None:
        """Return the rules for this request, of which only the head is here; C{None}: there are none."""
        raise NotImplementedError

    def json_first(self) -> bool:
        """Return whether a refusal is JSON unless text is asked for: what this request is for tells its problems so."""
        return False

    def gotLength(self, length: int | None) -> None:
        """The headers are complete, and nothing of the body has been read; C{100 Continue} has not been sent."""
        self._guard = self.guard_for()
        problem = self.problem_with(self._head(length))
        if problem is not None:
            return self.refuse(problem)
        try:
            # It makes a file for a body that is large, or of which nobody knows how large it is.
            super().gotLength(length)
        except OSError as error:
            self._no_room(error)

    def problem_with(self, head: Head) -> Problem | None:
        """Return why this request is refused; C{None}: it is not."""
        return None if self._guard is None else self._guard.problem_with(head)

    def _head(self, length: int | None) -> Head:
        channel = self.channel
        return head_of(self, channel._command, channel._path, channel._version, length)

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a piece of the body, unless it makes the body too large."""
        if self.refused:
            return
        self._received += len(data)
        if self._guard is not None and self._received > self._guard.max_body:
            return self.refuse(self._guard.too_large())
        try:
            super().handleContentChunk(data)
            file: Any = self.content
            # What it keeps to itself would fail where it is read, or closed.
            file.flush()
        except OSError as error:
            self._no_room(error)

    def _no_room(self, error: OSError) -> None:
        """Refuse a body for which there is no file, or no room in it; that of others is their site's matter.

        @raise OSError: it is of others.
        """
        if self._guard is None:
            raise error
        file, self.content = self.content, None
        if file is not None:
            # To close it writes what it keeps to itself.
            with suppress(OSError):
                file.close()
        self._log.error("There is no room for the body of a request: {why}", why=str(error))
        self.refuse(
            Problem(
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                detail="the server has no room for the body",
                headers={"Retry-After": str(_RETRY_AFTER)},
            )
        )

    def refuse(self, problem: Problem) -> None:
        """Answer before the body is here, and close soon."""
        self.refused = True
        channel = self.channel
        self.read_first_line()
        # The channel would send 100 Continue for it.
        self.requestHeaders.removeHeader(b"Expect")
        self.setHeader(b"Connection", b"close")
        self.setHeader(b"Server", b"cpyrender")
        self.setHeader(b"Date", datetimeToString())
        channel.persistent = False
        write_problem(self, problem, finish=False, json_first=self.json_first())
        self._cut = channel.callLater(LINGER, self._hang_up)

    def read_first_line(self) -> None:
        """Know method, target and version, which the channel tells only when the body is complete.

        What is written in the answer's first line, and in the log, depends on them.
        """
        channel = self.channel
        self.method, self.uri, self.clientproto = channel._command, channel._path, channel._version
        self.path = self.uri.partition(b"?")[0]

    def _hang_up(self) -> None:
        self.channel.loseConnection()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The whole request is here."""
        if not self.refused:
            super().requestReceived(command, path, version)
        else:
            self.finish()

    def connectionLost(self, reason: Any) -> None:
        """The client is gone, or has been cut off."""
        if self.refused:
            self._linger_no_more()
            channel: Any = self.channel
            channel.site.log(self)
        super().connectionLost(reason)

    def finish(self) -> None:
        """The answer is complete."""
        self._linger_no_more()
        super().finish()

    def _linger_no_more(self) -> None:
        if self._cut is not None and self._cut.active():
            self._cut.cancel()


def head_of(request: Request, method: bytes, target: bytes, version: bytes, length: int | None) -> Head:
    """Return the head of a request, whose first line it does not know yet."""
    return Head(
        method=method,
        target=target,
        version=version,
        headers=request.requestHeaders,
        length=length,
        secure=request.isSecure(),
        near=is_near(request.getClientAddress()),
    )
