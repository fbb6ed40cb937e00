"""How measured times are spread: medians and percentiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least this share (0 to 1) of them does not exceed: the nearest rank.

    @raise ValueError: there are none, or the share is not one.
    """
    if not values or not 0 <= share <= 1:
        raise ValueError("no values, or no share")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@frozen
class Spread:
    """Of so many samples: the median, and what 95 and 99 of 100 do not exceed; in the samples' own unit."""

    p50: float
    p95: float
    p99: float
    samples: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of some values."""
        p50, p95, p99 = (percentile(values, share) for share in (0.50, 0.95, 0.99))
        return cls(p50, p95, p99, len(values))
