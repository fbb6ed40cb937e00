"""The service that C{twistd cpyrender} runs: a pool, a site before it, and the order in which they start and stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, cast

from attrs import evolve
from twisted.application.service import Service
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger, globalLogPublisher
from twisted.python.failure import Failure

from cpyrender import plain_lines
from cpyrender.bearer import Token, TokenRefused, read_token, reread_token
from cpyrender.child import hugepages
from cpyrender.listening import CannotStart, Listener, check_reach, close, listeners, url
from cpyrender.metrics import Metrics
from cpyrender.pool.local import LocalPool
from cpyrender.pool.template import TemplateFailed
from cpyrender.settings import ServerSettings
from cpyrender.signals import Signals

if TYPE_CHECKING:
    from cpyrender.web.site import RenderSite

__all__ = ["CannotStart", "RenderService"]

# Seconds that one turn of the reactor may wait for something to happen.
_TURN = 0.05
# All that answers. It is imported while the template, for which there is more to import, warms up in its own process.
_SITE = "cpyrender.web.assembly"


def _get_ready() -> None:
    """Import all that answers, and have what is there by now in huge pages.

    Each request goes through much of it, and finds none of it in the processor's caches after others have run.
    """
    import_module(_SITE)
    hugepages.collapse(hugepages.with_objects())


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
        self._metrics = Metrics()
        self._pool = LocalPool(reactor, settings.render, metrics=self._metrics)
        self._listeners: list[Listener] = []
        self._ports: list[IListeningPort] = []
        self._urls: list[str] = []
        self._token: Token | None = None
        self._site: RenderSite | None = None
        self._signals = Signals(reactor)
        self._quitting = False

    @property
    def port(self) -> int:
        """The TCP port that is listened on; 0 if none is."""
        hosts = (port.getHost() for port in self._ports)
        return next((cast(IPv4Address, host).port for host in hosts if hasattr(host, "port")), 0)

    def _quit(self) -> None:
        if not self._quitting:
            self._quitting = True
            # After the answer to who asked has been written.
            self._reactor.callLater(0, self._reactor.stop)

    def privilegedStartService(self) -> None:
        """Take the port while it may still be one below 1024, and read what only the first user may.

        @raise CannotStart: somebody else has the port, or the token file is not as it should be.
        """
        try:
            self._token = self._token_by(read_token)
        except TokenRefused as refused:
            raise CannotStart(str(refused)) from None
        self._listeners = listeners(self._reactor, self._settings)

    def _token_by(self, read: Callable[[str], Token]) -> Token | None:
        return None if self._settings.token_file is None else read(self._settings.token_file)

    def startService(self) -> None:
        """Warm up, withstand one's own attack, and only then listen.

        Blocks: the reactor does not run yet, and whether this fails decides on the exit status.

        @raise CannotStart: there is nothing to run scripts with.
        """
        if not self._listeners:
            self.privilegedStartService()
        super().startService()
        # Twisted has no other way to ask who they are.
        plain_lines.use_in(getattr(globalLogPublisher, "_observers", ()))
        # Until the reactor runs, a signal would end this process before it could clear up.
        before = signal.signal(signal.SIGTERM, _end)
        try:
            # Not in a thread: Python would let the one or the other wait where both have something to do.
            self._pool.start_blocking(meanwhile=_get_ready)
        except (TemplateFailed, OSError) as error:
            self._forgo()
            raise CannotStart(f"scripts cannot be run: {error}") from None
        finally:
            signal.signal(signal.SIGTERM, before)
        self._listen()
        self._signals.hear(signal.SIGHUP, self.reload)
        health = self._pool.health()
        self._warn_of_memory()
        for where in self._urls:
            self._log.info(
                "cpyrender answers on {url} ({slots} slots, isolation: {isolation} = {layers})",
                url=where,
                isolation=health.isolation,
                layers=", ".join(health.layers),
                slots=self._settings.render.slots,
            )

    def _listen(self) -> None:
        # By now it is there.
        from cpyrender.web.assembly import assemble

        site = assemble(self._reactor, self._settings, self._pool, self._metrics, self._token, self._quit)
        self._site = site
        isolation = self._pool.health().isolation
        try:
            while self._listeners:
                listener = self._listeners.pop(0)
                port = listener.open(site)
                self._ports.append(port)
                self._urls.append(url(port.getHost(), listener.scheme))
                check_reach(port.getHost(), self._token is not None, isolation)
        except CannotStart:
            self._withdraw()
            raise

    def _withdraw(self) -> None:
        """Close what is open, and end the pool's threads: the process could not end before them.

        Nobody has been answered: the reactor does not run yet, and is turned by hand as long as this takes.
        """
        withdrawn = Deferred.fromCoroutine(self._let_go())
        while not withdrawn.called:
            self._reactor.iterate(_TURN)

    async def _let_go(self) -> None:
        await self._close()
        await self._pool.stop()

    async def _close(self) -> None:
        self._forgo()
        ports, self._ports = self._ports, []
        await close(ports)

    def _forgo(self) -> None:
        """Let go of the places that are not open yet."""
        while self._listeners:
            self._listeners.pop().close()

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
        for number in (signal.SIGTERM, signal.SIGINT):
            self._signals.hear(number, self._stop_at_once)
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._site is not None:
            self._site.drain(lambda: self._pool.health().retry_after)
        await self._close()
        idle = self._pool.drain()
        cut = self._reactor.callLater(self._settings.grace, self._cut)
        await idle
        if self._site is not None:
            await self._site.close()
        if cut.active():
            cut.cancel()
        await self._pool.stop()
        self._signals.give_back()

    def _stop_at_once(self) -> None:
        self._log.warn("Told to stop once more: what runs is cut off.")
        # Should even that take too long, a third signal does what it does to any process.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        self._cut()

    def _cut(self) -> None:
        # Those whose scripts are killed are told so first.
        self._pool.stop().addCallback(self._abort)

    def _abort(self, _: object) -> None:
        if self._site is not None:
            self._site.abort()

    def reload(self) -> None:
        """Read the token once more, and replace the template with a fresh one, which sees what is installed by now.

        What cannot be read or replaced stays as it was, and the log says why.
        """
        try:
            self._token = self._token_by(reread_token)
        except TokenRefused as refused:
            self._log.error("The token stays as it was: {why}", why=str(refused))
        if self._site is not None:
            self._site.guard = evolve(self._site.guard, token=self._token)
        self._pool.renew().addCallbacks(self._renewed, self._not_renewed)

    def _renewed(self, _: object) -> None:
        self._log.info("A fresh template has taken over.")

    def _not_renewed(self, failure: Failure) -> None:
        self._log.error("The template stays as it was: {why}", why=failure.getErrorMessage())
