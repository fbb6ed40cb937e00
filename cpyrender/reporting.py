"""``progress``: how a script says how far it has come."""

from __future__ import annotations

import sys
from collections.abc import Callable
from numbers import Real


def _print(fraction: float, text: str) -> None:
    """Tell a person at a terminal, where the script was started with plain ``python script.py``."""
    sys.stderr.write(f"{fraction:4.0%} {text}".rstrip() + "\n")


_report: Callable[[float, str], None] = _print


def progress(fraction: float, text: str = "") -> None:
    """Report that this part of the work is done.

    @param fraction: from 0 (nothing) to 1 (all).
    @param text: what is being done, for a person to read.
    @raise TypeError: C{fraction} is not a number.
    @raise ValueError: C{fraction} is not within 0 and 1.
    """
    if not isinstance(fraction, Real):
        raise TypeError(f"progress takes a number from 0 to 1, not {fraction!r}")
    if not 0 <= fraction <= 1:
        raise ValueError(f"progress goes from 0 to 1, not {fraction!r}")
    _report(float(fraction), str(text))


def report_to(report: Callable[[float, str], None]) -> Callable[[float, str], None]:
    """Send all further reports to C{report(fraction, text)} instead of stderr; return where they went before."""
    global _report
    before, _report = _report, report
    return before
