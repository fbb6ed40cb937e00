"""Tests of L{cpyrender.pool.rate}."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool import rate
from cpyrender.pool.rate import Turnstile
from cpyrender.settings import Rate


class TurnstileTests(SynchronousTestCase):
    """L{Turnstile}."""

    def setUp(self) -> None:
        self.now = 1000.0
        self.turnstile = self.made(3, 60)

    def made(self, scripts: int, seconds: float) -> Turnstile:
        return Turnstile(Rate(scripts, seconds), lambda: self.now)

    def let_in(self, client: str, times: int) -> int:
        """Return how often a client was let in that came so many times."""
        return sum(self.turnstile.wait(client) == 0 for _ in range(times))

    def test_at_once(self) -> None:
        """A client who has not come for long may post as many as the rate says, and no more."""
        self.assertEqual(self.let_in("a", 10), 3)

    def test_one_by_one(self) -> None:
        """After that, there is one more whenever its share of the time has passed, also for who came too early."""
        self.let_in("a", 10)
        self.assertEqual(self.turnstile.wait("a"), 20)
        self.now += 19
        self.assertEqual(self.turnstile.wait("a"), 1)
        self.now += 1
        self.assertEqual(self.let_in("a", 10), 1)

    def test_others(self) -> None:
        """One client's scripts are not another's."""
        self.let_in("a", 10)
        self.assertEqual(self.let_in("b", 10), 3)

    def test_nobody(self) -> None:
        """Who has no address is not counted."""
        self.assertEqual((self.let_in("", 10), len(self.turnstile)), (10, 0))

    def test_memory(self) -> None:
        """Only so many clients are remembered: those whose time is over, or else who came first, are forgotten."""
        self.patch(rate, "_REMEMBERED", 3)
        self.let_in("a", 10)
        for client in "bcd":
            self.turnstile.wait(client)
        self.assertEqual((len(self.turnstile), self.let_in("d", 10), self.let_in("a", 10)), (3, 2, 3))
        self.now += 1000
        for client in "wxyz":
            self.turnstile.wait(client)
        self.assertLessEqual(len(self.turnstile), 3)

    @given(
        st.integers(1, 50),
        st.floats(0.01, 1000),
        st.lists(st.floats(0, 100), min_size=1, max_size=200),
    )
    def test_never_more(self, scripts: int, seconds: float, pauses: list[float]) -> None:
        """Whenever a client comes, in no span of the rate's seconds is it let in more often than twice the rate."""
        self.turnstile = self.made(scripts, seconds)
        moments = []
        for pause in pauses:
            self.now += pause
            if self.turnstile.wait("a") == 0:
                moments.append(self.now)
        for first, moment in enumerate(moments):
            within = [other for other in moments[first:] if other - moment < seconds * 0.999]
            self.assertLessEqual(len(within), 2 * scripts)
