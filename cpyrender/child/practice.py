"""Practice: typical scripts, run in the template until Python runs them as fast as it can.

Code that has run some eight times is specialised: its instructions are replaced by ones that expect what they have met
so far (PEP 659). And each attribute that is looked up in a class is remembered, with its name. Children inherit both.
Without it, each of them ran all for the first time: a chart took a millisecond and a half more of its own time; and as
names were remembered that lay here and there, some 300 pages more were copied for it. See C{sys._clear_type_cache}.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from cpyrender.child import script
from cpyrender.child.lesson import LESSONS

#: How often Python has to see code before it specialises it, and once more to do so.
ENOUGH = 10


def run_lessons() -> None:
    """Run each of the typical scripts once, with all that becomes of its answer."""
    for source in LESSONS:
        _run(source)


def practise(drawing: Callable[[], AbstractContextManager[None]], rounds: int = ENOUGH) -> Iterator[None]:
    """Run the typical scripts again and again, one in each step.

    @param drawing: what is to be around each of them.
    """
    for source in LESSONS * rounds:
        with drawing():
            _run(source)
        yield


def forget_lookups() -> None:
    """Forget what has been looked up in classes; what is looked up next is remembered anew."""
    # Python 3.13 has the first, and wants the other no more.
    forget: Callable[[], None] = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
    forget()


def _run(source: bytes) -> None:
    # Heavy, and imported by the template long before.
    from matplotlib import pyplot

    script.practise(source, legacy=True, refusing=True)
    pyplot.close("all")
