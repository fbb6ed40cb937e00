"""L{Turnstile}: how many scripts each client may post in a time."""

from __future__ import annotations

from collections.abc import Callable

from cpyrender.settings import Rate

# Beyond it, those who came first are forgotten first: an attacker with many networks buys himself nothing by that but
# what the networks are worth anyway.
_REMEMBERED = 10_000


class Turnstile:
    """Lets each client have C{rate.scripts} at once, and then one whenever C{rate.seconds / rate.scripts} have passed.

    That is GCRA, the leaky bucket of ITU-T I.371, Annex A: for each client one moment is kept, up to which its scripts
    are paid for.
    """

    def __init__(self, rate: Rate, seconds: Callable[[], float]) -> None:
        """@param seconds: tells the time."""
        self._each = rate.seconds / rate.scripts
        self._burst = rate.seconds
        self._seconds = seconds
        self._paid_until: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._paid_until)

    def wait(self, client: str) -> float:
        """Let one script of a client in; or return in how many seconds it would be let in, and count nothing.

        @param client: whom to count it for; empty: nobody, whose scripts are not counted.
        @return: 0.0: it is in.
        """
        if not client:
            return 0.0
        now = self._seconds()
        # Taken out and put back at the end: the first in the dict is the one who has not come for longest.
        paid = max(now, self._paid_until.pop(client, now))
        wait = paid + self._each - self._burst - now
        # What many small sums lose in precision must not cost a client its last script.
        in_now = wait <= self._each * 1e-6
        self._paid_until[client] = paid + self._each if in_now else paid
        if len(self._paid_until) > _REMEMBERED:
            self._forget(now)
        return 0.0 if in_now else wait

    def _forget(self, now: float) -> None:
        self._paid_until = {client: paid for client, paid in self._paid_until.items() if paid > now}
        while len(self._paid_until) > _REMEMBERED:
            del self._paid_until[next(iter(self._paid_until))]
