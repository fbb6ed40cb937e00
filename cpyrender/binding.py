"""Addresses that are taken while the server still has the rights for it, and listened on when it is warm."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory, IProtocolNegotiationFactory
from twisted.internet.protocol import Factory
from zope.interface import alsoProvides, classImplements


class Bound:
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


class EarlyReactor:
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
        bound = Bound(self._reactor, interface or "0.0.0.0", port)
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

    def listenUNIX(self, address: str, *args: Any, **named: Any) -> None:
        """Remember to make a Unix socket.

        @raise OSError: its folder is not there.
        """
        folder = os.path.dirname(address) or os.curdir
        try:
            os.stat(folder)
        except FileNotFoundError:
            # Later it would be told of a lock file of Twisted's.
            raise FileNotFoundError(f"the folder {folder} is missing") from None
        self._listen = partial(self._reactor.listenUNIX, address, *args, **named)

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


class LaterFactory(Factory):
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


classImplements(LaterFactory, IProtocolNegotiationFactory)
