"""L{RunningTemplate}: a template process that is warm, asked from threads; all of it blocks."""

from __future__ import annotations

import base64
import os
import socket
import struct
import subprocess
from array import array
from threading import Lock
from typing import Any, ClassVar

from attrs import define, field
from twisted.logger import Logger

from cpyrender import wire
from cpyrender.child.commands import (
    COMMAND_FEW_PAGES,
    COMMAND_LEAN,
    COMMAND_LESSON,
    COMMAND_PAGES,
    COMMAND_RIPE,
    COMMAND_SPARE,
)
from cpyrender.child.pages import Stock
from cpyrender.pool.spare import Spare

_FDS_OF_A_SPARE = 6
_ROOM_FOR_FDS = socket.CMSG_LEN(_FDS_OF_A_SPARE * array("i").itemsize)
_CLOSED_ON_EXEC = socket.MSG_CMSG_CLOEXEC
# A plain number: to combine Python's flags takes as long as a system call.
_CUT = int(socket.MSG_CTRUNC)
_MESSAGE_SIZE = 1 << 16
# Bytes of the longest message: what charts write to has some 6,000 names.
_MOST_NAMES = 1 << 20
_SECONDS_TO_LEAVE = 10


class TemplateLost(Exception):
    """The template is gone."""


class CannotLearn(Exception):
    """It cannot be found out what scripts write to; the message says why."""


@define
class RunningTemplate:
    """A warm template that forks spares.

    @ivar taught: whether its spares have those pages ready that scripts write to, or it is known that they cannot.
    """

    _log: ClassVar[Logger] = Logger()

    _process: subprocess.Popen[bytes]
    _commands: socket.socket
    _turn: Lock = field(factory=Lock)
    taught: bool = False
    _populating: bool = False
    _ripe: bool = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def spare(self, lean: bool = False) -> Spare:
        """Have a child forked that waits for a script.

        @param lean: have few pages ready for it: that takes little memory, until it comes.
        @raise TemplateLost: the template is gone.
        @raise OSError: it could not fork, or there was no room for another descriptor.
        """
        unripe = not self._ripe
        spare = self._forked(COMMAND_LEAN if lean else COMMAND_SPARE)
        spare.unripe = unripe
        # Asked only now: it may be taught meanwhile.
        spare.lean = lean or not self._populating
        return spare

    def lesson(self) -> Spare:
        """Have a child forked that runs a lesson (L{cpyrender.child.pupil}); raises as L{spare} does."""
        return self._forked(COMMAND_LESSON)

    @property
    def gives_pages(self) -> bool:
        """Whether spares that are not lean have the pages ready that scripts write to."""
        return self._populating

    def ripe(self) -> bool:
        """Ask whether it has done all that it does while nobody wants a child.

        @raise TemplateLost: the template is gone.
        """
        said, _, _ = self._asked(COMMAND_RIPE)
        if said["failed"] is not None:
            self._log.warn("The template is not as warm as it should be: {why}", why=said["failed"])
        self._ripe = bool(said["ripe"])
        return self._ripe

    def teach(self, stock: Stock) -> None:
        """Tell it which pages its spares are to have ready.

        @raise TemplateLost: the template is gone.
        """
        with self._turn:
            self._populating = bool(stock.many.packed)
            try:
                self._commands.send(COMMAND_PAGES + stock.many.packed)
                self._commands.send(COMMAND_FEW_PAGES + stock.few.packed)
            except OSError as error:
                raise TemplateLost(str(error)) from None

    def written(self, seconds: float) -> bytes:
        """Wait until one that learns knows the names of what scripts write to, and return them.

        @param seconds: how long to wait.
        @raise CannotLearn: they cannot be found out.
        @raise TemplateLost: it is gone.
        """
        with self._turn:
            try:
                self._commands.settimeout(seconds)
                answer = self._commands.recv(_MOST_NAMES)
            except OSError as error:
                raise TemplateLost(str(error)) from None
        if not answer:
            raise TemplateLost("it has ended")
        said = wire.loads(answer)
        if "failed" in said:
            raise CannotLearn(said["failed"])
        return base64.b64decode(said["written"])

    def _asked(self, command: bytes) -> tuple[dict[str, Any], list[int], bool]:
        """Return what it answers, with the descriptors that came along, and whether there was no room for one."""
        with self._turn:
            try:
                self._commands.send(command)
                # Python 3.11's recv_fds passes no flags on.
                answer, ancillary, flags, _ = self._commands.recvmsg(_MESSAGE_SIZE, _ROOM_FOR_FDS, _CLOSED_ON_EXEC)
            except BlockingIOError:
                raise TemplateLost("it does not answer") from None
            except OSError as error:
                raise TemplateLost(str(error)) from None
        if not answer:
            raise TemplateLost("it has ended")
        fds = array("i", b"".join(data for _, _, data in ancillary)).tolist()
        return wire.loads(answer), fds, bool(flags & _CUT)

    def _forked(self, command: bytes) -> Spare:
        said, fds, cut = self._asked(command)
        if "refused" in said:
            raise OSError(said["refused"])
        if cut or len(fds) != _FDS_OF_A_SPARE:
            for fd in fds:
                os.close(fd)
            raise OSError("the server has no room for another descriptor")
        return Spare(said["folder"], *fds)

    def close(self) -> None:
        """End the template and all its children, and wait until they are gone."""
        self._hang_up()
        try:
            self._process.wait(_SECONDS_TO_LEAVE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once: it does not answer any more."""
        self._process.kill()
        self._process.wait()
        # Only now: who sees its end clears away, and the folders are its successor's.
        self._hang_up()

    def _hang_up(self) -> None:
        """Close the socket; somebody may wait for an answer in another thread, and hears that there is none first.

        Were it closed under that one, who waits by its number would wait for whatever gets that number next.
        """
        try:
            self._commands.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It is closed, or the other end is.
        with self._turn:
            self._commands.close()


def let_kernel_wait(commands: socket.socket, seconds: float) -> None:
    """Have the kernel give up after so long, and not Python, which would ask before each call whether it had to wait.

    Who waits too long is told so by L{BlockingIOError}; see socket(7).
    """
    commands.settimeout(None)
    for which in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        commands.setsockopt(socket.SOL_SOCKET, which, struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000)))
