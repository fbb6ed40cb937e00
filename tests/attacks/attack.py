"""What an attack is: a script, and the answers that it may get."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pyseccomp
from attrs import Factory, field, frozen

CONFINED = ("full", "jail", "confined", "old")
EVERYWHERE = (*CONFINED, "none")

#: An answer to a script that got through: each attack ends with C{response = "worked"}.
WORKED = r"^200 worked"
#: EPERM, from the filter, or from a kernel that finds no capability.
EPERM = r"\[Errno 1\] Operation not permitted"
ENOSYS = r"\[Errno 38\] Function not implemented"
EACCES = r"\[Errno 13\] Permission denied"
ENOENT = r"\[Errno 2\] No such file"
EROFS = r"\[Errno 30\] Read-only file system"
#: A file that Landlock hides, or that the jail does not have.
HIDDEN = f"{EACCES}|{ENOENT}"
#: A file that can be seen, and not be changed.
UNCHANGED = f"{EACCES}|{EPERM}|{EROFS}|{ENOENT}"

# The walls are to be tried, not the words in front of them.
_PRELUDE = """
import ctypes, errno, os, signal, socket, sys, threading, time
from cpyrender.child import refusals
refusals.silence()
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def checked(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def syscall(number, *words):
    words = [word if isinstance(word, bytes) else ctypes.c_long(word) for word in words]
    return checked(libc.syscall(ctypes.c_long(number), *words))
def attributes(path):
    found = os.stat(path)
    return found.st_mode, found.st_uid, found.st_gid, found.st_mtime, found.st_atime
def changed(path, call):
    before = attributes(path)
    call(path)
    after = attributes(path)
    return 'unchanged' if before == after else f'{before} to {after}'
"""

_ATTEMPT = """
said = []
def attempt(attack):
    try:
        said.append(f'200 worked: {attack()}')
    except Exception as error:
        said.append(f'501 {type(error).__name__}: {error}')
"""


@frozen
class Attack:
    """Something that a script tries.

    @ivar name: what it tries, in a few words; it stands in the message of a failing test.
    @ivar script: it sets C{response = "worked"} where it gets through; a few names are defined before it runs.
    @ivar refused: a regular expression; some part of C{"<status> <body>"} of the answer has to match it.
    @ivar at: the machines that it is tried on.
    @ivar expression: Python's text of what the script tries, where it is one expression that leaves nothing behind: a
        number of such attacks can share a script.
    @ivar slow: whether it goes on until it is stopped; such attacks are tried beside each other.
    @ivar otherwise: machine to another such expression, where the design says that the outcome differs, and the reason.
    """

    name: str
    script: str
    refused: str = EPERM
    at: tuple[str, ...] = CONFINED
    otherwise: Mapping[str, tuple[str, str]] = field(default=Factory(dict))
    expression: str | None = None
    slow: bool = False

    @property
    def source(self) -> str:
        """The script as it is posted."""
        return script(self.script)

    def met(self, machine: str, answer: str) -> bool:
        """Return whether this is the answer that the attack has to get on a machine."""
        return re.search(self.expected(machine), answer) is not None

    def expected(self, machine: str) -> str:
        """Return the expression that the answer has to match on a machine."""
        return self.otherwise[machine][0] if machine in self.otherwise else self.refused


def script(text: str) -> str:
    """Return a script with what each of them knows before it."""
    return f"{_PRELUDE}{text}\n"


def number(name: str) -> int:
    """Return a system call's number on this architecture; it is below zero where it has no such call."""
    found: int = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    return found


def attempt(name: str, expression: str, refused: str = EPERM, at: tuple[str, ...] = CONFINED) -> Attack:
    """Return an attack that is one expression, and works where no exception is raised."""
    script = f"said = {expression}\nresponse = f'worked: {{said}}'"
    return Attack(name, script, refused, at, expression=expression)


def together(attacks: Sequence[Attack]) -> str:
    """Return a script that makes several attempts, and answers with a list of what each of them would be answered."""
    tries = "".join(f"attempt(lambda: {one.expression})\n" for one in attacks)
    return f"{_PRELUDE}{_ATTEMPT}{tries}response = said\n"


def calls(table: Mapping[str, str], refused: str = EPERM) -> tuple[Attack, ...]:
    """Return an attack for each system call, made directly.

    @param table: the call's name, with anything after a space to tell two attacks apart, to its arguments.
    """
    return tuple(
        attempt(name, f"syscall({number(name.split()[0])}, {arguments})", refused)
        for name, arguments in table.items()
        if number(name.split()[0]) >= 0
    )
