"""L{Turn}: what the thread of a slot does at one go."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.slot import Slot
from cpyrender.values import Ran, Submission


class Turn:
    """A script, and the tidying after it, in one thread: to wake a second one costs more than the tidying itself.

    @ivar ran: fires in the reactor's thread when the script has ended; fails as L{Slot.render} does.
    """

    def __init__(
        self,
        tell: Callable[..., object],
        slot: Slot,
        wanted: Callable[[], bool],
        on_lasting: Callable[[], object] | None,
    ) -> None:
        """
        @param tell: has something called in the reactor's thread.
        @param wanted: whether the slot is wanted as it is when the script has ended; asked in the turn's thread.
        @param on_lasting: is called in the reactor's thread when the script turns out to be none of the light ones.
        """
        self._tell = tell
        self._slot = slot
        self._wanted = wanted
        self._on_lasting = None if on_lasting is None else partial(tell, on_lasting)
        self.ran: Deferred[Ran] = Deferred()

    def take(self, submission: Submission, cancellation: Cancellation) -> bool:
        """Run the script, and then tidy the slot unless it is wanted at once.

        @return: whether it has been tidied.
        @raise cpyrender.pool.template.TemplateFailed: it could not be tidied, as L{Slot.tidy} says.
        @raise OSError: likewise.
        """
        # Nothing here holds the outcome any longer, which may be large.
        self._tell(self.ran.callback, self._outcome(submission, cancellation))
        if self._wanted():
            return False
        self._slot.tidy()
        return True

    def _outcome(self, submission: Submission, cancellation: Cancellation) -> Ran | Failure:
        try:
            return self._slot.render(submission, cancellation, self._on_lasting)
        except BaseException:
            return Failure()
