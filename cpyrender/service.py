"""The service that C{twistd cpyrender} runs: a pool, a site before it, and the order in which they start and stop."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import Any, NoReturn, cast

from twisted.application.service import Service
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

from cpyrender.pool.local import LocalPool
from cpyrender.pool.template import TemplateFailed
from cpyrender.settings import ServerSettings
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.quitting import QuitDoor
from cpyrender.web.site import RenderSite

_LOOPBACK = "127.0.0.1"
_BACKLOG = 128


class CannotStart(SystemExit, Exception):
    """The server cannot start, and this is why.

    As an C{Exception} it lets twistd clear up, and tell a waiting parent; as a C{SystemExit} it ends the process with
    one line on stderr and status 1 instead of a traceback.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"cpyrender: {why}")


def _end(number: int, frame: object) -> NoReturn:
    """End as a process does that is killed by this signal, but through C{finally}."""
    sys.exit(128 + number)


class RenderService(Service):
    """Listens, runs scripts, and stops in good order: no new ones, the running ones finish, then all is let go."""

    name = "cpyrender"
    _log = Logger()

    def __init__(self, reactor: Any, settings: ServerSettings) -> None:
        """@param reactor: one that has time, threads, and TCP."""
        self._reactor = reactor
        self._settings = settings
        self._pool = LocalPool(reactor, settings.render)
        self._socket: socket.socket | None = None
        self._port: IListeningPort | None = None
        root = ClassicDoor(self._pool, settings.render.max_body)
        if settings.allow_quit:
            root.putChild(b"quit", QuitDoor(self._quit))
        self._site = RenderSite(root, reactor, settings.render.max_body)

    @property
    def port(self) -> int:
        """The TCP port that is listened on; 0 if none is."""
        return 0 if self._port is None else cast(IPv4Address, self._port.getHost()).port

    def _quit(self) -> None:
        # After the answer to who asked has been written.
        self._reactor.callLater(0, self._reactor.stop)

    def privilegedStartService(self) -> None:
        """Take the port, while it may still be one below 1024.

        @raise CannotStart: somebody else has it.
        """
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((_LOOPBACK, self._settings.port))
        except OSError as error:
            raise self._cannot_listen(error) from None

    def _cannot_listen(self, error: OSError) -> CannotStart:
        return CannotStart(f"cannot listen on {_LOOPBACK}:{self._settings.port}: {error}")

    def startService(self) -> None:
        """Warm up, withstand one's own attack, and only then listen.

        Blocks: the reactor does not run yet, and whether this fails decides on the exit status.

        @raise CannotStart: there is nothing to run scripts with.
        """
        if self._socket is None:
            self.privilegedStartService()
        super().startService()
        # Until the reactor runs, a signal would end this process before it could clear up.
        before = signal.signal(signal.SIGTERM, _end)
        try:
            self._pool.start_blocking()
        except (TemplateFailed, OSError) as error:
            raise CannotStart(f"scripts cannot be run: {error}") from None
        finally:
            signal.signal(signal.SIGTERM, before)
        self._listen()
        health = self._pool.health()
        self._warn_of_memory()
        self._log.info(
            "cpyrender answers on http://{host}:{port}/ ({slots} slots, isolation: {isolation} = {layers})",
            host=_LOOPBACK,
            port=self.port,
            isolation=health.isolation,
            layers=", ".join(health.layers),
            slots=self._settings.render.slots,
        )

    def _listen(self) -> None:
        bound, self._socket = self._socket, None
        assert bound is not None, "privilegedStartService has been called"
        with bound:
            try:
                bound.listen(_BACKLOG)
            except OSError as error:
                raise self._cannot_listen(error) from None
            bound.setblocking(False)
            self._port = self._reactor.adoptStreamPort(bound.fileno(), socket.AF_INET, self._site)

    def _warn_of_memory(self) -> None:
        render = self._settings.render
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if render.slots * render.memory > there:
            self._log.warn(
                "{slots} slots of {memory} bytes each may take more memory than this machine has ({there} bytes)",
                slots=render.slots,
                memory=render.memory,
                there=there,
            )

    def stopService(self) -> Deferred[None]:
        """Close the port, give what runs its time to finish, and stop."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._port is not None:
            port, self._port = self._port, None
            await maybeDeferred(port.stopListening)
        idle = self._pool.drain()
        cut = self._reactor.callLater(self._settings.grace, self._pool.stop)
        await idle
        if cut.active():
            cut.cancel()
        await self._pool.stop()
