"""The scripts that are posted, and what their answers have to begin with."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

FOLDER = Path(__file__).with_name("scripts")


@frozen
class Posted:
    """A script that every contender runs.

    @ivar title: what tables call it.
    @ivar begins: the first bytes of the right answer.
    @ivar each: how often it is posted in one turn.
    @ivar turns: how many turns each contender has with it in one round.
    """

    title: str
    source: bytes
    begins: bytes
    each: int
    turns: int = 1


def source(name: str) -> bytes:
    """Return the text of one of the files in C{scripts/}."""
    return (FOLDER / f"{name}.py").read_bytes()


EMPTY = Posted("empty", b"response = b''", b"", 10)
# A machine that is shared may change its speed within a second: few at a time, and soon after each other.
LINE = Posted("A", source("line"), b"\xff\xd8\xff", 5, turns=4)
SUBPLOTS = Posted("B", source("subplots"), b"\x89PNG", 1)
ALL = (EMPTY, LINE, SUBPLOTS)

#: Draws as A does and then stays where it is: a busy slot, to be weighed.
HOLD = Posted("A, held", LINE.source + b"import time\ntime.sleep(1.2)\n", LINE.begins, 1)
