"""The memory twin of L{cpyrender.pool.local.LocalPool}: keeps what it is given, and answers when it is told to."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from cpyrender.pool.interfaces import Health, IRenderer
from cpyrender.values import Outcome, Refused, Submission


@implementer(IRenderer)
@define
class MemoryRenderer:
    """A renderer without processes.

    @ivar outcome: what each script gets at once; C{None} leaves it waiting in C{waiting}.
    @ivar submissions: all that came, oldest first.
    @ivar cancelled: those whose answer nobody wanted any more.
    """

    outcome: Outcome | None = None
    submissions: list[Submission] = field(factory=list)
    waiting: list[Deferred[Outcome]] = field(factory=list)
    cancelled: list[Submission] = field(factory=list)
    ready: bool = False
    draining: bool = False

    def start(self) -> Deferred[None]:
        """Be ready at once."""
        self.ready = True
        return succeed(None)

    def render(self, submission: Submission) -> Deferred[Outcome]:
        """Keep the submission, and answer with C{outcome} if there is one."""
        if self.draining:
            return succeed(Refused(reason="the server is shutting down"))
        self.submissions.append(submission)
        if self.outcome is not None:
            return succeed(self.outcome)
        answer: Deferred[Outcome] = Deferred(lambda _: self.cancelled.append(submission))
        self.waiting.append(answer)
        return answer

    def drain(self) -> Deferred[None]:
        """Refuse from now on; nothing is waited for."""
        self.draining = True
        return succeed(None)

    def stop(self) -> Deferred[None]:
        """Be ready no more."""
        self.draining, self.ready = True, False
        return succeed(None)

    def health(self) -> Health:
        """Tell what it was told to be."""
        return Health(
            ready=self.ready and not self.draining,
            why_not="it is draining" if self.draining else "" if self.ready else "it has not been started",
            isolation="none",
            slots=1,
            busy=len(self.waiting),
            queue=0,
            waiting=0,
            restarts=0,
        )
