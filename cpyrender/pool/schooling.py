"""L{Schooling}: what is found out for templates beside the scripts, in a thread, when there is time for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from cpyrender.pool.lull import Lull
from cpyrender.pool.supply import SpareSupply
from cpyrender.pool.template import TemplateFailed

#: Seconds without a script after which it is found out what the next template should put together.
SECONDS_UNTIL_PLACED = 3.0


class Schooling:
    """Teaches each new template once, and has the first one replaced by one that is better.

    It takes some seconds of one processor to find out how the next one is to be, and to warm that up; so it is done
    when no script has come for a while.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        in_thread: Callable[[Callable[[], object]], Deferred[Any]],
        supply: SpareSupply,
        quiet: Callable[[], bool],
        on_taught: Callable[[], object],
        renew: Callable[[], Deferred[None]],
    ) -> None:
        """
        @param in_thread: has something done in a thread.
        @param quiet: is asked whether no script runs.
        @param on_taught: is called when spares are better from now on than those that wait.
        @param renew: replaces the template; fails as L{cpyrender.pool.slots.Slots.renew} does.
        """
        self._in_thread = in_thread
        self._supply = supply
        self._quiet = quiet
        self._on_taught = on_taught
        self._renew = renew
        self._lull = Lull(clock, SECONDS_UNTIL_PLACED, self._place)
        self._at_work: Deferred[None] | None = None
        self._ended = False

    def interrupt(self) -> None:
        """A script has come, or has ended."""
        if not self._supply.untaught and self._supply.unplaced:
            self._lull.interrupt()

    def go_on(self) -> None:
        """Let a new template learn; to be called when it has its first spares."""
        if self._supply.untaught and not self._busy:
            self._at_work = self._in_thread(self._supply.teach)
            self._at_work.addErrback(lambda failure: self._log.failure("Teaching failed; this is a bug.", failure))
            self._at_work.addCallback(self._taught)

    @property
    def _busy(self) -> bool:
        return self._at_work is not None or self._ended

    def _taught(self, _: None) -> None:
        self._at_work = None
        self._on_taught()
        self.interrupt()

    def _place(self) -> None:
        if self._busy or not self._quiet():
            # There is another lull after the script that runs.
            return
        self._at_work = self._in_thread(self._supply.place)
        self._at_work.addErrback(lambda failure: self._log.failure("Placing failed; this is a bug.", failure))
        self._at_work.addCallback(self._placed)

    def _placed(self, better: bool | None) -> None:
        self._at_work = None
        if better and not self._ended:
            self._renew().addCallbacks(self._renewed, self._not_renewed)

    def _renewed(self, _: None) -> None:
        self._log.info("A fresh template has taken over, which puts together what scripts write to.")

    def _not_renewed(self, failure: Any) -> None:
        failure.trap(TemplateFailed, OSError)
        self._log.warn("The template stays as it was: {why}", why=failure.getErrorMessage())

    def end(self) -> None:
        """Begin nothing any more, and let go of what is waited for."""
        self._ended = True
        self._lull.end()
        self._supply.teach_no_more()

    def idle(self) -> Deferred[Any]:
        """Return what fires when nothing is being found out any more."""
        return DeferredList([self._at_work] if self._at_work else [])
