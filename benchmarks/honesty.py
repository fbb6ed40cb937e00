"""Two looks that have nothing to do with speed: what of one script reaches the next, and whether all CPU is seen."""

from __future__ import annotations

from benchmarks import tree
from benchmarks.posted import Posted
from benchmarks.running import Running

_LEAVE = Posted("leave", b"import builtins\nbuiltins.left_behind = True\nresponse = b'left'\n", b"left", 1)
_LOOK = Posted("look", b"import builtins\nresponse = str(hasattr(builtins, 'left_behind'))\n", b"", 1)
# Which of several workers gets a script is chance, and one may have been replaced in between.
_ROUNDS = 5
_SPUN = 0.3
_SPIN = b"import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nresponse = b'spun'\n"


def leaks(running: Running) -> bool:
    """Return whether a name that a script has put among the builtins is there for a later script."""
    return any(_leaks(running) for _ in range(_ROUNDS))


def _leaks(running: Running) -> bool:
    client, slots = running.client(), running.contender.slots
    try:
        for _ in range(slots):
            client.run(_LEAVE.source).check(_LEAVE)
        return any(client.run(_LOOK.source).check(_LOOK).body == b"True" for _ in range(slots * 4))
    finally:
        client.close()


def cpu_seen(running: Running) -> float:
    """Return which share of a script's CPU time is seen in the contender's tree: 1 or more, if none is hidden."""
    client = running.client()
    before = tree.settled_cpu(running.pids)
    client.run(_SPIN).check(Posted("spin", _SPIN, b"spun", 1))
    client.close()
    return (tree.settled_cpu(running.pids) - before) / _SPUN
