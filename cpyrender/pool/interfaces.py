"""The seam between those who have a script and those who run it."""

from __future__ import annotations

from attrs import frozen
from twisted.internet.defer import Deferred
from zope.interface import Interface

from cpyrender.values import Outcome, Submission


@frozen(kw_only=True)
class Health:
    """How a renderer is doing.

    @ivar ready: whether a script would be run now or soon.
    @ivar why_not: what it is waiting for, where it is not ready.
    @ivar isolation: the level that scripts run at.
    @ivar layers: what that level consists of.
    @ivar busy: slots with a script in them.
    @ivar spares: interpreters that wait for a script.
    @ivar waiting: scripts in the queue.
    @ivar retry_after: in how many seconds one who is refused now should try again.
    @ivar uptime: seconds since it was made.
    @ivar restarts: how often the template had to be replaced.
    """

    ready: bool
    isolation: str
    layers: tuple[str, ...] = ()
    slots: int
    busy: int
    queue: int
    waiting: int
    restarts: int
    spares: int = 0
    retry_after: int = 1
    uptime: float = 0.0
    why_not: str = ""


class IRenderer(Interface):
    """Runs scripts."""

    def start() -> Deferred[None]:
        """Get ready.

        @return: fires when the first script can be run; fails with L{cpyrender.pool.template.TemplateFailed} where that
            will never be.
        """

    def render(submission: Submission) -> Deferred[Outcome]:
        """Run a script.

        @return: fires with what became of it. Cancelling it kills the script and frees what it held.
        """

    def drain() -> Deferred[None]:
        """Refuse all further scripts.

        @return: fires when those that had been taken are done.
        """

    def stop() -> Deferred[None]:
        """Kill what is running and let go of everything."""

    def health() -> Health:
        """Tell how it is doing."""
