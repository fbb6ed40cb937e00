"""Where the server listens: the loopback's port, or the endpoints it was told. L{CannotStart}: why it does not."""

from __future__ import annotations

import socket
from typing import Any, Protocol

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.python.failure import Failure

from cpyrender.authority import is_near
from cpyrender.settings import ServerSettings

LOOPBACK = "127.0.0.1"
_BACKLOG = 128


class CannotStart(SystemExit, Exception):
    """The server cannot start, and this is why.

    As an C{Exception} it lets twistd clear up, and tell a waiting parent; as a C{SystemExit} it ends the process with
    one line on stderr and status 1 instead of a traceback.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"cpyrender: {why}")


class Listener(Protocol):
    """A place to listen at: got ready with the rights that a server starts with, opened when it is warm."""

    def open(self, factory: IProtocolFactory) -> IListeningPort:
        """Listen.

        @raise CannotStart: that is not possible.
        """
        ...

    def close(self) -> None:
        """Let go of what has been got ready, where it is not to be opened."""
        ...


class LoopbackPort:
    """A TCP port on 127.0.0.1, taken while it may still be one below 1024."""

    def __init__(self, reactor: Any, port: int) -> None:
        """@raise CannotStart: somebody else has it."""
        self._reactor = reactor
        self._port = port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((LOOPBACK, port))
        except OSError as error:
            self._socket.close()
            raise self._taken(error) from None

    def _taken(self, error: OSError) -> CannotStart:
        return CannotStart(f"cannot listen on {LOOPBACK}:{self._port}: {error}")

    def open(self, factory: IProtocolFactory) -> IListeningPort:
        """Listen."""
        with self._socket as bound:
            try:
                bound.listen(_BACKLOG)
                bound.setblocking(False)
                port: IListeningPort = self._reactor.adoptStreamPort(bound.fileno(), socket.AF_INET, factory)
            except OSError as error:
                raise self._taken(error) from None
            return port

    def close(self) -> None:
        """Leave the port to others."""
        self._socket.close()


class Endpoint:
    """What one C{--listen} says."""

    def __init__(self, reactor: Any, description: str) -> None:
        """@raise CannotStart: it cannot be read, or a file that it names cannot be."""
        self._description = description
        try:
            self._endpoint: IStreamServerEndpoint = serverFromString(reactor, description)
        except Exception as error:  # Each kind of endpoint has a parser of its own, which raises whatever it likes.
            raise self._cannot(error) from None

    def _cannot(self, error: object) -> CannotStart:
        return CannotStart(f"cannot listen on {self._description!r}: {' '.join(str(error).split()) or repr(error)}")

    def open(self, factory: IProtocolFactory) -> IListeningPort:
        """Listen."""
        found: list[object] = []
        self._endpoint.listen(factory).addBoth(found.append)
        if not found:
            raise self._cannot("it is not there at once")
        if isinstance(found[0], Failure):
            raise self._cannot(found[0].getErrorMessage())
        port: IListeningPort = found[0]  # type: ignore[assignment]  # what a server endpoint's Deferred fires with
        return port

    def close(self) -> None:
        """Nothing has been taken yet."""


def listeners(reactor: Any, settings: ServerSettings) -> list[Listener]:
    """Return the places to listen at, with nobody listening yet.

    @raise CannotStart: one cannot be had.
    """
    if settings.listen:
        return [Endpoint(reactor, description) for description in settings.listen]
    return [LoopbackPort(reactor, settings.port)]


def check_reach(address: IAddress, has_token: bool, isolation: str) -> None:
    """Let nobody from another machine in without a token, or where scripts are not confined.

    @param address: what is listened on.
    @param isolation: the level that scripts run at.
    @raise CannotStart: somebody could.
    """
    if is_near(address):
        return
    where = url(address)
    if isolation == "none":
        raise CannotStart(f"{where} is reached from other machines, and scripts are not isolated: listen on loopback")
    if not has_token:
        raise CannotStart(f"{where} is reached from other machines: clients need a token, see --token-file")


def url(address: IAddress) -> str:
    """Return how a person may write where the server listens."""
    if isinstance(address, IPv6Address):
        return f"http://[{address.host}]:{address.port}/"
    if isinstance(address, IPv4Address):
        return f"http://{address.host}:{address.port}/"
    if isinstance(address, UNIXAddress) and address.name is not None:
        return f"unix:{address.name.decode(errors='replace')}"
    return str(address)


def close(ports: list[IListeningPort]) -> Deferred[Any]:
    """Listen no more.

    @return: fires when nobody can connect.
    """
    return gatherResults([maybeDeferred(port.stopListening) for port in ports])
