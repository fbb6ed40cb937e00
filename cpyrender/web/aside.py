"""L{Aside}: work that is too much for one turn of the reactor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorThreads
from twisted.internet.threads import deferToThreadPool

T = TypeVar("T")


class Aside:
    """Lets one piece of work after the other be done in a thread of the reactor's.

    One at a time: of several threads that all want to run, Python lets the reactor's be the last.
    """

    def __init__(self, reactor: IReactorThreads) -> None:
        self._reactor = reactor
        self._lock = DeferredLock()

    async def do(self, work: Callable[[], T]) -> T:
        """Return what it returns, or raise what it raises.

        Whoever is cancelled is told at once. The next work begins only when the thread is done nevertheless.
        """
        await self._lock.acquire()
        answer: Deferred[T] = Deferred()
        working: Deferred[T] = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work)
        working.addBoth(self._done)
        working.addCallbacks(answer.callback, answer.errback)
        return await answer

    def _done(self, result: T) -> T:
        self._lock.release()
        return result
