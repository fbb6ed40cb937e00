"""The system call filter for scripts: an allow-list, compiled once in the server with libseccomp.

What a drawing needs is allowed: files, memory, time, threads. What it does not need is refused with EPERM, so that
Python says PermissionError; calls that are newer than this list, or that there are not, with ENOSYS, so that libraries
fall back. Only calls by another architecture's numbers kill, and the whole process: they are made to get past filters,
and by nothing else.
"""

from __future__ import annotations

import errno
import os
import struct
import tempfile
from typing import Any

from cpyrender.child.syscalls import OWN_PID

_ALLOWED = """
    access alarm arch_prctl brk
    chdir clock_getres clock_gettime clock_nanosleep close close_range copy_file_range creat
    dup dup2 dup3
    epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 exit exit_group
    faccessat faccessat2 fadvise64 fallocate fchdir fdatasync fgetxattr flistxattr flock
    fstat fstatfs fsync ftruncate futex futex_waitv
    get_mempolicy getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer getpgid getpgrp getpid
    getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid gettid gettimeofday getuid getxattr
    lgetxattr link linkat listxattr llistxattr lseek lstat
    madvise membarrier mincore mkdir mkdirat mmap mprotect mremap msync munmap
    nanosleep newfstatat
    pause pipe pipe2 poll ppoll pread64 preadv preadv2 pselect6 pwrite64 pwritev pwritev2
    read readahead readlink readlinkat readv recvfrom rename renameat renameat2 restart_syscall rmdir rseq
    rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait
    sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_yield
    select sendfile set_robust_list set_tid_address setitimer shutdown sigaltstack stat statfs statx symlink symlinkat
    sync_file_range sysinfo
    time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
    timerfd_settime times
    umask uname unlink unlinkat
    write writev
"""

# No rule of Landlock's speaks of these, and the folders above a script's own, the libraries, even the operator's files
# may belong to the user that it runs as: one chmod of the folder of all job folders, and no later script has one. A
# drawing has no use for them; but the copying of a file ends with them, so they seem to work.
_AS_IF_DONE = "chmod fchmod fchmodat futimesat utime utimensat utimes"

# glibc asks for it first, and falls back to clone, whose flags a filter can see.
_AS_IF_NOT_THERE = ("clone3",)

# Linux gives out numbers one after the other; libraries that try a newer call expect ENOSYS from a kernel without it.
_FIRST_NEW = 451
# The numbers below 424, from which on all architectures have the same, that an architecture has never used. (335 and
# 336 of x86-64, uretprobe and uprobe, the kernel lets pass by every filter: called by hand, they do nothing or crash.)
_UNUSED_FROM = {"x86_64": 337, "aarch64": 295}
_UNUSED_TO = 424
# From here on they are x32's, on x86-64.
_FOREIGN = 0x40000000

_CLONE_THREAD = 0x00010000
_CLONE_NEW_ANYTHING = 0x7E020080
_AF_UNIX = 1
_SOCK_STREAM = 1
_SOCK_TYPE = 0xF
# The number of the argument that holds the flags.
_OPENING = {"open": 1, "openat": 2}
# Not those that have signals sent to other processes (F_SETOWN, F_SETSIG), make others wait (F_SETLEASE) or take more
# of the kernel's memory (F_SETPIPE_SZ).
_FCNTL = {
    "F_DUPFD": 0,
    "F_GETFD": 1,
    "F_SETFD": 2,
    "F_GETFL": 3,
    "F_SETFL": 4,
    "F_GETLK": 5,
    "F_SETLK": 6,
    "F_SETLKW": 7,
    "F_OFD_GETLK": 36,
    "F_OFD_SETLK": 37,
    "F_OFD_SETLKW": 38,
    "F_DUPFD_CLOEXEC": 1030,
    "F_GETPIPE_SZ": 1032,
}
_PRCTL = {"PR_GET_DUMPABLE": 3, "PR_SET_NAME": 15, "PR_GET_NAME": 16, "PR_SET_VMA": 0x53564D41}
_IOCTL = {
    "TCGETS": 0x5401,
    "TIOCGWINSZ": 0x5413,
    "FIONREAD": 0x541B,
    "FIONBIO": 0x5421,
    "FIONCLEX": 0x5450,
    "FIOCLEX": 0x5451,
}


# struct sock_filter, and what it is made of here; linux/bpf_common.h, linux/seccomp.h.
_INSTRUCTION = struct.Struct("=HBBI")
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_AT_NUMBER, _AT_ARCHITECTURE = 0, 4
_ERRNO = 0x00050000


class NoFilter(Exception):
    """No filter can be made; the message says what is missing."""


def compile_filter() -> bytes:
    """Return the filter as an array of C{struct sock_filter}, with L{OWN_PID} where the process's id is to be.

    @raise NoFilter: libseccomp, or its Python binding, is missing.
    """
    try:
        import pyseccomp  # type: ignore[import-untyped]  # it has no types
    except (ImportError, OSError, RuntimeError) as error:
        raise NoFilter(f"libseccomp is missing (on Debian: apt-get install libseccomp2): {error}") from None
    return _Rules(pyseccomp).export()


class _Rules:
    """The rules, as libseccomp holds them."""

    def __init__(self, seccomp: Any) -> None:
        self._seccomp = seccomp
        self._filter = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
        # A balanced tree of comparisons instead of a list of them.
        self._filter.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)
        # libseccomp's own choice ends only the thread, and a script can do without one of its threads.
        self._filter.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
        for name in _ALLOWED.split():
            self._if(name)
        self._allow_in_part()
        for name in _AS_IF_DONE.split():
            self._answer(name, 0)
        for name in _AS_IF_NOT_THERE:
            self._answer(name, errno.ENOSYS)

    def export(self) -> bytes:
        with tempfile.TemporaryFile() as file:
            self._filter.export_bpf(file)
            file.seek(0)
            return _unknown(int(self._seccomp.system_arch())) + file.read()

    def _number(self, name: str) -> int | None:
        """Return a call's number on this architecture, C{None} where it has no such call."""
        number: int = self._seccomp.resolve_syscall(self._seccomp.Arch.NATIVE, name)
        return number if number >= 0 else None

    def _allow_in_part(self) -> None:
        """Allow what depends on arguments. Only their values can be seen, never what they point to."""
        equal, masked = self._seccomp.EQ, self._seccomp.MASKED_EQ
        self._if("clone", (0, masked, _CLONE_THREAD | _CLONE_NEW_ANYTHING, _CLONE_THREAD))
        for request in _IOCTL.values():
            self._if("ioctl", (1, equal, request))
        for command in _FCNTL.values():
            self._if("fcntl", (1, equal, command))
        for name, flags in _OPENING.items():
            # Before its version 3, Landlock does not know truncation: neither truncate(2) nor O_TRUNC where a file is
            # otherwise only read.
            self._if(name, (flags, masked, os.O_TRUNC, 0))
            self._if(name, (flags, masked, os.O_ACCMODE, os.O_WRONLY))
            self._if(name, (flags, masked, os.O_ACCMODE, os.O_RDWR))
        for option in _PRCTL.values():
            self._if("prctl", (0, equal, option))
        self._if("kill", (0, equal, OWN_PID))
        self._if("tgkill", (0, equal, OWN_PID))
        # Itself, not others of the same user.
        self._if("sched_setaffinity", (0, equal, 0))
        # Asking for one's limits, not setting them.
        self._if("prlimit64", (2, equal, 0))
        # For asyncio, which wakes itself so. Of all kinds, only this one cannot be addressed to somebody else.
        self._if("socketpair", (0, equal, _AF_UNIX), (1, masked, _SOCK_TYPE, _SOCK_STREAM))
        self._if("sendto", (4, equal, 0))

    def _answer(self, name: str, error: int) -> None:
        """Answer a call, without doing it, with an error's number, or with 0 for success."""
        number = self._number(name)
        if number is not None:
            self._filter.add_rule(self._seccomp.ERRNO(error), number)

    def _if(self, name: str, *conditions: tuple[int, ...]) -> None:
        """Allow a call where all these hold of its arguments: which one, how to compare, with what."""
        number = self._number(name)
        if number is not None:
            self._filter.add_rule(self._seccomp.ALLOW, number, *(self._seccomp.Arg(*one) for one in conditions))


def _unknown(architecture: int) -> bytes:
    """Return the beginning of the filter, which answers ENOSYS to the numbers that it does not know.

    By hand, for libseccomp's rules speak of one number each, and these have no end. All others go on to its rules.
    """
    unused_from = _UNUSED_FROM.get(os.uname().machine, _UNUSED_TO)
    # Code, how many instructions to leave out if so, and if not, and the value to compare with.
    program = (
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_IF_EQUAL, 0, 6, architecture),
        (_LOAD, 0, 0, _AT_NUMBER),
        (_IF_AT_LEAST, 4, 0, _FOREIGN),
        (_IF_AT_LEAST, 2, 0, _FIRST_NEW),
        (_IF_AT_LEAST, 0, 2, unused_from),
        (_IF_AT_LEAST, 1, 0, _UNUSED_TO),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    )
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)
