"""L{Crowd}: clients that are busy at the same time, each in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread

from attrs import Factory, define


@define
class Crowd:
    """Threads that do something each.

    @ivar failed: what was raised in them.
    """

    failed: list[Exception] = Factory(list)
    _threads: list[Thread] = Factory(list)

    @classmethod
    def start(cls, jobs: Sequence[Callable[[], None]]) -> Crowd:
        """Start all of them. Nobody has to wait for them when the benchmark is interrupted: they are daemons."""
        crowd = cls()
        crowd._threads = [Thread(target=crowd._do, args=(job,), daemon=True) for job in jobs]
        for thread in crowd._threads:
            thread.start()
        return crowd

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:
            self.failed.append(error)

    def busy(self) -> bool:
        """Return whether one of them has not done all yet."""
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        """Wait for all.

        @raise Exception: what the first one raised that failed.
        """
        for thread in self._threads:
            thread.join()
        if self.failed:
            raise self.failed[0]
