"""``python -m cpyrender.child FD [NAMES]``: the template process. The server starts it; it is of no use to a person.

It is told how to be over the socket whose number is C{FD}. C{NAMES} is the number of a file with what scripts are known
to write to, which is then put together; or C{learn}, to find that out. See L{cpyrender.child.placement}.
"""

from __future__ import annotations

import sys

from cpyrender.child import placement


def main() -> None:
    """Let all that is made from now on have its place; then be the template."""
    fd, *names = sys.argv[1:]
    if names:
        placement.begin(b"" if names[0] == "learn" else placement.read(int(names[0])))
    # Not before: what comes with these is to have its place as well, and to lie in the heap.
    from cpyrender.child.ground import Heap

    heap = Heap.lay_out()
    from cpyrender.child import start

    start.be_template(int(fd), heap, learning=names == ["learn"])


if __name__ == "__main__":
    main()
