"""Where the server listens: the loopback's port, or the endpoints it was told. L{CannotStart}: why it does not."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, Protocol

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocolFactory,
    IProtocolNegotiationFactory,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import alsoProvides, classImplements

from cpyrender.authority import is_near
from cpyrender.settings import ServerSettings
from cpyrender.web.negotiation import Negotiation

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


class _Bound:
    """A socket that has its address, and on which nobody listens yet."""

    def __init__(self, reactor: Any, host: str, port: int) -> None:
        """@raise OSError: it cannot have the address."""
        self._reactor = reactor
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise

    def listen(self, factory: IProtocolFactory, backlog: int) -> IListeningPort:
        """Listen.

        @raise OSError: somebody else does.
        """
        with self._socket as bound:
            bound.listen(backlog)
            bound.setblocking(False)
            port: IListeningPort = self._reactor.adoptStreamPort(bound.fileno(), self._family, factory)
            return port

    def close(self) -> None:
        """Leave the address to others."""
        self._socket.close()


class LoopbackPort:
    """A TCP port on 127.0.0.1, taken while it may still be one below 1024."""

    scheme = "http"

    def __init__(self, reactor: Any, port: int) -> None:
        """@raise CannotStart: somebody else has it."""
        self._port = port
        try:
            self._bound = _Bound(reactor, LOOPBACK, port)
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


class _EarlyReactor:
    """A reactor as an endpoint sees it that is told to listen too early: what is asked of it is begun, and done later.

    Ports are bound at once, for that may need rights that the server is about to give up, and so are sockets taken over
    from systemd; the file of a Unix socket is made when somebody answers there.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._close: Callable[[], None] = lambda: None
        self._listen: Callable[[], IListeningPort] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = "") -> None:
        """Bind a port."""
        bound = _Bound(self._reactor, interface or "0.0.0.0", port)
        self._listen, self._close = partial(bound.listen, factory, backlog), bound.close

    def listenSSL(
        self,
        port: int,
        factory: Any,
        contextFactory: Any,  # noqa: N803 (the name is IReactorSSL's, and endpoints give it by name)
        backlog: int = 50,
        interface: str = "",
    ) -> None:
        """Bind a port that will speak TLS."""
        # It needs pyOpenSSL, which is not everywhere.
        from twisted.protocols.tls import TLSMemoryBIOFactory

        if not IProtocolNegotiationFactory.providedBy(factory):
            # That of the PROXY protocol hides what it wraps, so that no client would find anything to agree on.
            factory.acceptableProtocols = factory.wrappedFactory.acceptableProtocols
            alsoProvides(factory, IProtocolNegotiationFactory)
        self.listenTCP(port, TLSMemoryBIOFactory(contextFactory, False, factory), backlog, interface)

    def listenUNIX(self, *args: Any, **named: Any) -> None:
        """Remember to make a Unix socket."""
        self._listen = partial(self._reactor.listenUNIX, *args, **named)

    def adoptStreamPort(self, fileno: int, family: int, factory: IProtocolFactory) -> None:
        """Keep a socket that was passed on, whose number the endpoint is about to close."""
        kept = socket.socket(family, socket.SOCK_STREAM, fileno=os.dup(fileno))

        def listen() -> IListeningPort:
            with kept:
                port: IListeningPort = self._reactor.adoptStreamPort(kept.fileno(), family, factory)
                return port

        self._listen, self._close = listen, kept.close

    def listen(self) -> IListeningPort | None:
        """Do what was asked; C{None}: nothing was that had to wait."""
        return None if self._listen is None else self._listen()

    def close(self) -> None:
        """Let go of what was begun."""
        self._close()


class _LaterFactory(Factory):
    """Stands for the site that is not there yet."""

    site: Any = None
    noisy = False

    def startFactory(self) -> None:
        """The first port that listens for it is open."""
        self.site.doStart()

    def stopFactory(self) -> None:
        """The last one is closed."""
        self.site.doStop()

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Have the site look after a connection."""
        return self.site.buildProtocol(addr)

    def acceptableProtocols(self) -> list[bytes]:
        """Return what may be spoken over TLS (L{twisted.internet.interfaces.IProtocolNegotiationFactory})."""
        protocols: list[bytes] = self.site.acceptableProtocols()
        return protocols


classImplements(_LaterFactory, IProtocolNegotiationFactory)


class Endpoint:
    """What one C{--listen} says, got ready while it may still be a port below 1024.

    @ivar scheme: C{"https"} where it speaks TLS.
    """

    def __init__(self, reactor: Any, description: str) -> None:
        """@raise CannotStart: it cannot be read, or had; or a file that it names cannot be."""
        self._description = description
        self.scheme = "https" if _TLS.match(description) else "http"
        self._early = _EarlyReactor(reactor)
        self._factory = _LaterFactory()
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
        self._factory.site = Negotiation(site) if self.scheme == "https" else site
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
