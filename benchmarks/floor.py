"""The floor: C{exec} of a script in one warm process that never forks, with no HTTP. Nothing can be faster for long.

As a command it is that process: each script comes on stdin after its length, and the seconds that it took, the length
of its answer and the answer go to stdout. The closing of figures afterwards is not in the seconds.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from typing import IO

from attrs import frozen

from benchmarks import drawing
from benchmarks.client import Reply, WrongAnswerError

_LENGTH = struct.Struct("<I")
_TOOK = struct.Struct("<dI")


@frozen
class FloorClient:
    """Talks to one floor process.

    @ivar scripts: where its stdin begins.
    @ivar answers: where its stdout ends.
    """

    scripts: IO[bytes]
    answers: IO[bytes]

    def run(self, source: bytes) -> Reply:
        """Have a script run; the seconds are those that the process has measured itself."""
        self.scripts.write(_LENGTH.pack(len(source)) + source)
        self.scripts.flush()
        head = self.answers.read(_TOOK.size)
        if len(head) < _TOOK.size:
            raise WrongAnswerError("the floor's process has ended")
        took, length = _TOOK.unpack(head)
        return Reply(200, self.answers.read(length), took)

    def close(self) -> None:
        """Keep the pipes: they last as long as the process."""


def main() -> None:
    """Be the floor, until stdin ends."""
    # What a script prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    drawing.warm()
    while head := sys.stdin.buffer.read(_LENGTH.size):
        source = sys.stdin.buffer.read(*_LENGTH.unpack(head))
        began = time.perf_counter()
        answer = drawing.run(source)
        took = time.perf_counter() - began
        answers.write(_TOOK.pack(took, len(answer)) + answer)
        answers.flush()
        drawing.close()


if __name__ == "__main__":
    main()
