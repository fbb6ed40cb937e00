"""Ports of the loopback, and a reactor that opens them in memory only."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.internet.testing import MemoryReactorClock
from zope.interface import implementer


def taken(port: int) -> bool:
    """Return whether somebody has a port of the loopback, listening or not."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


@implementer(IListeningPort)
class ClosingPort:
    """A port that takes its time to close.

    @ivar closed: fires when it is; C{None} before it is asked to.
    """

    def __init__(self, host: IPv4Address) -> None:
        self.closed: Deferred[None] | None = None
        self._host = host

    def startListening(self) -> None:
        """It does already."""

    def stopListening(self) -> Deferred[None]:
        self.closed = Deferred()
        return self.closed

    def getHost(self) -> IPv4Address:
        return self._host


class PortReactor(MemoryReactorClock):
    """A reactor with ports that close when they are told to, or when the reactor is turned.

    @ivar ports: in the order in which they were opened.
    @ivar factories: what each listens for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ports: list[ClosingPort] = []
        self.factories: list[IProtocolFactory] = []

    def adoptStreamPort(self, fileno: int, family: int, factory: IProtocolFactory) -> ClosingPort:
        with socket.socket(fileno=os.dup(fileno)) as adopted:
            return self._opened(*adopted.getsockname(), factory)

    def listenTCP(self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = "") -> ClosingPort:
        return self._opened(interface or "0.0.0.0", port, factory)

    def _opened(self, host: str, port: int, factory: IProtocolFactory) -> ClosingPort:
        self.ports.append(ClosingPort(IPv4Address("TCP", host, port)))
        self.factories.append(factory)
        return self.ports[-1]

    def callFromThread(self, call: Callable[..., object], *args: object) -> None:
        call(*args)

    def iterate(self, delay: float = 0) -> None:
        self.advance(delay)
        for port in self.ports:
            if port.closed is not None and not port.closed.called:
                port.closed.callback(None)
