"""What cpyrender costs, beside the floor and beside other ways to do it: C{python -m benchmarks}."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

try:
    from benchmarks import tree
except ModuleNotFoundError as error:
    sys.exit(f"{error}: pip install -e . -r benchmarks/requirements.txt")
from benchmarks.client import WrongAnswerError
from benchmarks.contender import CORES, Contender, contenders
from benchmarks.result import Result
from benchmarks.run import QUICK, Extent, run
from benchmarks.table import markdown, short


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures cpyrender, the floor and others in turn, in less than ten minutes on a machine that has "
        "nothing else to do. That something is slow is no failure: the last lines say what falls short.",
    )
    parser.add_argument("--quick", action="store_true", help="less of everything: in less than two minutes")
    parser.add_argument("--only", metavar="NAME,...", help=f"of: {', '.join(one.name for one in contenders())}")
    parser.add_argument("--rounds", type=_positive, metavar="N", help="rounds of one client at a time")
    parser.add_argument("--json", type=_writable, metavar="FILE", help="write all that was measured")
    parser.add_argument("--markdown", type=_writable, metavar="FILE", help="write the tables; default: to stdout")
    parser.add_argument(
        "--plot", type=_writable, metavar="FILE", help="have cpyrender draw the result: .png, .svg, .pdf"
    )
    return parser.parse_args(arguments)


def _positive(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word} is no number above 0")
    return int(word)


def _writable(word: str) -> Path:
    # Now, and not after ten minutes of measuring.
    path = Path(word)
    if not path.parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"{word} cannot be written")
    return path


def chosen(only: str | None) -> list[Contender]:
    """Return the contenders that are wanted and can be had, in the order of tables; ends the program with none."""
    every = {one.name: one for one in contenders()}
    names = only.split(",") if only else list(every)
    if unknown := set(names) - set(every):
        sys.exit(f"--only: no {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    able = []
    for one in every.values():
        if one.name in names and (missing := one.missing()):
            sys.stderr.write(
                f"left out: {one.name}, for want of {', '.join(missing)}: see benchmarks/requirements.txt\n"
            )
        elif one.name in names:
            able.append(one)
    return able or sys.exit("nothing to measure")


def extent(options: argparse.Namespace) -> Extent:
    """Return how much is to be measured."""
    plain = QUICK if options.quick else Extent()
    if options.rounds is None:
        return plain
    # Who names the rounds wants them, however long they take.
    return evolve(plain, rounds=(options.rounds, float("inf")))


def report(result: Result, options: argparse.Namespace) -> None:
    """Write what was asked for, and say what falls short."""
    if options.json is not None:
        options.json.write_text(result.json())
    if options.markdown is not None:
        options.markdown.write_text(markdown(result))
    else:
        sys.stdout.write(markdown(result))
    for one in result.contenders:
        if one.cpu_seen < 0.9:
            sys.stderr.write(f"only {one.cpu_seen:.0%} of the CPU time of {one.name} is seen\n")
    lines = short(result.figures)
    if lines:
        sys.stderr.write("short of what is asked:\n" + "".join(f"  {line}\n" for line in lines))
    elif result.figures:
        sys.stderr.write("all is as asked\n")


def main() -> None:
    """Measure, and report; whatever happens, nothing that was started is left running."""
    options = parse(sys.argv[1:])
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, frame: sys.exit(128 + received))
    if (busy := os.getloadavg()[0]) > CORES / 4:
        sys.stderr.write(f"the machine is busy (load {busy:.1f}): what comes out may say little\n")
    tree.adopt_orphans()
    try:
        result = run(chosen(options.only), extent(options), options.plot)
    except (OSError, WrongAnswerError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        tree.end_orphans()
    report(result, options)


if __name__ == "__main__":
    main()
