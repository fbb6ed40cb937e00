"""L{cpyrender.child.semaphores}."""

from __future__ import annotations

from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.semaphores import SemLock


def recursive() -> SemLock:
    return SemLock(0, 1, 1, "/unused", True)


def semaphore(value: int, most: int = SemLock.SEM_VALUE_MAX) -> SemLock:
    return SemLock(1, value, most, "/unused", True)


def elsewhere(lock: SemLock) -> bool:
    """Return whether another thread can take a lock at once."""
    got: list[bool] = []
    thread = Thread(target=lambda: got.append(lock.acquire(False)))
    thread.start()
    thread.join()
    return got[0]


class SemaphoreTests(SynchronousTestCase):
    """A counting semaphore."""

    def test_counts(self) -> None:
        """It can be taken as often as it counts, and once more for each time that it is released."""
        lock = semaphore(2)
        self.assertEqual([lock.acquire(), lock.acquire(True, 0.001), lock.acquire(False)], [True, True, False])
        self.assertTrue(lock._is_zero())
        lock.release()
        self.assertEqual((lock._get_value(), elsewhere(lock)), (1, True))

    def test_waits(self) -> None:
        """Who waits for it gets it when another thread releases it."""
        lock = semaphore(0)
        thread = Thread(target=lock.release)
        thread.start()
        self.assertTrue(lock.acquire(True, 60))
        thread.join()

    def test_released_too_often(self) -> None:
        """A bounded one is not released beyond its bound."""
        self.assertRaises(ValueError, semaphore(1, 1).release)


class RecursiveTests(SynchronousTestCase):
    """A lock that its holder may take again."""

    def test_again(self) -> None:
        """Its holder takes it again, and others get it when it has been released as often."""
        lock = recursive()
        with lock, lock:
            self.assertEqual((lock._count(), lock._is_mine(), elsewhere(lock)), (2, True, False))
        self.assertEqual((lock._count(), lock._is_mine(), elsewhere(lock)), (0, False, True))

    def test_of_another(self) -> None:
        """Nobody but its holder releases it."""
        lock = recursive()
        self.assertRaises(AssertionError, lock.release)
        self.assertTrue(elsewhere(lock))
        self.assertRaises(AssertionError, lock.release)
