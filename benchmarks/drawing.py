"""How a warm interpreter that never forks runs a script, as the server of 2005 did; the floor and the peers use it.

As a command, it reads one script from stdin and writes its answer to stdout: a new interpreter for a script.
"""

from __future__ import annotations

import sys
from typing import Any


def draw(source: bytes) -> bytes:
    """Run a script and return its C{response}. All that it changed elsewhere stays changed."""
    answer = run(source)
    close()
    return answer


def run(source: bytes) -> bytes:
    """Run a script and return its C{response}, with its figures left open."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "script.py", "exec", dont_inherit=True), namespace)
    answer = namespace["response"]
    return answer.encode() if isinstance(answer, str) else bytes(answer)


def close() -> None:
    """Close the figures that a script left: what serves for days has to."""
    from matplotlib import pyplot

    pyplot.close("all")


def warm() -> None:
    """Import what the scripts use, and draw once."""
    import matplotlib

    matplotlib.use("agg")
    from benchmarks.posted import LINE

    draw(LINE.source)


if __name__ == "__main__":
    sys.stdout.buffer.write(run(sys.stdin.buffer.read()))
