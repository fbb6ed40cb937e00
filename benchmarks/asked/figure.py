"""L{Figure}: a number that was asked for, and whether it is what was asked."""

from __future__ import annotations

from typing import Literal

from attrs import frozen


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
