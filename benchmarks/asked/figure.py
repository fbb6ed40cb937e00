"""L{Figure}: a number that was asked for, and whether it is what was asked."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

# Milliseconds that script A took the floor on the machine on which figures in ms were asked.
_FLOOR = 45


@frozen
class Figure:
    """A number with the bound that it should keep.

    @ivar value: C{None}: it could not be measured here, or was left out.
    @ivar unit: of the value and the bound; empty for a ratio.
    """

    name: str
    value: float | None
    unit: str
    bound: float
    sense: Literal["at most", "at least"] = "at most"

    @property
    def met(self) -> bool | None:
        """Whether the bound is kept; C{None}: that is not known."""
        if self.value is None:
            return None
        return self.value <= self.bound if self.sense == "at most" else self.value >= self.bound

    @property
    def wanted(self) -> str:
        """The bound in words."""
        return f"{self.sense} {self.bound:g} {self.unit}".rstrip()


def beside_floor(name: str, seconds: float, floor: float | None, bound: float) -> Figure:
    """Return a time that depends on how fast a machine is, as a share of what script A takes the floor in the same run.

    @param floor: seconds of that; C{None}: not known.
    @param bound: milliseconds, on a machine on which script A takes the floor 45.
    """
    share = None if floor is None else seconds / floor * 100
    return Figure(f"{name}, of script A's time in the floor", share, "%", round(bound / _FLOOR * 100, 1))
