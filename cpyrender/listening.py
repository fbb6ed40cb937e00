"""Where the server listens: the loopback's port, or the endpoints it was told. L{CannotStart}: why it does not."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any, Protocol

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.python.failure import Failure

from cpyrender.authority import is_near
from cpyrender.binding import Bound, EarlyReactor, LaterFactory
from cpyrender.settings import ServerSettings

LOOPBACK = "127.0.0.1"
_BACKLOG = 128
_TLS = re.compile(r"(haproxy:)?(ssl|tls):")


class CannotStart(SystemExit, Exception):
    """The server cannot start, and this is why.

    As an C{Exception} it lets twistd clear up, and tell a waiting parent; as a C{SystemExit} it ends the process with
    one line on stderr and status 1 instead of a traceback.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"cpyrender: {why}")


class Listener(Protocol):
    """A place to listen at: got ready with the rights that a server starts with, opened when it is warm.

    @ivar scheme: of the URL at which it is reached.
    """

    scheme: str

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

    scheme = "http"

    def __init__(self, reactor: Any, port: int) -> None:
        """@raise CannotStart: somebody else has it."""
        self._port = port
        try:
            self._bound = Bound(reactor, LOOPBACK, port)
        except OSError as error:
            raise self._taken(error) from None

    def _taken(self, error: OSError) -> CannotStart:
        return CannotStart(f"cannot listen on {LOOPBACK}:{self._port}: {error}")

    def open(self, factory: IProtocolFactory) -> IListeningPort:
        """Listen."""
        try:
            return self._bound.listen(factory, _BACKLOG)
        except OSError as error:
            raise self._taken(error) from None

    def close(self) -> None:
        """Leave the port to others."""
        self._bound.close()


class Endpoint:
    """What one C{--listen} says, got ready while it may still be a port below 1024.

    @ivar scheme: C{"https"} where it speaks TLS.
    """

    def __init__(self, reactor: Any, description: str) -> None:
        """@raise CannotStart: it cannot be read, or had; or a file that it names cannot be."""
        self._description = description
        self.scheme = "https" if _TLS.match(description) else "http"
        self._early = EarlyReactor(reactor)
        self._factory = LaterFactory()
        try:
            endpoint = read_endpoint(self._early, description)
        except ValueError as error:
            raise CannotStart(str(error)) from None
        self._opened = self._result(endpoint.listen(self._factory))

    def _result(self, listening: Deferred[Any]) -> Any:
        found: list[object] = []
        listening.addBoth(found.append)
        if not found:
            raise self._cannot("it is not there at once")
        if isinstance(found[0], Failure):
            raise self._cannot(found[0].getErrorMessage())
        return found[0]

    def _cannot(self, error: object) -> CannotStart:
        return CannotStart(f"cannot listen on {self._description!r}: {' '.join(str(error).split()) or repr(error)}")

    def open(self, factory: IProtocolFactory) -> IListeningPort:
        """Listen."""
        site: Any = factory
        if self.scheme == "https":
            # Not for those who listen elsewhere, and have to wait for nothing: it takes HTTP/2 with it.
            from cpyrender.web.negotiation import Negotiation

            site = Negotiation(site)
        self._factory.site = site
        try:
            port: IListeningPort = self._early.listen() or self._opened
        except (OSError, CannotListenError) as error:
            raise self._cannot(error) from None
        return port

    def close(self) -> None:
        """Let go of what has been got ready."""
        self._early.close()


def read_endpoint(reactor: Any, description: str) -> IStreamServerEndpoint:
    """Return the endpoint that a string describes.

    @raise ValueError: it cannot be read, or a file that it names cannot be; the message is one line.
    """
    # Not for those who name none, and wait for a template: it takes all of TLS with it.
    from twisted.internet.endpoints import serverFromString

    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, description)
        return endpoint
    except Exception as error:  # Each kind of endpoint has a parser of its own, which raises whatever it likes.
        why = " ".join(str(error).split()) or repr(error)
        if description.startswith("systemd:") and isinstance(error, IndexError | KeyError):
            why = "systemd has passed no such socket"
        elif _TLS.match(description) and find_spec("OpenSSL") is None:
            why = "TLS needs pyOpenSSL: pip install 'cpyrender[tls]'"
        raise ValueError(f"cannot listen on {description!r}: {why}") from None


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


def url(address: IAddress, scheme: str = "http") -> str:
    """Return how a person may write where the server listens."""
    if isinstance(address, IPv6Address):
        return f"{scheme}://[{address.host}]:{address.port}/"
    if isinstance(address, IPv4Address):
        return f"{scheme}://{address.host}:{address.port}/"
    if isinstance(address, UNIXAddress) and address.name is not None:
        return f"unix:{address.name.decode(errors='replace')}"
    return str(address)


def close(ports: list[IListeningPort]) -> Deferred[Any]:
    """Listen no more.

    @return: fires when nobody can connect.
    """
    return gatherResults([maybeDeferred(port.stopListening) for port in ports])
