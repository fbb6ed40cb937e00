"""What there is not enough of, in this process."""

import os
from collections.abc import Callable

from attrs import define


def descriptors() -> list[str]:
    """Return the descriptors that this process holds."""
    return os.listdir("/proc/self/fd")


@define
class Shortage:
    """A call that fails once it has been made so often.

    @ivar left: how often it works yet.
    @ivar real: what it does then.
    """

    why: str
    left: int = 0
    real: Callable[[], object] = object

    def __call__(self) -> object:
        if self.left == 0:
            raise OSError(self.why)
        self.left -= 1
        return self.real()
