"""A L{Slot}: the place for one script at a time, with a thread's worth of blocking code around its child."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import evolve

from cpyrender.pool.cancellation import Cancellation, Cancelled
from cpyrender.pool.cgroup import Group
from cpyrender.pool.conversation import LIGHT, Conversation, ConversationLimits, Interrupted, NeverBegan
from cpyrender.pool.ending import Ending
from cpyrender.pool.spare import Spare
from cpyrender.pool.supply import SpareSupply
from cpyrender.settings import RenderSettings
from cpyrender.values import Cause, Failed, Ran, Submission

# A script under which the template dies again and again is not just unlucky.
_SECOND_CHANCES = 2
# Seconds between two looks at whether anybody still waits for the answer.
_PATIENCE = 0.1


class Slot:
    """Runs one script after the other, each in a child of its own, or several in one where the settings allow that.

    Its methods block, and are called in threads, never two at once.
    """

    def __init__(
        self,
        supply: SpareSupply,
        settings: RenderSettings,
        group: Group | None = None,
        on_end: Callable[[Ending], object] | None = None,
    ) -> None:
        """
        @param group: the control group that its children go into, where there is one.
        @param on_end: is told of each end of a child that had a script, when it has been cleared away after.
        """
        self._supply = supply
        self._group = group
        self._kills = 0
        self._settings = settings
        self._on_end = on_end
        self._spare: Spare | None = None
        self._light = False
        self._generation = 0
        self._used: list[Spare] = []

    @property
    def has_spare(self) -> bool:
        """Whether a script would meet a child that is ready for it."""
        return self._spare is not None

    @property
    def outdated(self) -> bool:
        """Whether its spare is of a template that has been replaced."""
        return self._spare is not None and self._generation != self._supply.generation

    @property
    def may_rest(self) -> bool:
        """Whether its spare takes more memory than it has to, or is less than it could be."""
        return self._spare is not None and (self._spare.unripe or not self._spare.lean)

    @property
    def readiness(self) -> int:
        """How ready it is for a script: 0 without a spare, 1 with a lean one, 2 with one that has its pages."""
        return 0 if self._spare is None else 2 - self._spare.lean

    @property
    def has_pages(self) -> bool:
        """Whether a script would meet a child that has its pages ready."""
        return self._spare is not None and not self._spare.lean

    @property
    def may_get_pages(self) -> bool:
        """Whether it has a lean spare where there could be one with its pages."""
        return self._spare is not None and self._spare.lean and self._supply.gives_pages

    def render(
        self, submission: Submission, cancellation: Cancellation, on_lasting: Callable[[], object] | None = None
    ) -> Ran:
        """Run a script.

        @param on_lasting: is called when it turns out to be none of the light ones.
        @raise cpyrender.pool.cancellation.Cancelled: nobody waits for it any more.
        @raise cpyrender.pool.template.TemplateFailed: no child can be had.
        @raise OSError: the machine has no room for one.
        """
        # Where scripts come without a pause, nobody tidies up between them.
        try:
            self.bury(but=1)
        except OSError:
            pass  # The folder goes with the template's.
        began = time.monotonic()
        outcome = self._run(submission, cancellation, on_lasting)
        # By its own clock, if it has told: to wait here for a child, or a processor, says nothing of the script.
        lasted = outcome.timing.run + outcome.timing.encode or time.monotonic() - began
        self._light = lasted < LIGHT
        if isinstance(outcome, Failed) and outcome.cause is Cause.CRASHED and self._outgrew():
            return evolve(outcome, cause=Cause.MEMORY, message="the script outgrew its memory limit")
        return outcome

    def _outgrew(self) -> bool:
        """Whether the kernel has killed a child because the memory of its group was used up."""
        return self._group is not None and self._group.kills() > self._kills

    def _run(self, submission: Submission, cancellation: Cancellation, on_lasting: Callable[[], object] | None) -> Ran:
        try:
            return self._attempt(submission, cancellation, on_lasting)
        except Interrupted:
            pass
        for _ in range(_SECOND_CHANCES):
            # A script is a drawing: doing it again does no harm, and the client gets its picture.
            with self._alone(cancellation):
                try:
                    return self._attempt(submission, cancellation)
                except Interrupted:
                    continue
        message = f"the interpreter was killed under the script, {1 + _SECOND_CHANCES} times in a row"
        return Failed(cause=Cause.CRASHED, message=message)

    @contextmanager
    def _alone(self, cancellation: Cancellation) -> Iterator[None]:
        """Be the only one who is given a second chance; wait for that, but not for longer than the client does."""
        while not self._supply.quarantine.acquire(timeout=_PATIENCE):
            if cancellation.cancelled:
                raise Cancelled
        try:
            yield
        finally:
            self._supply.quarantine.release()

    def _attempt(
        self,
        submission: Submission,
        cancellation: Cancellation,
        on_lasting: Callable[[], object] | None = None,
    ) -> Ran:
        while True:
            waiting = self._take_spare()
            fresh = waiting is None
            spare = waiting or self._new_spare(self._light)
            self._used.append(spare)
            conversation = Conversation(spare, submission, self._limits(submission), cancellation, on_lasting)
            try:
                return conversation.run()
            except NeverBegan:
                # One that had been waiting may have died with its template. One that was just made should not die.
                if fresh:
                    raise Interrupted from None
            finally:
                if conversation.may_go_on:
                    self._keep(self._used.pop())

    def _take_spare(self) -> Spare | None:
        """Return the spare that waits, if one does that can be given a script."""
        outdated = self.outdated
        spare, self._spare = self._spare, None
        if spare is not None and spare.used and (outdated or not spare.ready()):
            self._used.append(spare)
            return None
        return spare

    def _keep(self, spare: Spare) -> None:
        spare.kept()
        self._spare = spare

    def _limits(self, submission: Submission) -> ConversationLimits:
        mine = self._settings
        return ConversationLimits(
            seconds=min(mine.timeout, submission.timeout or mine.timeout),
            cpu=mine.cpu_seconds,
            output=mine.max_output,
            log=mine.max_log,
            runs=mine.runs_per_process,
        )

    def tidy(self) -> None:
        """Clear away after the last scripts, and have a spare ready for the next: a lean one where the last was light.

        @raise cpyrender.pool.template.TemplateFailed: no spare can be had.
        @raise OSError: the machine has no room for one.
        """
        if self.outdated:
            self._lay_aside()
        self._spare = self._take_spare()
        self.bury()
        if self._spare is None:
            self._spare = self._new_spare(self._light)

    def rest(self) -> None:
        """Have a lean spare in the place of one that takes more memory, whether that has run a script or not.

        @raise cpyrender.pool.template.TemplateFailed: none can be had; there is no spare then.
        @raise OSError: the machine has no room for one.
        """
        if self.may_rest:
            self._lay_aside()
            self.bury()
            self._spare = self._new_spare(lean=True)

    def get_pages(self) -> None:
        """Have a spare with its pages in the place of a lean one: scripts come that write to them.

        @raise cpyrender.pool.template.TemplateFailed: none can be had; there is no spare then.
        @raise OSError: likewise.
        """
        if self.may_get_pages:
            self._lay_aside()
            self._spare = self._new_spare(lean=False)
            # Somebody may wait for this slot by now; and what has not run dies soon.
            self.bury()

    def _new_spare(self, lean: bool) -> Spare:
        # Asked first: should the template be replaced meanwhile, the spare counts as one of the old one's.
        self._generation = self._supply.generation
        spare = self._supply.spare(lean)
        spare.runs = self._settings.runs_per_process
        if self._group is not None:
            try:
                self._group.take(spare.pidfd)
                self._kills = self._group.kills()
            except BaseException:
                spare.remove()
                raise
        return spare

    def bury(self, but: int = 0) -> None:
        """Clear away after the last scripts.

        @param but: how many not yet, for the last ones may still be dying, which is to be waited for.
        @raise OSError: a job folder cannot be removed. It goes with the template's.
        """
        while len(self._used) > but:
            spare = self._used.pop(0)
            spare.remove()
            if self._on_end is not None and spare.ending is not None:
                self._on_end(spare.ending)

    def close(self) -> None:
        """Let go of everything. The slot is of no use any more."""
        self._lay_aside()
        self.bury()

    def _lay_aside(self) -> None:
        if self._spare is not None:
            self._used.append(self._spare)
            self._spare = None
