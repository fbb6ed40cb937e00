"""What a child does between its fork and the first byte of its script.

The levels of isolation differ here and nowhere else.
"""

from __future__ import annotations

import math
import os
import random
import resource
import signal
from types import FrameType

from attrs import frozen

from cpyrender.child import linux

# malloc's arenas, thread stacks and the like reserve address space that they never touch.
_ADDRESS_SPACE_TO_SPARE = 256 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")


@frozen(kw_only=True)
class Limits:
    """What a script may take of the machine.

    @ivar memory: bytes beyond what the template holds.
    @ivar cpu: CPU seconds.
    """

    memory: int
    cpu: float


class OutOfCPU(BaseException):
    """Raised inside a script that used up its CPU time. No C{except Exception} of a script's catches it."""


def confine(folder: str, limits: Limits) -> None:
    """Make this freshly forked process one that may read a script.

    @param folder: where to make the job folder; nothing else may stand there.
    @raise OSError: a layer cannot be put up. The process must not go on.
    """
    os.setpgid(0, 0)
    # Whatever the script starts and abandons stays below it, where the template finds it when the script has ended.
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _enter(folder)
    _limit(limits)
    _reseed()


def _enter(folder: str) -> None:
    os.mkdir(folder, 0o700)
    os.chdir(folder)
    for name in ("HOME", "TMPDIR", "PWD"):
        os.environ[name] = folder


def _limit(limits: Limits) -> None:
    with open("/proc/self/statm", "rb") as statm:
        pages = [int(word) for word in statm.read().split()]
    address_space, data = pages[0] * _PAGE, pages[5] * _PAGE
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_DATA, data + limits.memory)
    _lower(resource.RLIMIT_AS, address_space + limits.memory + _ADDRESS_SPACE_TO_SPARE)
    seconds = max(1, math.ceil(limits.cpu))
    signal.signal(signal.SIGXCPU, _out_of_cpu)
    # One second between the polite signal and the deadly one: time to say why.
    _lower(resource.RLIMIT_CPU, seconds, seconds + 1)


def _lower(which: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, or leave it where the machine's own is lower."""
    allowed = resource.getrlimit(which)[1]
    wanted = (soft, soft if hard is None else hard)
    if allowed != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], allowed), min(wanted[1], allowed))
    resource.setrlimit(which, wanted)


def _out_of_cpu(number: int, frame: FrameType | None) -> None:
    raise OutOfCPU


def _reseed() -> None:
    """Let random numbers differ from one script to the next: a fork inherits its parent's generators."""
    random.seed()
    # Heavy, and already there: the template has imported it.
    import numpy

    numpy.random.seed()
