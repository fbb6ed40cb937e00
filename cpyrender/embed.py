"""C{RenderResource}: cpyrender in somebody else's Twisted site.

>>> site_root.putChild(b"draw", RenderResource(slots=2, timeout=10))
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from twisted.internet.interfaces import IReactorCore
from twisted.logger import Logger

from cpyrender.pool.interfaces import IRenderer
from cpyrender.pool.local import LocalPool
from cpyrender.settings import RenderSettings, own_names
from cpyrender.web.aside import Aside
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.guard import Guard


class RenderResource(ClassicDoor):
    """A resource that takes scripts by POST and answers with their pictures, at any place in any site.

    In a site whose names it cannot know it takes requests for the loopback's names alone, and none that come from web
    pages of other origins; C{public_names} are the names that the site goes by elsewhere. L{cpyrender.protect} lets
    the site refuse such requests before their bodies are read. Who may use it is for the site to decide: there is no
    token here.

    Its pool of processes starts when the reactor runs, and stops before the reactor shuts down.
    """

    _log = Logger()

    def __init__(
        self,
        renderer: IRenderer | None = None,
        *,
        reactor: Any = None,
        public_names: Iterable[str] = (),
        **settings: object,
    ) -> None:
        """
        @param renderer: what runs the scripts, started and stopped by whoever made it; by default a pool of one's own.
        @param reactor: by default the global one.
        @param public_names: host names, without ports, that the site goes by.
        @param settings: those of L{RenderSettings}, by name.
        @raise ValueError: a setting is not what it should be.
        """
        checked = RenderSettings(**settings)  # type: ignore[arg-type]  # it checks them itself
        guard = Guard(max_body=checked.max_body, public_names=own_names(public_names))
        if reactor is None:
            # `twistd web --class` calls with no arguments, and no resource is told of a reactor.
            from twisted.internet import reactor
        super().__init__(renderer or self._own_pool(reactor, checked), checked.max_body, guard, Aside(reactor))

    def _own_pool(self, reactor: Any, settings: RenderSettings) -> LocalPool:
        pool = LocalPool(reactor, settings)
        core = cast(IReactorCore, reactor)
        # Not now: twistd is yet to fork into the background, and processes of the foreground would be lost.
        core.callWhenRunning(lambda: pool.start().addErrback(self._cannot_start))
        core.addSystemEventTrigger("before", "shutdown", pool.stop)
        return pool

    def _cannot_start(self, failure: Any) -> None:
        self._log.error("Scripts cannot be run: {why}", why=failure.getErrorMessage())
