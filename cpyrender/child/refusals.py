"""Saying in words what scripts may not do: start processes, use the network.

This is no barrier: the system call filter is (L{cpyrender.child.syscalls}), and it can only say "Operation not
permitted". An audit hook (PEP 578) hears of these calls before they are made, and says whose rule it is.
"""

from __future__ import annotations

import _posixsubprocess
import os
import socket
import sys
from typing import Any

_PROCESSES = "cpyrender does not let scripts start processes"
_NETWORK = "cpyrender does not let scripts use the network"

# Audit events: https://docs.python.org/3/library/audit_events.html
_EVENTS = dict.fromkeys(
    ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen"),
    _PROCESSES,
) | dict.fromkeys(
    (
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.getnameinfo",
        "socket.sendmsg",
        "socket.sendto",
    ),
    _NETWORK,
)

# Of these the first argument is the program, or its command line.
_OF_PROGRAMS = {"os.exec", "os.posix_spawn", "os.system", "subprocess.Popen"}
_LONGEST_NAME = 100

# An audit hook hears of every id(x), thousands in one drawing, and makes a chart 2 to 3 % slower. So it is put up only
# where a script mentions what may lead to one of these calls, be it in a library that it uses. To look through a long
# one for all these words takes longer than that.
_LONG = 32 << 10
_WORDS = b"""
    fork execl execv spawn popen Popen Process subprocess multiprocessing system( pty.
    ffmpeg imagemagick mp4 html5_video usetex pgf
    socket 'http "http http. httpx aiohttp urllib urlopen urlretrieve 'ftp "ftp ftplib requests
    smtp imaplib poplib telnet nntp xmlrpc onnection addrinfo _server gethostby getfqdn getnameinfo
""".split()


def install(source: bytes) -> None:
    """Refuse in words from here on, in this process, where a script may need them.

    @param source: the script.
    """
    if _hooks or not (len(source) > _LONG or any(word in source for word in _WORDS)):
        return  # Where scripts share a process, another one may have had it put up: it cannot be taken down.
    sys.addaudithook(_refuse)
    _hooks.append(_refuse)
    # What multiprocessing calls to spawn one is not audited.
    _posixsubprocess.fork_exec = _refuse_to_fork


_hooks: list[object] = []
_fork_exec = _posixsubprocess.fork_exec


def _refuse_to_fork(*args: Any) -> int:
    if _EVENTS:
        raise PermissionError(_PROCESSES)
    return _fork_exec(*args)


def silence() -> None:
    """Refuse nothing in words any more: for whoever wants to see the barrier itself."""
    _EVENTS.clear()


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if event in _EVENTS:
        raise PermissionError(_EVENTS[event] + _program(event, args))
    # The ends of a socketpair are of the family AF_UNIX, and reach nobody else.
    if event == "socket.__new__" and args[1] != socket.AF_UNIX and _EVENTS:
        raise PermissionError(_NETWORK)
    # Where matplotlib would keep what LaTeX makes, before it starts it.
    if event == "os.mkdir" and str(args[0]).endswith("tex.cache") and _EVENTS:
        raise PermissionError(f"{_PROCESSES} (latex)")


def _program(event: str, args: tuple[Any, ...]) -> str:
    """Return the name of the program that was to be started, as C{" (ffmpeg)"}: a library may have wanted it."""
    if event not in _OF_PROGRAMS or not isinstance(args[0], str | bytes | os.PathLike):
        return ""
    words = os.fsdecode(args[0]).split() or [""]
    name = os.path.basename(words[0])[:_LONGEST_NAME]
    return f" ({name})" if name else ""
