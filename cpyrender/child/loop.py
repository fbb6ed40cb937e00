"""A template's loop in C, C{_loop.c}, as long as all it does is to fork and to bury.

What Python writes to as it runs, if only to count who refers to what, is here and there among all that a template
holds. After each fork it had 180 pages copied for that; and it broke the huge pages that they lie in, so that the next
fork had 512 small ones to share instead of each. This loop writes to its stack, and to little else.

It is for templates whose children are all confined alike, and leave nothing behind (level C{full}). What it does not
know, or what fails, it leaves to L{cpyrender.child.template}, which can do all of it.
"""

from __future__ import annotations

from cpyrender.child.calls import Calls
from cpyrender.child.seeds import reseed, to_reseed

try:
    from cpyrender.child._loop import Loop as Loop
except ImportError:
    Loop = None  # type: ignore[assignment, misc]  # there was no compiler


def begin_loop(
    commands: int, words: tuple[bytes, ...], told: bytes, leave: Calls, come_back: Calls, keeping: Calls
) -> Loop | None:
    """Return a loop, if there can be one.

    @param commands: the socket that leads to the server.
    @param words: the commands on which a child is to be forked.
    @param told: what the server is told with its descriptors.
    @param leave: what is called before each fork; and random numbers are seeded.
    @param come_back: what is called after it, in the template.
    @param keeping: as of L{cpyrender.child.pipes.Keeping}.
    """
    reseed()
    seeding = to_reseed()
    if Loop is None or seeding is None:
        return None
    return Loop(commands, words, told, (seeding + leave).all, keeping.all, come_back.all)
