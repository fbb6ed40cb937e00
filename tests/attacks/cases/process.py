"""Processes: making them, looking into others, and every system call that gives more than a drawing needs."""

import os

from tests.attacks.attack import EACCES, ENOSYS, EPERM, EVERYWHERE, HIDDEN, WORKED, Attack, attempt, calls

_FLAGS = {
    "CLONE_VM": 0x100,
    "CLONE_SIGHAND": 0x800,
    "CLONE_THREAD": 0x10000,
    "CLONE_PARENT": 0x8000,
    "CLONE_VFORK": 0x4000,
}
_THREAD = 0x100 | 0x800 | 0x10000
_NEW = {
    "CLONE_NEWTIME": 0x80,
    "CLONE_NEWNS": 0x20000,
    "CLONE_NEWCGROUP": 0x2000000,
    "CLONE_NEWUTS": 0x4000000,
    "CLONE_NEWIPC": 0x8000000,
    "CLONE_NEWUSER": 0x10000000,
    "CLONE_NEWPID": 0x20000000,
    "CLONE_NEWNET": 0x40000000,
}

_BECOME_TWO = "\nif pid == 0: os._exit(0)\nresponse = 'worked'"

_MAKING = (
    Attack("fork", "pid = os.fork()" + _BECOME_TWO),
    Attack("forkpty", "pid, _ = os.forkpty()" + _BECOME_TWO, f"{EPERM}|out of pty devices|{HIDDEN}|OSError"),
    Attack("vfork", "checked(libc.vfork()); response = 'worked'"),
    Attack("subprocess", "import subprocess; subprocess.run(['/bin/true']); response = 'worked'"),
    Attack(
        "os.system",
        "response = 'worked' if os.system('true') == 0 else f'refused: {os.system(\"true\")}'",
        "200 refused: ",
    ),
    Attack("popen", "os.popen('true').read(); response = 'worked'"),
    Attack("posix_spawn", "os.posix_spawn('/bin/true', ['true'], {}); response = 'worked'"),
    Attack("exec", "os.execv('/bin/true', ['true'])", f"{EPERM}|{EACCES}"),
    Attack("exec of a descriptor", "os.execve(os.open('/bin/true', os.O_RDONLY), ['true'], {})", f"{EPERM}|{EACCES}"),
    Attack(
        "the loader itself",
        "os.execv('/lib64/ld-linux-x86-64.so.2', ['ld', '/bin/true'])",
        f"{EPERM}|{EACCES}|No such file",
    ),
    Attack(
        "multiprocessing",
        "import multiprocessing as m; m.get_context('fork').Process(target=int).start(); response = 'worked'",
    ),
    Attack(
        "multiprocessing, spawned",
        "import multiprocessing as m; m.get_context('spawn').Process(target=int).start(); response = 'worked'",
    ),
    Attack(
        "a pool of processes",
        "from concurrent.futures import ProcessPoolExecutor as P\nP(2).submit(int).result(); response = 'worked'",
        rf"{EPERM}|\[Errno 38\]|{EACCES}|not implemented",
    ),
    Attack(
        "a daemon",
        "if os.fork() == 0:\n    os.setsid()\n"
        "    if os.fork() == 0: time.sleep(9)\n"
        "    os._exit(0)\nresponse = 'worked'",
    ),
    Attack("a new session", "os.setsid(); response = 'worked'"),
    Attack("another process group", "os.setpgid(0, os.getppid()); response = 'worked'"),
)

_CLONES = calls(
    {
        "clone as fork": "17, 0, 0, 0, 0",
        "clone with shared memory": f"{_FLAGS['CLONE_VM']} | 17, 0, 0, 0, 0",
        "clone as the parent's child": f"{_FLAGS['CLONE_PARENT']} | 17, 0, 0, 0, 0",
        "clone as vfork": f"{_FLAGS['CLONE_VM'] | _FLAGS['CLONE_VFORK']} | 17, 0, 0, 0, 0",
        **{f"clone thread {name}": f"{_THREAD | flag}, 0, 0, 0, 0" for name, flag in _NEW.items()},
        **{f"clone {name}": f"{flag} | 17, 0, 0, 0, 0" for name, flag in _NEW.items()},
        **{f"unshare {name}": f"{flag}" for name, flag in _NEW.items()},
        "unshare CLONE_FS": "0x200",
        "unshare CLONE_FILES": "0x400",
        "fork": "",
        "vfork": "",
        "execve": "b'/bin/true', 0, 0",
        "execveat": "-100, b'/bin/true', 0, 0, 0",
        "execveat AT_EMPTY_PATH": "0, b'', 0, 0, 0x1000",
        "setns": "0, 0",
        "waitid": "0, 0, 0, 5, 0",
    }
) + calls({"clone3": "0, 0", "clone3 with a size": "b'x' * 88, 88"}, ENOSYS)

_OTHERS = calls(
    {
        "ptrace PTRACE_ATTACH": "16, os.getppid(), 0, 0",
        "ptrace PTRACE_TRACEME": "0, 0, 0, 0",
        "ptrace PTRACE_SEIZE": "0x4206, int(params['server']), 0, 0",
        "process_vm_readv": "os.getppid(), 0, 0, 0, 0, 0",
        "process_vm_writev": "os.getppid(), 0, 0, 0, 0, 0",
        "process_vm_readv itself": "os.getpid(), 0, 0, 0, 0, 0",
        "process_madvise": "0, 0, 0, 0, 0",
        "pidfd_open": "os.getppid(), 0",
        "pidfd_getfd": "0, 0, 0",
        "pidfd_send_signal": "0, 0, 0, 0",
        "kcmp": "os.getpid(), os.getppid(), 0, 0, 0",
        "get_robust_list": "os.getppid(), 0, 0",
        "move_pages": "os.getppid(), 0, 0, 0, 0, 0",
        "migrate_pages": "os.getppid(), 0, 0, 0",
        "sched_setaffinity of the server": "int(params['server']), 8, b'\\1' + bytes(7)",
        # At level full, a script sees its parent as 0, which means itself here.
        "sched_setaffinity of the parent": "os.getppid() or 2, 8, b'\\1' + bytes(7)",
        "sched_setscheduler": "0, 1, b'\\1' + bytes(7)",
        "sched_setscheduler of the server": "int(params['server']), 5, bytes(8)",
        "sched_setparam": "0, bytes(8)",
        "sched_setattr": "0, bytes(56), 0",
        "setpriority": "0, 0, -20",
        "setpriority of everybody": "2, 0, 19",
        "ioprio_set": "1, 0, 0",
        "prlimit64 of the server": "int(params['server']), 7, bytes(16), 0",
        "prlimit64 of the parent": "os.getppid(), 7, bytes(16), 0",
        "prlimit64 of itself": "0, 9, b'\\377' * 16, 0",
        "setrlimit": "9, b'\\377' * 16",
        "acct": "0",
    }
)

_KERNEL = calls(
    {
        "keyctl": "0, -3, 1",
        "keyctl KEYCTL_JOIN_SESSION_KEYRING": "1, 0",
        "add_key": "b'user', b'x', b'y', 1, -4",
        "request_key": "b'user', b'x', 0, -4",
        "shmget": "0, 4096, 0o1777",
        "shmat": "0, 0, 0",
        "semget": "0, 1, 0o1777",
        "msgget": "0, 0o1777",
        "mq_open": "b'attack', 0x42, 0o777, 0",
        "memfd_create": "b'x', 0",
        "memfd_secret": "0",
        "bpf": "5, b'x' * 128, 128",
        "perf_event_open": "bytes(128), 0, -1, -1, 0",
        "userfaultfd": "1",
        "fanotify_init": "0, 0",
        "inotify_init1": "0",
        "inotify_add_watch": "0, b'/', 2",
        "lookup_dcookie": "0, 0, 0",
        "name_to_handle_at": "-100, b'/', 0, 0, 0",
        "open_by_handle_at": "-100, 0, 0",
        "kexec_load": "0, 0, 0, 0",
        "kexec_file_load": "0, 0, 0, 0, 0",
        "init_module": "0, 0, b''",
        "finit_module": "0, b'', 0",
        "delete_module": "b'x', 0",
        "reboot": "0, 0, 0, 0",
        "syslog": "3, 0, 0",
        "swapon": "b'x', 0",
        "swapoff": "b'x'",
        "quotactl": "0x80000100, 0, 0, 0",
        "settimeofday": "0, 0",
        "clock_settime": "0, 0",
        "clock_adjtime": "0, 0",
        "adjtimex": "0",
        "sethostname": "b'x', 1",
        "setdomainname": "b'x', 1",
        "iopl": "3",
        "ioperm": "0, 1, 1",
        "modify_ldt": "0, 0, 0",
        "vhangup": "",
        "nfsservctl": "0, 0, 0",
        "personality": "0x0400000",
        "personality, asked": "0xffffffff",
        "seccomp": "1, 0, 0",
        "landlock_restrict_self": "0, 0",
        "remap_file_pages": "0, 0, 0, 0, 0",
        "mlockall": "3",
        "mlock": "0, 4096",
        "mbind": "0, 0, 0, 0, 0, 0",
        "set_mempolicy": "0, 0, 0",
        "splice": "0, 0, 1, 0, 4096, 0",
        "vmsplice": "1, 0, 0, 0",
        "tee": "0, 1, 4096, 0",
        "signalfd4": "-1, 0, 8, 0",
        "pkey_alloc": "0, 0",
        "rt_sigqueueinfo": "os.getpid(), 0, 0",
        "tkill": "1, 0",
        "sysfs": "3",
        "ustat": "0, 0",
        "uselib": "b'x'",
        "_sysctl": "0",
        "open_tree": "-100, b'/', 0",
        "fsopen": "b'tmpfs', 0",
        "fsmount": "0, 0, 0",
        "fspick": "-100, b'/', 0",
        "move_mount": "-100, b'/', -100, b'/', 0",
        "mount_setattr": "-100, b'/', 0, 0, 0",
        "openat2": "-100, b'/', bytes(24), 24",
        "io_setup": "8, 0",
        "truncate": "b'x', 0",
        "sync": "",
        "syncfs": "0",
    }
)

_UNKNOWN = tuple(
    attempt(f"number {number}", f"syscall({number}, 0, 0, 0, 0, 0, 0)", ENOSYS)
    for number in (337, 400, 423, 451, 463, 467, 500, 639, 640, 1000, 0x3FFFFFFF)
)

_PRIVILEGE = calls(
    {
        "mount": "b'x', b'/', b'tmpfs', 0, 0",
        "mount again, writable": "0, b'/', 0, 0x1020, 0",
        "umount2": "b'/', 2",
        "pivot_root": "b'/', b'/'",
        "chroot": "b'/'",
        "setuid": "0",
        "setgid": "0",
        "setreuid": "0, 0",
        "setresuid": "0, 0, 0",
        "setresgid": "0, 0, 0",
        "setfsuid": "0",
        "setgroups": "0, 0",
        "capset": "0, 0",
        "capget": "0, 0",
        "prctl PR_SET_SECCOMP": "22, 0, 0, 0, 0",
        "prctl PR_SET_DUMPABLE": "4, 1, 0, 0, 0",
        "prctl PR_SET_PDEATHSIG": "1, 0, 0, 0, 0",
        "prctl PR_SET_KEEPCAPS": "8, 1, 0, 0, 0",
        "prctl PR_CAP_AMBIENT": "47, 2, 0, 0, 0",
        "prctl PR_SET_MM": "35, 1, 0, 0, 0",
        "prctl PR_SET_CHILD_SUBREAPER": "36, 0, 0, 0, 0",
        "prctl PR_SET_TSC": "26, 2, 0, 0, 0",
        "prctl PR_SET_SPECULATION_CTRL": "53, 0, 0, 0, 0",
        "prctl PR_SET_PTRACER": "0x59616d61, -1, 0, 0, 0",
        "prctl PR_SET_NO_NEW_PRIVS": "38, 0, 0, 0, 0",
        "prctl with a high word": "(1 << 32) | 15, 0, 0, 0, 0",
        "ioctl TIOCSTI": "1, 0x5412, b'x'",
        "ioctl TIOCLINUX": "1, 0x541c, b'x'",
        "ioctl TIOCSTI with a high word": "1, (1 << 32) | 0x5412, b'x'",
        "ioctl TIOCSCTTY": "1, 0x540e, 0",
        "ioctl FIOSETOWN": "1, 0x8901, b'x' * 8",
        "ioctl FICLONE": "1, 0x40049409, 0",
        "ioctl FS_IOC_SETFLAGS": "1, 0x40086602, b'x' * 8",
        "fcntl F_SETOWN": "1, 8, os.getppid()",
        "fcntl F_SETOWN_EX": "1, 15, b'\\1' + bytes(7)",
        "fcntl F_SETSIG": "1, 10, 9",
        "fcntl F_SETLEASE": "1, 1024, 1",
        "fcntl F_NOTIFY": "1, 1026, 1",
        "fcntl F_SETPIPE_SZ": "1, 1031, 1 << 20",
    }
)

# Machine code: mov eax, number; the call; ret.
_CODE = """
import mmap
page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
page.write(bytes.fromhex({code!r}))
run = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
"""
_NO_PROBE = r"\[Errno 6\] No such device"


def _code(name: str, code: str, refused: str = "SIGSYS|SIGSEGV") -> Attack:
    return Attack(name, _CODE.format(code=code) + "response = f'worked: {run()}'", refused)


def _in_a_thread(name: str, code: str) -> Attack:
    then = "t = threading.Thread(target=run); t.start(); t.join(2)\nresponse = 'the others live'"
    return Attack(f"{name}, in a thread", _CODE.format(code=code) + then, "SIGSYS|SIGSEGV")


_X86 = (
    _code("getpid by i386's numbers: int 0x80", "b814000000cd80c3"),
    _code("fork by i386's numbers: int 0x80", "b802000000cd80c3"),
    _code("socketcall by i386's numbers: int 0x80", "b866000000cd80c3"),
    _code("getpid by x32's numbers", "b8270000400f05c3"),
    _code("ptrace by x32's numbers", "b8090200400f05c3"),
    _in_a_thread("getpid by i386's numbers", "b814000000cd80c3"),
    _in_a_thread("fork by i386's numbers", "b802000000cd80c3"),
    _in_a_thread("getpid by x32's numbers", "b8270000400f05c3"),
    # What the kernel itself calls, and lets pass by every filter.
    attempt("uprobe", "syscall(336)", f"{EPERM}|{ENOSYS}|{_NO_PROBE}"),
    Attack("uretprobe", "response = f'worked: {syscall(335)}'", f"{EPERM}|{ENOSYS}|SIGILL", EVERYWHERE),
    _code("a call of number -1", "b8ffffffff0f05c3", "^200 worked: -(1|38)$|SIGSYS"),
    _code("fork with a high word in the number", "48b839000000010000000f05c3", "^200 worked: -(1|38)$|SIGSYS"),
)

_KEPT = (
    Attack(
        "never uid 0",
        "response = f'uid {os.getresuid()} {os.getresgid()} {os.getgroups()}'",
        r"^200 uid \([1-9]\d*, [1-9]\d*, [1-9]\d*\) \([1-9]\d*, [1-9]\d*, [1-9]\d*\) \[[^0]",
        EVERYWHERE,
    ),
    Attack(
        "only its own descriptors",
        "response = str([n for n in range(256) if not libc.fcntl(n, 1) == -1])",
        r"^200 \[0, 1, 2, 3\]$",
        EVERYWHERE,
    ),
    Attack("no secret in the environment", "response = ' '.join(sorted(os.environ))", "^200 [A-Z0-9_ ]*$", EVERYWHERE),
    Attack(
        "threads work",
        "done = []\nfor _ in range(16):\n"
        "    t = threading.Thread(target=done.append, args=(1,)); t.start(); t.join()\n"
        "response = f'worked {len(done)}'",
        "^200 worked 16",
        EVERYWHERE,
    ),
    Attack(
        "its limits can be asked for",
        "import resource; response = f'worked {resource.getrlimit(resource.RLIMIT_CPU)}'",
        WORKED,
        EVERYWHERE,
    ),
    Attack(
        "raise its limits",
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (9, 9)); response = 'worked'",
        f"{EPERM}|not allowed to raise",
        EVERYWHERE,
    ),
)

ATTACKS = (
    *_MAKING,
    *_CLONES,
    *_OTHERS,
    *_KERNEL,
    *_UNKNOWN,
    *_PRIVILEGE,
    *(_X86 if os.uname().machine == "x86_64" else ()),
    *_KEPT,
)
