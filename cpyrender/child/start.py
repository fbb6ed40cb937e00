"""The start of a template: it is told how to be, goes where its level of isolation wants it, and warms up.

Then it says that it is ready, or why it never will be.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import os
import resource
import select
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import evolve

from cpyrender.child import ground, landlock, libraries, linux, measure, namespaces, placement, semaphores, streams
from cpyrender.child.confine import JAILED, Confinement, be_prepared
from cpyrender.child.folder import remove_if_possible
from cpyrender.child.forking import Hooks
from cpyrender.child.ground import Heap
from cpyrender.child.privilege import become, leave_root
from cpyrender.child.template import Step, Template
from cpyrender.child.warm import Warmth

_SETTINGS_SIZE = 1 << 16
# A tenth of the weight that others have, where there is only one processor.
_NICE = 10


def be_template(fd: int, heap: Heap | None, learning: bool) -> None:
    """Read the settings from the server, warm up, serve until it is gone.

    @param fd: the socket that leads to the server.
    @param heap: this process's, where it has one that has been laid out.
    @param learning: be a L{Learner} instead, tell the server what that has found out, and end.
    """
    if learning:
        # The server has better things to do.
        os.nice(_NICE)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    commands = socket.socket(fileno=fd)
    commands.set_inheritable(False)
    settings = json.loads(commands.recv(_SETTINGS_SIZE))
    if settings["level"] not in JAILED:
        # There will be a folder, and nobody else to remove it when the server is gone.
        linux.prctl(linux.PR_SET_PDEATHSIG, 0)
    try:
        _be_template(commands, settings, heap, learning)
    finally:
        # In a jail it is a mount, and vanishes with it.
        if settings["level"] not in JAILED and _is_gone(commands):
            remove_if_possible(settings["spool"])


def _is_gone(commands: socket.socket) -> bool:
    """Whether the server has ended, or wants this template no more."""
    poll = select.poll()
    poll.register(commands, select.POLLRDHUP)
    return bool(poll.poll(0))


def _be_template(commands: socket.socket, settings: Mapping[str, Any], heap: Heap | None, learning: bool) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal or a service manager may signal the whole group; the server decides when the template ends.
        signal.signal(number, signal.SIG_IGN)
    try:
        _settle(settings, commands, heap)
    except Exception as error:
        return _tell(commands, missing=f"{type(error).__name__}: {error}")
    hooks = Hooks()
    try:
        if settings["level"] != "none":
            semaphores.install()
        with hooks.noted():
            warmth = Warmth(heap)
            unusable = warmth.begin(settings["preload"], settings["fonts"])
        confinement = _measure(settings)
    except Exception as error:
        return _tell(commands, failed=f"{type(error).__name__}: {error}")
    if not learning:
        # From here on the end of the socket says when to go: only so can the template clear up first.
        linux.prctl(linux.PR_SET_PDEATHSIG, 0)
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    be_prepared(namespaces.mount_point(settings["spool"]) if settings["level"] == "full" else None)
    streams.open_ahead()
    _tell(commands, ready=True, unusable=unusable)
    complete = functools.partial(_complete, warmth, hooks, confinement)
    if learning:
        return _learn(commands, settings, complete(lambda: None), warmth.settle_again)
    spool, legacy = settings["spool"], settings["legacy"]
    Template(commands, spool, confinement, legacy, hooks.forker(), complete, warmth.settle_again).serve()


def _learn(
    commands: socket.socket,
    settings: Mapping[str, Any],
    completing: Iterator[Step],
    settle: Callable[[], None],
) -> None:
    """Find out what scripts write to."""
    # Not before everything else has been imported: what it needs beyond a template is not to be among that.
    *_, (confinement, fork) = completing
    from cpyrender.child.learner import DidNotLearn, Learner

    # What children are answered with stays here.
    unheard, own = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    learner = Learner(own, settings["spool"], confinement, settings["legacy"], fork)
    # As its children have only what is recorded made read-only, what libraries make there is not to be among that: the
    # kernel could not write to it.
    settle()
    try:
        names = learner.learn(lambda: _is_gone(commands))
    except (DidNotLearn, OSError) as error:
        return _tell(commands, failed=f"{type(error).__name__}: {error}")
    finally:
        unheard.close()
    _tell(commands, written=base64.b64encode(names).decode())


def _tell(commands: socket.socket, **said: object) -> None:
    try:
        commands.send(json.dumps(said).encode())
    except ConnectionError:
        pass  # The server has gone in the meantime; the end of the socket will tell.


def _settle(settings: Mapping[str, Any], commands: socket.socket, heap: Heap | None) -> None:
    """Be where, and who, the level of isolation wants the template to be."""
    uid, spool = settings["uid"], settings["spool"]
    if uid is not None and settings["level"] in JAILED:
        os.chown(spool, uid, uid)
    if settings["level"] == "full":
        # It forks, and what is shared with another process cannot be joined any more.
        libraries.join()
        if heap is not None:
            heap.end_evenly()
        namespaces.enter(uid, commands.fileno())
        # Once more: it is said by a process, of its own parent, and this is another process by now.
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        namespaces.make_mount_point(spool)
    elif settings["level"] == "jail" and uid is not None:
        become(uid)
    elif uid is not None:
        leave_root(uid, spool)
    for name in ("PYTHONHASHSEED", "PYTHONPATH"):
        os.environ.pop(name, None)
    os.environ.update(USER="cpyrender", LOGNAME="cpyrender", HOME=spool)


def _measure(settings: Mapping[str, Any]) -> Confinement:
    """See how much a child inherits, now that all is warm; close the cache of fonts, and make the rules for all."""
    ruleset = None
    if settings["level"] == "full":
        namespaces.make_read_only(settings["spool"])
        # All mount their folders at the same place. Of that itself, what is mounted on it hides the rules.
        ruleset = landlock.ruleset(settings["readable"], os.path.dirname(namespaces.mount_point(settings["spool"])))
    return Confinement.parse(
        settings,
        ruleset=ruleset,
        data=measure.counted(resource.RLIMIT_DATA),
        address_space=measure.counted(resource.RLIMIT_AS),
        processes=measure.processes(),
    )


def _complete(warmth: Warmth, hooks: Hooks, confinement: Confinement, rehearse: Callable[[], None]) -> Iterator[Step]:
    """Warm up in steps; yield after each how to confine and to fork from then on."""
    steps = warmth.complete(rehearse)
    for number in itertools.count():
        with hooks.noted(), placement.scope(f"step {number}"):
            try:
                next(steps)
            except StopIteration:
                break
        grown = evolve(
            confinement,
            # A template clears its heap twice more, when all this is over.
            data=measure.counted(resource.RLIMIT_DATA) + 2 * ground.GROWTH,
            address_space=measure.counted(resource.RLIMIT_AS),
        )
        yield grown, hooks.forker()
    placement.settle()
