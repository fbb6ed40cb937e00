"""What a child does between its fork and the first byte of its script, and what its template does for it before.

The levels of isolation differ here and nowhere else. The order matters: each step needs what the next one takes away.
"""

from __future__ import annotations

import math
import os
import resource
import signal
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from attrs import field, frozen

from cpyrender.child import landlock, linux, namespaces, syscalls
from cpyrender.child.calls import Call, Calls

#: The levels at which bubblewrap has built the file system.
JAILED = ("full", "jail")

#: The descriptor that a child is handed its rules with, where all children share them.
RULESET = 4

# malloc's arenas, thread stacks and the like reserve address space that they never touch.
_ADDRESS_SPACE_TO_SPARE = 256 << 20
_MOST_FILES_OPEN = 256
# Of all scripts together: the kernel counts by user.
_MOST_THREADS = 512
# What else runs as that user, where it is not one of the scripts' own: a browser started later must not keep scripts
# from starting a thread, nor may they start so many that nobody else can.
_ROOM_FOR_OTHERS = 4096


@frozen(kw_only=True)
class Confinement:
    """How a child is shut in, and what it may take of the machine.

    @ivar level: C{"full"}, C{"jail"}, C{"confined"} or C{"none"}.
    @ivar readable: files and folders that a script may read.
    @ivar ruleset: the descriptor of Landlock's rules, where all scripts live by the same; a child has it as L{RULESET}.
    @ivar program: the system call filter.
    @ivar data: bytes that RLIMIT_DATA counts for the template.
    @ivar address_space: bytes that RLIMIT_AS counts for the template.
    @ivar processes: how many processes and threads RLIMIT_NPROC counts for the template's user.
    @ivar memory: bytes that a script may take beyond those.
    @ivar shared_user: whether RLIMIT_NPROC counts the processes of others too, who come and go.
    @ivar cpu: CPU seconds that a script may use.
    @ivar runs: how many scripts may share a process, one after the other.
    @ivar disk: bytes that a script may write into its folder, or into one file where a folder cannot be limited.
    @ivar folder: where each child mounts a folder of its own; C{None}: it is told where to make it.
    @ivar limits: for L{resource.setrlimit}: which, and the soft and the hard one.
    @ivar calls: what is the same for all children, and made by each of them.
    """

    level: str
    readable: tuple[str, ...]
    ruleset: int | None
    program: syscalls.Filter
    data: int
    address_space: int
    processes: int
    shared_user: bool
    memory: int
    cpu: float
    disk: int
    runs: int = 1
    folder: str | None = None
    limits: tuple[tuple[int, tuple[int, int]], ...] = field(init=False)
    calls: Calls = field(init=False, eq=False, repr=False)

    @limits.default
    def _from_the_others(self) -> tuple[tuple[int, tuple[int, int]], ...]:
        # The kernel counts by process.
        seconds = max(1, math.ceil(self.cpu * self.runs))
        return (
            _at_most_allowed(resource.RLIMIT_CORE, 0),
            _at_most_allowed(resource.RLIMIT_DATA, self.data + self.memory),
            _at_most_allowed(resource.RLIMIT_AS, self.address_space + self.memory + _ADDRESS_SPACE_TO_SPARE),
            _at_most_allowed(resource.RLIMIT_FSIZE, self.disk),
            _at_most_allowed(resource.RLIMIT_NOFILE, _MOST_FILES_OPEN),
            _at_most_allowed(
                resource.RLIMIT_NPROC, self.processes + _MOST_THREADS + (_ROOM_FOR_OTHERS if self.shared_user else 0)
            ),
            _at_most_allowed(resource.RLIMIT_MEMLOCK, 0),
            # One second between the polite signal and the deadly one: time to say why.
            _at_most_allowed(resource.RLIMIT_CPU, seconds, seconds + 1),
        )

    @calls.default
    def _that_are_the_same(self) -> Calls:
        return Calls(self._steps())

    def _steps(self) -> Iterator[Call]:
        """Yield the calls by which a child is confined. The order matters: each needs what the next one takes away."""
        yield linux.to_lead_group()
        # Whatever the script starts and abandons stays below it, where the template finds it when the script has ended.
        yield linux.to_prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
        yield linux.to_hold_back_nothing()
        if self.folder is not None:
            yield from namespaces.to_enter_own(self.folder, self.disk)
        if self.shuts_in:
            yield linux.to_prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
            # Nobody of the same user attaches to it, and it leaves no core.
            yield linux.to_prctl(linux.PR_SET_DUMPABLE, 0)
            yield from landlock.to_live_by(RULESET)
        for which, limits in self.limits:
            yield linux.to_limit(which, *limits)
        if self.shuts_in:
            yield linux.to_drop_capabilities()
        if self.folder is not None:
            # Last: it allows none of the other steps. Each child is process 1 of its own namespace.
            yield self.program.to_restrict(1)

    @property
    def shuts_in(self) -> bool:
        """Whether there is more around a script than limits: files, processes and the network are out of its reach."""
        return self.level != "none"

    @classmethod
    def parse(
        cls, settings: Mapping[str, Any], *, data: int, address_space: int, processes: int, ruleset: int | None = None
    ) -> Confinement:
        """Put together what the server sent and what the template has."""
        return cls(
            level=settings["level"],
            readable=tuple(settings["readable"]),
            ruleset=ruleset,
            program=syscalls.Filter.parse(bytes.fromhex(settings["program"])),
            data=data,
            address_space=address_space,
            processes=processes,
            shared_user=settings["uid"] is None and settings["level"] not in JAILED,
            memory=settings["memory"],
            cpu=settings["cpu"],
            disk=settings["disk"],
            runs=settings["runs"],
            folder=namespaces.mount_point(settings["spool"]) if settings["level"] == "full" else None,
        )


class OutOfCPU(BaseException):
    """Raised inside a script that used up its CPU time. No C{except Exception} of a script's catches it."""


def be_prepared(folder: str | None) -> None:
    """Do once, in a process that forks children, what would be the same in each of them.

    Signals that end a child are held back here, and not heard of.

    @param folder: the job folder of all; C{None}: each has its own.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGXCPU, out_of_cpu)
    if folder is not None:
        _be_at_home(folder)


def _be_at_home(folder: str) -> None:
    for name in ("HOME", "TMPDIR", "PWD"):
        os.environ[name] = folder


def confine(folder: str, how: Confinement) -> None:
    """Make this freshly forked process one that may read a script; its parent is prepared.

    @param folder: the job folder: where it is mounted at level C{full}, where to make it at the others.
    @raise OSError: a layer cannot be put up. The process must not go on.
    """
    if how.folder is None:
        os.mkdir(folder, 0o700)
        _be_at_home(folder)
        os.chdir(folder)
        if how.shuts_in:
            _have_rules(landlock.ruleset(how.readable, folder))
    how.calls.make()
    if how.shuts_in and how.folder is None:
        how.program.to_restrict(os.getpid()).make()


def _have_rules(ruleset: int) -> None:
    """Let these rules be where they are looked for."""
    if ruleset != RULESET:
        os.dup2(ruleset, RULESET)
        os.close(ruleset)


def _at_most_allowed(which: int, soft: int, hard: int | None = None) -> tuple[int, tuple[int, int]]:
    """Return a limit, or the machine's own where that is lower."""
    allowed = resource.getrlimit(which)[1]
    wanted = (soft, soft if hard is None else hard)
    if allowed != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], allowed), min(wanted[1], allowed))
    return which, wanted


def out_of_cpu(number: int, frame: FrameType | None) -> None:
    """Say so, from a signal.

    @raise OutOfCPU: always.
    """
    raise OutOfCPU
