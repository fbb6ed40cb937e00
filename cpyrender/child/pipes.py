"""L{Pipes}: what joins a child to the server, and to nobody else."""

from __future__ import annotations

import os

from attrs import frozen

from cpyrender.child import linux


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


def take_only(fds: list[int]) -> None:
    """Keep these as 0, 1, 2 and so on, and close all others."""
    # First out of the way of the numbers they are to have.
    high = [os.dup(fd) for fd in fds]
    while min(high) < len(fds):
        high = [os.dup(fd) for fd in high]
    for number, fd in enumerate(high):
        os.dup2(fd, number)
    linux.close_from(len(fds))
