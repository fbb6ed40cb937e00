"""Compare every chart of matplotlib's documentation: ``python -m tests.gallery [--level L] [--only PART]``."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from tests.gallery.comparing import References, Verdict, compare_all
from tests.gallery.sdist import NotFetchedError, galleries, scripts
from tests.live.running import serving

_PARTS = ("plot_types", "examples", "tutorials", "users_explain")
_OPTIONS = ("--timeout", "50", "--memory", "2G")


def main() -> int:
    """Print what came of each script that is not simply equal, and a table; return how many differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.gallery", description=__doc__)
    levels = ("full", "jail", "confined", "none")
    parser.add_argument("--level", choices=levels, action="append", help="of isolation; default: the strongest")
    parser.add_argument("--only", choices=_PARTS, action="append", help="one gallery; default: all")
    parser.add_argument("--match", default="", help="only scripts whose path has this in it")
    parser.add_argument("--share", default="1/1", help="K/N: the Kth of N parts of them")
    wanted = parser.parse_args()
    # So that one which is ended from outside clears up as well.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("terminated"))
    try:
        chosen = [one for part in wanted.only or _PARTS for one in scripts(part) if wanted.match in str(one)]
    except NotFetchedError as error:
        sys.exit(str(error))
    which, of = map(int, wanted.share.split("/"))
    references = References()
    return sum(_compare(level, chosen[which - 1 :: of], references) for level in wanted.level or [None])


def _compare(level: str | None, chosen: list[Path], references: References) -> int:
    counts: Counter[Verdict] = Counter()
    began = time.monotonic()
    with serving(*_OPTIONS, level=level) as server:
        for comparison in compare_all(server, chosen, references):
            counts[comparison.verdict] += 1
            if comparison.verdict is not Verdict.EQUAL:
                name = comparison.script.relative_to(galleries())
                _say(f"{comparison.verdict.value}: {name}: {comparison.why}")
    _say(f"level {level or 'the strongest'}: tried {len(chosen)} in {time.monotonic() - began:.0f} s")
    for verdict in Verdict:
        _say(f"    {counts[verdict]:4} {verdict.value}")
    return counts[Verdict.DIFFERS]


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # that is what this program is for


if __name__ == "__main__":
    sys.exit(min(1, main()))
