"""L{Template}: forks a child for each command it is sent, and buries it when it has ended.

It never sees a script or an answer. The server is handed the ends of each child's own pipes; were one byte of a script
to pass through here, every later script would find it in the memory it inherits.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator

from cpyrender.child import disk, forking, namespaces
from cpyrender.child.burial import Child, kill_orphans
from cpyrender.child.commands import COMMAND_FEW_PAGES, COMMAND_PAGES, COMMAND_RIPE
from cpyrender.child.confine import JAILED, Confinement
from cpyrender.child.folder import Cleaners, remove_if_possible
from cpyrender.child.lives import Life, Lives
from cpyrender.child.loop import Loop, begin_loop
from cpyrender.child.pages import Pages
from cpyrender.child.pipes import Keeping, Pipes, close
from cpyrender.child.seeds import reseed

_LONGEST_COMMAND = 1 << 18
_MS_BETWEEN_LOOKS = 250
# A child's own ends of its pipes.
_KEPT = 4
# What the server is told with the descriptors of a child whose folder it cannot see.
_NO_FOLDER = json.dumps({"folder": None}).encode()


#: How to confine and to fork from then on.
Step = tuple[Confinement, Callable[[], int]]

#: Steps of warming up; given what does, to no effect, what children do before their script.
Ripening = Callable[[Callable[[], None]], Iterator[Step]]


class Template:
    """A warm interpreter that does nothing but fork.

    @ivar spool: the folder in which each child gets a folder of its own.
    @ivar fork: as L{os.fork}.
    @ivar ripening: what there is to do while nobody wants a child. The first step is done beside the first child, the
        others from the second child on, or when the server has asked whether it is ripe.
    @ivar at_last: is called when it is about to do in C what is done for each script; see L{cpyrender.child.loop}.
    """

    def __init__(
        self,
        commands: socket.socket,
        spool: str,
        confinement: Confinement,
        legacy: bool,
        fork: Callable[[], int] = os.fork,
        ripening: Ripening | None = None,
        at_last: Callable[[], object] = lambda: None,
    ) -> None:
        self._commands = commands
        self._inbox = memoryview(bytearray(_LONGEST_COMMAND))
        self._spool = spool
        self._place = namespaces.Place() if confinement.level == "full" else None
        self._keeping = Keeping(_KEPT, [] if confinement.ruleset is None else [confinement.ruleset])
        self._lives = Lives(confinement, self._keeping, legacy)
        self._confine_by(confinement, fork)
        self._at_last = at_last
        self._ripening = None if ripening is None else ripening(self._rehearse)
        self._loop: Loop | None = None
        self._steps = 0
        self._awaited = False
        self._unripe: str | None = None
        # A template that was replaced may have left folders, and in a jail all templates have the same process id.
        self._name = secrets.token_hex(4)
        self._children: dict[int, Child] = {}
        self._serial = 0
        self._cleaners = Cleaners()
        self._next_look = 0.0
        self._poll = select.poll()
        self._poll.register(commands, select.POLLIN)

    def serve(self) -> None:
        """Fork as often as asked, until the server is gone; then leave nothing behind."""
        try:
            while self._loop is None:
                if not self._do_next():
                    return
            self._serve_in(self._loop)
        except ConnectionError:
            pass  # The server is gone, and had not yet read all that it was told.
        finally:
            self._leave()

    def _do_next(self) -> bool:
        """Wait until there is something to do, and do it; return C{False} where the server says no more."""
        self._look_at_folders()
        events = self._poll.poll(self._until_next_look())
        if not events:
            self._ripen()
        for fd, _ in events:
            if fd != self._commands.fileno():
                self._bury(fd)
            elif not self._obey(self._heard()):
                return False
        return True

    def _serve_in(self, loop: Loop) -> None:
        """Do the same, until the server says no more, but in C as far as that goes."""
        self._hand_children_to(loop)
        # Once more: what was there to get this far is gone, and would be a hole for children to fill.
        self._at_last()
        # At hand for children, who would have pages copied to look for them.
        lives, ways, template, folder = self._lives, [*self._lives.of.values()], os.getpid(), self._folder()
        told_more = True
        while told_more:
            chosen = loop.wait()
            if chosen is not None:
                lives.live(ways[chosen], template, folder)
            told_more = self._obey(self._heard())
            self._hand_children_to(loop)

    def _hand_children_to(self, loop: Loop) -> None:
        for child in [*self._children.values()]:
            self._let_go(child)
            loop.adopt(child.pid, child.pidfd, child.ended)

    def _heard(self) -> bytes:
        # There since before it was warm: the end of its heap is for its children.
        return bytes(self._inbox[: self._commands.recv_into(self._inbox)])

    def _obey(self, command: bytes) -> bool:
        """Do as the server says; return C{False} where it says no more."""
        if command in self._lives.of:
            self._answer(self._lives.of[command])
        elif command == COMMAND_RIPE:
            self._awaited = True
            self._tell(ripe=self._ripening is None, failed=self._unripe)
        elif command.startswith(COMMAND_PAGES):
            self._lives.pages = Pages(command[len(COMMAND_PAGES) :])
        elif command.startswith(COMMAND_FEW_PAGES):
            self._lives.few_pages = Pages(command[len(COMMAND_FEW_PAGES) :])
        else:
            return False
        return True

    def _answer(self, life: Life) -> None:
        try:
            folder, fds = self._have_child(life)
        except OSError as error:
            return self._tell(refused=str(error))
        try:
            # In a jail, the server sees no folder that it could remove.
            hidden = self._lives.confinement.level in JAILED
            told = _NO_FOLDER if hidden else json.dumps({"folder": folder}).encode()
            socket.send_fds(self._commands, [told], fds)
        finally:
            close(*fds)

    def _tell(self, **said: object) -> None:
        self._commands.send(json.dumps(said).encode())

    def _have_child(self, life: Life) -> tuple[str, list[int]]:
        pipes = Pipes.open()
        self._serial += 1
        folder = self._folder()
        template = os.getpid()
        self._keeping.let_keep(pipes.of_the_child)
        reseed()
        try:
            pid = self._fork_child()
        except OSError:
            close(*pipes.of_the_server, *pipes.of_the_child, pipes.ended[1])
            raise
        if pid == 0:
            self._lives.live(life, template, folder)
        close(*pipes.of_the_child)
        child = Child(pid, os.pidfd_open(pid), pipes.ended[1], folder)
        self._take(child)
        return folder, [*pipes.of_the_server, os.dup(child.pidfd)]

    def _folder(self) -> str:
        """Return where the next child is to have its folder; at level full, where it will mount one."""
        if self._lives.confinement.level == "full":
            return namespaces.mount_point(self._spool)
        return os.path.join(self._spool, f"{self._name}-{self._serial}")

    def _rehearse(self) -> None:
        """Do what children do before their script; see L{Lives.rehearse}."""
        try:
            self._lives.rehearse()
        except Exception as error:
            self._unripe = _named(error)

    def _confine_by(self, confinement: Confinement, fork: Callable[[], int]) -> None:
        self._lives.confinement = confinement
        self._fork = fork
        self._fork_child = fork if self._place is None else functools.partial(self._place.fork, fork)

    def _ripen(self) -> None:
        """Do a step of what is left to do, now that nothing has happened."""
        if self._ripening is None:
            return
        try:
            self._steps += 1
            step = next(self._ripening, None)
            if step is not None:
                return self._confine_by(*step)
            self._ripening = None
            self._loop = self._begin_loop()
        except Exception as error:
            # It serves as it is.
            self._ripening, self._unripe = None, _named(error)

    def _begin_loop(self) -> Loop | None:
        """Return what does in C what is done for each script, where that can be."""
        if self._place is None or self._fork is not forking.fork:
            return None
        self._at_last()
        # What each child uses of this is made anew, and so together.
        self._keeping = self._keeping.afresh()
        self._lives = self._lives.afresh(self._keeping)
        return begin_loop(
            self._commands.fileno(),
            tuple(self._lives.of),
            _NO_FOLDER,
            self._place.leave,
            self._place.come_back,
            self._keeping.calls,
        )

    def _until_next_look(self) -> int | None:
        """Return how many milliseconds the loop may sleep; C{None}: until something happens."""
        # Somebody waits for the first child, and for the second one, which is asked for when the first has been tried;
        # unless it is this that is waited for.
        if self._ripening is not None and (self._awaited or self._serial > min(self._steps, 1)):
            return 0
        return _MS_BETWEEN_LOOKS if self._has_to_look else None

    @property
    def _has_to_look(self) -> bool:
        return self._lives.confinement.level != "full" and bool(self._children)

    def _look_at_folders(self) -> None:
        """Kill those who write too much, where the file system does not stop them."""
        if not self._has_to_look or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _MS_BETWEEN_LOOKS / 1000
        for child in self._children.values():
            child.complaint = child.complaint or disk.complaint(child.folder, self._lives.confinement.disk)
            if child.complaint is not None:
                signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)

    def _take(self, child: Child) -> None:
        self._children[child.pidfd] = child
        self._poll.register(child.pidfd, select.POLLIN)

    def _let_go(self, child: Child) -> None:
        self._poll.unregister(child.pidfd)
        del self._children[child.pidfd]

    def _bury(self, pidfd: int) -> None:
        child = self._children[pidfd]
        self._let_go(child)
        child.bury()
        if self._lives.confinement.level == "jail":
            self._cleaners.clear_away(child.folder)
        if self._lives.confinement.level != "full":
            # There, all that a child starts ends with it: it is process 1 of its own namespace.
            kill_orphans({child.pid for child in self._children.values()})

    def _leave(self) -> None:
        self._end_children()
        # In a jail it is a mount, and vanishes with it.
        remove_if_possible(self._spool)

    def _end_children(self) -> None:
        for pid, pidfd, ended in self._loop.give_up() if self._loop is not None else []:
            self._take(Child(pid, pidfd, ended, self._folder()))
        for child in self._children.values():
            signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
        while self._children:
            self._bury(next(iter(self._children)))


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
