"""L{Pipes}: what joins a child to the server, and to nobody else."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from attrs import frozen

from cpyrender.child import linux
from cpyrender.child.calls import Calls


@frozen
class Pipes:
    """A child's own ends, and those that the server is handed, in the order in which they are sent."""

    script: tuple[int, int]
    result: tuple[int, int]
    stdout: tuple[int, int]
    stderr: tuple[int, int]
    ended: tuple[int, int]

    @classmethod
    def open(cls) -> Pipes:
        """Make them.

        @raise OSError: there is no room for so many descriptors; then there is none of them.
        """
        made: list[tuple[int, int]] = []
        try:
            while len(made) < 5:
                made.append(os.pipe())
        except OSError:
            for pair in made:
                close(*pair)
            raise
        pipes = cls(*made)
        for fd in pipes.of_the_server:
            # Here, and not in the server, whose time is everybody's.
            os.set_blocking(fd, False)
        return pipes

    @property
    def of_the_server(self) -> list[int]:
        """What the server is sent, in this order."""
        return [self.script[1], self.result[0], self.stdout[0], self.stderr[0], self.ended[0]]

    @property
    def of_the_child(self) -> list[int]:
        """What the child has as 0, 1, 2 and 3."""
        return [self.script[0], self.stdout[1], self.stderr[1], self.result[1]]


def close(*fds: int) -> None:
    """Close some descriptors."""
    for fd in fds:
        os.close(fd)


class Keeping:
    """Has children keep some descriptors as 0, 1, 2 and so on, and close all others."""

    def __init__(self, count: int, shared: Sequence[int] = ()) -> None:
        """
        @param count: how many of its own each child keeps. No descriptor that is opened from here on has a number that
            one is to be kept as.
        @param shared: what each of them keeps after those.
        """
        self._count = count + len(shared)
        self._calls = Calls(linux.to_have_as(number) for number in range(self._count))
        self._close_others = Calls([linux.to_close_from(self._count)])
        while (fd := os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)) < self._count:
            pass
        os.close(fd)
        for number, fd in enumerate(shared, count):
            self._calls.give(number, os.dup(fd))

    @property
    def calls(self) -> Calls:
        """What is called to keep them: for each one a call, the first argument of which is what it is to be."""
        return self._calls

    def afresh(self) -> Keeping:
        """Return the same, in another place."""
        fresh = copy.copy(self)
        fresh._calls, fresh._close_others = self._calls.afresh(), self._close_others.afresh()
        return fresh

    def let_keep(self, fds: Iterable[int]) -> None:
        """Say, before the fork, which a child is to keep of those that have been opened since."""
        for number, fd in enumerate(fds):
            self._calls.give(number, fd)

    def keep(self) -> None:
        """Keep them, in the child."""
        self._calls.make()
        try:
            self._close_others.make()
        except OSError:
            linux.close_from(self._count)

    @contextmanager
    def to_no_effect(self) -> Iterator[None]:
        """Let L{keep} do nothing meanwhile."""
        with self._calls.to_no_effect(), self._close_others.to_no_effect():
            yield
