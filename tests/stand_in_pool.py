"""A pool without processes, for whoever makes a L{cpyrender.pool.local.LocalPool} of his own and looks after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from cpyrender.pool.memory import MemoryRenderer
from cpyrender.pool.template import TemplateFailed
from cpyrender.settings import RenderSettings


class StandInPool(MemoryRenderer):
    """Starts at once, or cannot start, and is busy until it is told otherwise.

    @ivar cold: why it cannot start; empty: it can.
    @ivar calls: what has been asked of it, in that order.
    @ivar idle: fires when the scripts that it has taken are done; stopping it sees to that.
    @ivar settings: what it was made with.
    """

    def __init__(self, cold: str = "") -> None:
        super().__init__()
        self.cold = cold
        self.calls: list[str] = []
        self.idle: Deferred[None] = Deferred()
        self.settings: RenderSettings | None = None

    def make(self, reactor: Any, settings: RenderSettings, metrics: object = None) -> StandInPool:
        """Stand in for the class that it replaces."""
        self.settings = settings
        return self

    def start(self) -> Deferred[None]:
        self.calls.append("start")
        return fail(TemplateFailed(self.cold)) if self.cold else super().start()

    def start_blocking(self, meanwhile: Callable[[], object] | None = None) -> None:
        self.calls.append("start")
        if meanwhile is not None:
            meanwhile()
        if self.cold:
            raise TemplateFailed(self.cold)
        super().start()

    def drain(self) -> Deferred[None]:
        self.calls.append("drain")
        super().drain()
        return self.idle

    def renew(self) -> Deferred[None]:
        self.calls.append("renew")
        return fail(TemplateFailed(self.cold)) if self.cold else succeed(None)

    def stop(self) -> Deferred[None]:
        self.calls.append("stop")
        if not self.idle.called:
            self.idle.callback(None)
        return super().stop()
