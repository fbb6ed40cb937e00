"""What a contender weighs: the memory of its tree of processes, shared pages divided among the sharers (PSS)."""

from __future__ import annotations

import time
from functools import partial

from attrs import frozen

from benchmarks import tree
from benchmarks.crowd import Crowd
from benchmarks.posted import HOLD
from benchmarks.running import Running

_SECONDS_BETWEEN_LOOKS = 0.25


@frozen
class Memory:
    """In bytes; C{None}: the system does not let us look.

    @ivar idle: of all processes, when none of them has anything to do.
    @ivar busy_slot: what each slot adds while it holds script A.
    """

    idle: int | None
    busy_slot: int | None


def measure(running: Running) -> Memory:
    """Weigh a contender, idle, and with script A held in each of its slots."""
    tree.settled_cpu(running.pids)
    idle = tree.pss(running.pids)
    if idle is None:
        return Memory(None, None)
    slots = running.contender.slots
    holding = Crowd.start([partial(_hold, running, number) for number in range(slots)])
    heaviest = idle
    while holding.busy():
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        heaviest = max(heaviest, tree.pss(running.pids) or 0)
    holding.join()
    return Memory(idle, (heaviest - idle) // slots)


def _hold(running: Running, number: int) -> None:
    client = running.client(number)
    client.run(HOLD.source).check(HOLD)
    client.close()
