"""L{Threads}: the threads of a pool, and how one of them is handed something to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread

from twisted.logger import Logger
from twisted.python.failure import Failure

_Work = Callable[[], object]
_Mailbox = SimpleQueue[_Work | None]
_Told = Callable[[bool, object], object]


class Threads:
    """A fixed number of threads, for L{twisted.internet.threads.deferToThreadPool}.

    Twisted's own pool, which grows and shrinks as it is needed, goes through some thirty functions for each thing that
    is to be done, and takes any thread. Here it is the one that was busy last, of which most is still in the caches.
    """

    _log = Logger()

    def __init__(self, count: int, name: str) -> None:
        """
        @param name: what the threads' names begin with.
        """
        self._count = count
        self._name = name
        self._lock = Lock()
        self._idle: list[_Mailbox] = []
        self._waiting: deque[_Work | None] = deque()
        self._threads: list[Thread] = []
        self._stopped = False

    @property
    def idle(self) -> int:
        """How many of them wait for something to do."""
        return len(self._idle)

    def start(self) -> None:
        """Start all of them.

        @raise OSError: there is no room for so many; there are none then.
        """
        self._stopped = False
        for number in range(self._count):
            thread = Thread(target=self._serve, args=(SimpleQueue(),), name=f"{self._name}-{number}")
            try:
                thread.start()
            except RuntimeError as error:
                self.stop()
                raise OSError(str(error)) from None
            self._threads.append(thread)

    def stop(self) -> None:
        """Let them do what they have been handed, and wait for their end; what is handed to them later is dropped."""
        self._stopped = True
        for _ in self._threads:
            self._hand_over(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def callInThreadWithCallback(self, told: _Told, call: Callable[..., object], *args: object) -> None:
        """Have something done in one of the threads.

        @param told: is called there with C{True} and the result, or C{False} and a L{Failure}.
        """
        if not self._stopped:
            self._hand_over(partial(_do, told, call, args))

    def _hand_over(self, work: _Work | None) -> None:
        with self._lock:
            if not self._idle:
                self._waiting.append(work)
                return
            mailbox = self._idle.pop()
        mailbox.put(work)

    def _serve(self, mailbox: _Mailbox) -> None:
        while self._serve_once(mailbox):
            pass

    def _serve_once(self, mailbox: _Mailbox) -> bool:
        # A function of its own, so that nothing that has been done is held while a thread waits.
        work = self._next(mailbox)
        if work is None:
            return False
        try:
            work()
        except BaseException:
            self._log.failure("What a thread had done could not be told; this is a bug.")
        return True

    def _next(self, mailbox: _Mailbox) -> _Work | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._idle.append(mailbox)
        return mailbox.get()


def _do(told: _Told, call: Callable[..., object], args: tuple[object, ...]) -> None:
    try:
        result, succeeded = call(*args), True
    except BaseException:
        result, succeeded = Failure(), False
    told(succeeded, result)
