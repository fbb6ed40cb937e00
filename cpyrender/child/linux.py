"""The few calls of Linux that Python's standard library lacks, through ctypes; and those that a child is to make.

What is called C{to_...} returns a call that is to be made later, with others: see L{cpyrender.child.calls}.

Man pages: capset(2), chdir(2), close(2), close_range(2), dup(2), getrandom(2), landlock(7), mount(2), mprotect(2),
prctl(2), seccomp(2), setns(2), setpgid(2), setrlimit(2), sigprocmask(2), umount2(2), unshare(2).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal

from cpyrender.child.calls import Call

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_REMOUNT = 32
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

_MADV_DONTNEED = 4
_MADV_HUGEPAGE = 14
_MADV_NOHUGEPAGE = 15
_MADV_POPULATE_READ = 22
_MADV_POPULATE_WRITE = 23
_MADV_COLLAPSE = 25

LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1

# The same on every architecture that has them at all.
_SYS_CLOSE_RANGE = 436
_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_ADD_RULE = 445
_SYS_LANDLOCK_RESTRICT_SELF = 446

_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.madvise.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
# Bytes of a set of signals, as the C library has it.
_SIGNAL_SET = 128
_LAST_FD = (1 << 32) - 1


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int) -> None:
    """Change an attribute of this process; prctl(2).

    @raise OSError: the kernel refuses; so do all functions here.
    """
    to_prctl(option, value).make()


def to_prctl(option: int, value: int, memory: ctypes.Structure | None = None) -> Call:
    """Return the call of L{prctl}."""
    return Call.of(f"prctl({option})", _libc.prctl, option, value, memory)


def unshare(flags: int) -> None:
    """Leave the namespaces that C{flags} name for new ones; unshare(2)."""
    to_unshare(flags).make()


def to_unshare(flags: int) -> Call:
    """Return the call of L{unshare}."""
    return Call.of(f"unshare({flags:#x})", _libc.unshare, flags)


def to_setns(fd: int, flags: int) -> Call:
    """Return the call that enters namespaces of the process that a pidfd refers to; setns(2)."""
    return Call.of(f"setns({flags:#x})", _libc.setns, fd, flags)


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system; mount(2)."""
    to_mount(source, target, kind, flags, data).make()


def to_mount(source: str, target: str, kind: str, flags: int, data: str) -> Call:
    """Return the call of L{mount}."""
    return Call.of(f"mount({target})", _libc.mount, source, target, kind, flags, data)


def umount(target: str, flags: int = 0) -> None:
    """Unmount a file system; umount2(2)."""
    _checked(_libc.umount2(os.fsencode(target), flags), f"umount2({target})")


def populate(start: int, length: int) -> None:
    """Get pages of this process ready now: copied where they are shared with its parent, looked up where they are code.

    Does nothing where there are no such pages, or where the kernel is older than 5.14; madvise(2), MADV_POPULATE_WRITE.
    """
    if _libc.madvise(start, length, _MADV_POPULATE_WRITE) < 0:
        _libc.madvise(start, length, _MADV_POPULATE_READ)


def forget(start: int, length: int) -> None:
    """Give up what is in a part of this process' memory: it is zeros from then on; madvise(2), MADV_DONTNEED."""
    _libc.madvise(start, length, _MADV_DONTNEED)


def prefer_huge_pages(start: int, length: int) -> None:
    """Let the first write to a part of this process' memory bring a huge page; madvise(2), MADV_HUGEPAGE."""
    _libc.madvise(start, length, _MADV_HUGEPAGE)


def prefer_small_pages(start: int, length: int) -> None:
    """Take L{prefer_huge_pages} back, and have no huge page made of what is there; madvise(2), MADV_NOHUGEPAGE."""
    _libc.madvise(start, length, _MADV_NOHUGEPAGE)


def collapse(start: int, length: int) -> bool:
    """Have a part of this process' memory put into a huge page; madvise(2), MADV_COLLAPSE.

    @return: whether that was done: not where something of the part is not mapped, nor by kernels older than 6.1.
    """
    done: int = _libc.madvise(start, length, _MADV_COLLAPSE)
    return done == 0


def protect(start: int, length: int, allowed: int) -> None:
    """Let a part of this process' memory be read, written to or run, by C{PROT_} numbers of L{mmap}; mprotect(2).

    Does nothing where the kernel, or a security module, refuses that.
    """
    _libc.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(length), allowed)


def resident(start: int, length: int) -> bytes:
    """Return for each page of a part of this process' memory whether it is there, as 1 or 0; mincore(2).

    @return: zeros only, where something of the part is not mapped.
    """
    pages = (ctypes.c_ubyte * (length // mmap.PAGESIZE))()
    if _libc.mincore(ctypes.c_void_p(start), ctypes.c_size_t(length), pages) < 0:
        return bytes(len(pages))
    return bytes(pages)


def to_chdir(folder: str) -> Call:
    """Return the call that goes to a folder; chdir(2)."""
    return Call.of(f"chdir({folder})", _libc.chdir, folder)


def to_lead_group() -> Call:
    """Return the call that makes a process group of the process; setpgid(2)."""
    return Call.of("setpgid", _libc.setpgid, 0, 0)


def to_hold_back_nothing() -> Call:
    """Return the call after which no signal is blocked; sigprocmask(2)."""
    return Call.of("sigprocmask", _libc.sigprocmask, signal.SIG_SETMASK, (ctypes.c_char * _SIGNAL_SET)(), None)


def to_limit(which: int, soft: int, hard: int) -> Call:
    """Return the call that limits a resource, by the C{RLIMIT_} number; setrlimit(2)."""
    return Call.of(f"setrlimit({which})", _libc.setrlimit, which, (ctypes.c_uint64 * 2)(soft, hard))


def to_have_as(number: int) -> Call:
    """Return the call that gives a descriptor, its first argument, another number too; dup(2)."""
    return Call.of(f"dup2({number})", _libc.dup2, -1, number)


def to_close(fd: int) -> Call:
    """Return the call that closes a descriptor; close(2)."""
    return Call.of(f"close({fd})", _libc.close, fd)


def to_get_random(address: int, size: int) -> Call:
    """Return the call that fills memory with random bytes; getrandom(2)."""
    return Call.of("getrandom", _libc.getrandom, address, size, 0)


def close_from(lowest: int) -> None:
    """Close every file descriptor from C{lowest} on."""
    os.closerange(lowest, os.sysconf("SC_OPEN_MAX"))


def to_close_from(lowest: int) -> Call:
    """Return the call of L{close_from}, which kernels before Linux 5.9 do not have; close_range(2)."""
    return Call.of("close_range", _libc.syscall, _SYS_CLOSE_RANGE, lowest, _LAST_FD, 0)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def to_drop_capabilities() -> Call:
    """Return the call that gives up every capability; capset(2)."""
    own = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    return Call.of("capset", _libc.capset, own, (ctypes.c_uint32 * 6)())


class FilterProgram(ctypes.Structure):
    """A seccomp filter as the kernel takes it: C{struct sock_fprog}; seccomp(2)."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    @classmethod
    def of(cls, program: bytes) -> FilterProgram:
        """
        @param program: an array of C{struct sock_filter}.
        """
        memory = ctypes.create_string_buffer(program, len(program))
        made = cls(len(program) // 8, ctypes.addressof(memory))
        made._memory = memory
        return made


def to_install_filter(program: FilterProgram) -> Call:
    """Return the call after which a filter judges every system call; seccomp(2)."""
    return to_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def landlock_version() -> int:
    """Return the version of Landlock's interface that the kernel has, from 1; landlock_create_ruleset(2)."""
    return _checked(
        _libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION),
        "landlock_create_ruleset",
    )


def landlock_create_ruleset(files: int, network: int, scoped: int) -> int:
    """Return a descriptor of a set of rules that denies all these kinds of access; landlock_create_ruleset(2)."""
    attributes = _RulesetAttributes(files, network, scoped)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    return _checked(
        _libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, ctypes.byref(attributes), size, 0), "landlock_create_ruleset"
    )


def landlock_allow(ruleset: int, path: str, access: int) -> None:
    """Allow kinds of access to a file, or to all that is in a folder; landlock_add_rule(2)."""
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(access, parent)
        result = _libc.syscall(_SYS_LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        _checked(result, f"landlock_add_rule({path})")
    finally:
        os.close(parent)


def to_landlock_restrict_self(ruleset: int) -> Call:
    """Return the call after which a process lives by a set of rules; landlock_restrict_self(2)."""
    return Call.of("landlock_restrict_self", _libc.syscall, _SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0)
