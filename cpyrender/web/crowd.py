"""L{Crowd}: how many connections there are, and whose. L{TurnedAway}: one too many."""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from cpyrender.authority import network

# How many are told why at the same time; beyond it, connections are just closed.
_TOLD = 64
_PATIENCE = 2.0
_RETRY_AFTER = 10
_WHY = b"too many connections; try again later\n"
#: What one client too many is answered.
TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: cpyrender\r\nConnection: close\r\nRetry-After: %d\r\n"
    b"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (_RETRY_AFTER, len(_WHY), _WHY)
)


def origin_of(address: IAddress | None) -> str:
    """Return what connections of one client have in common: its address, or the first 64 bits of one of IPv6.

    Empty where there is no address, as for a Unix socket: its clients are one machine's users, or a proxy's.
    """
    return network(str(getattr(address, "host", "")))


class Crowd:
    """Counts connections.

    @ivar most: of all together.
    @ivar most_each: from one address.
    @ivar told: how many are being told that they are too many.
    """

    def __init__(self, most: int, most_each: int) -> None:
        self.most = most
        self.most_each = most_each
        self.told = 0
        self._present: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._present.total()

    def has_room_for(self, origin: str) -> bool:
        """Whether one more may come from there."""
        return len(self) < self.most and (not origin or self._present[origin] < self.most_each)

    def enter(self, origin: str) -> None:
        """One more is here."""
        self._present[origin] += 1

    def leave(self, origin: str) -> None:
        """One has gone."""
        self._present[origin] -= 1
        if not self._present[origin]:
            del self._present[origin]


class TurnedAway(Protocol):
    """Answers whatever is asked with 503, once; a client that asks nothing is not waited for."""

    def __init__(self, crowd: Crowd, reactor: IReactorTime) -> None:
        self._crowd = crowd
        self._reactor = reactor
        self._cut: Any = None
        self._answered = False

    def connectionMade(self) -> None:
        """Wait for the question: an answer before it could be lost with it."""
        if self._crowd.told >= _TOLD:
            self._answered = True
            return self._abort()
        self._crowd.told += 1
        self._cut = self._reactor.callLater(_PATIENCE, self._abort)

    def dataReceived(self, data: bytes) -> None:
        """Answer, and leave it to the client to close: to do so with bytes of it unread would take the answer back."""
        transport: Any = self.transport
        if not self._answered:
            self._answered = True
            transport.write(TOO_MANY)

    def _abort(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Let go of the count and the clock."""
        if self._cut is None:
            return
        self._crowd.told -= 1
        if self._cut.active():
            self._cut.cancel()
