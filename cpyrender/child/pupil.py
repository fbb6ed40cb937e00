"""A child that runs a lesson, and is looked at meanwhile.

It is not confined: all that runs in it is our own.
"""

from __future__ import annotations

import os
from typing import NoReturn

from cpyrender.child.commands import DONE, THERE
from cpyrender.child.lesson import GIVEN
from cpyrender.child.script import practise


def give_one(*, result: int, legacy: bool, refusing: bool) -> NoReturn:
    """Run the script whose number in L{GIVEN} comes on stdin, and stay to be looked at until stdin is closed.

    @param result: the descriptor on which to say that the child is there, and that the script has been run.
    @param legacy: as for L{cpyrender.child.script.serve_one}.
    @param refusing: likewise.
    """
    os.write(result, THERE)
    chosen = os.read(0, 1)
    if chosen:
        practise(GIVEN[chosen[0]], legacy=legacy, refusing=refusing)
        os.write(result, DONE)
        os.read(0, 1)
    os._exit(0)
