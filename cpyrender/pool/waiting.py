"""The bounded line of those who wait for a slot."""

from __future__ import annotations

import math
from collections import Counter, deque
from statistics import median
from typing import Generic, Protocol, TypeVar


class HasClient(Protocol):
    """Somebody's job."""

    @property
    def client(self) -> str:
        """Whose."""


J = TypeVar("J", bound=HasClient)

_REMEMBERED = 32
_LONGEST_ADVICE = 3600


class WaitingLine(Generic[J]):
    """First come, first served; but one client cannot hold all slots while others wait.

    @ivar slots: how many jobs run at once.
    @ivar limit: how many may wait.
    """

    def __init__(self, slots: int, limit: int) -> None:
        self.slots = slots
        self.limit = limit
        self._jobs: deque[J] = deque()
        self._running: Counter[str] = Counter()
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)

    def __len__(self) -> int:
        return len(self._jobs)

    def join(self, job: J) -> None:
        """Stand in line, at its end."""
        self._jobs.append(job)

    def leave(self, job: J) -> None:
        """Wait no more."""
        self._jobs.remove(job)

    def too_many_for(self, client: str) -> J | None:
        """Return the job that has to make room for one of a client's where no more may wait; C{None}: none has to.

        It is the last of the client that has the most, where that has more than this one will have then.
        """
        waiting = Counter(job.client for job in self._jobs)
        greedy = max(waiting, key=waiting.__getitem__, default=client)
        if waiting[greedy] <= waiting[client] + 1:
            return None
        return next(job for job in reversed(self._jobs) if job.client == greedy)

    def take(self) -> J | None:
        """Return the job whose turn it is and count it as running; C{None} where nobody waits."""
        if not self._jobs:
            return None
        # With one slot there is nothing to share; else the last free one is kept from a client that holds all others.
        share = max(1, self.slots - 1)
        job = next((job for job in self._jobs if self._running[job.client] < share), self._jobs[0])
        self._jobs.remove(job)
        self._running[job.client] += 1
        return job

    def done(self, job: J, seconds: float) -> None:
        """A job that was taken is done."""
        self._running[job.client] -= 1
        if not self._running[job.client]:
            del self._running[job.client]
        self._seconds.append(seconds)

    def retry_after(self) -> int:
        """Return in how many whole seconds a place should be free, going by the length of the line and recent jobs."""
        typical = median(self._seconds) if self._seconds else 1.0
        rounds = math.ceil((len(self._jobs) + 1) / self.slots)
        return min(_LONGEST_ADVICE, max(1, math.ceil(rounds * typical)))
