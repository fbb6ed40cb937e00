"""Files: reading what is not a script's business, writing anywhere but in its folder, and filling the disk."""

from tests.attacks.attack import EACCES, EPERM, EVERYWHERE, HIDDEN, UNCHANGED, WORKED, Attack, attempt

_NO_WALL = (WORKED, "level none keeps nobody from the operator's files")
_LIMIT = r"\[Errno 27\] File too large|\[Errno 28\] No space left on device"
_LOOKED_AT = "no file system bounds the folder: the template looks at it now and then"


def _read(name: str, path: str, refused: str = HIDDEN) -> Attack:
    return attempt(f"read {name}", f"open({path}, 'rb').read(1)", refused)


_READS = (
    _read("/etc/passwd", "'/etc/passwd'"),
    _read("/etc/shadow", "'/etc/shadow'"),
    _read("/etc/hostname", "'/etc/hostname'"),
    _read("the server's environment", "f'/proc/{params[\"server\"]}/environ'"),
    _read("the server's memory", "f'/proc/{params[\"server\"]}/mem'"),
    _read("the parent's memory", "f'/proc/{os.getppid()}/mem'"),
    _read("its own memory through /proc", "'/proc/self/mem'"),
    _read("the first process's environment", "'/proc/1/environ'"),
    _read("the kernel's log", "'/dev/kmsg'"),
    _read("the machine's memory", "'/dev/mem'"),
    _read("the terminal", "'/dev/tty'"),
    _read("the font cache of the template", "os.environ['MPLCONFIGDIR'] + '/' + 'fontlist-v390.json'"),
    Attack(
        "read a secret that everybody may read",
        "response = 'worked ' + open(params['secret']).read()",
        HIDDEN,
        EVERYWHERE,
        {"none": _NO_WALL},
    ),
    *(
        attempt(f"list {path}", f"os.listdir({path!r})", HIDDEN)
        for path in ("/", "/root", "/home", "/proc", "/etc", "/sys", "/tmp", "/var", "/run", "/dev/shm", "..")
    ),
    Attack(
        "read the home of the server's user", "os.listdir(os.path.expanduser('~root')); response = 'worked'", HIDDEN
    ),
    Attack(
        "list the folders of other scripts", "os.listdir(os.path.dirname(os.getcwd())); response = 'worked'", HIDDEN
    ),
    Attack(
        "go round by a descriptor of a folder",
        "at = os.open('/', os.O_PATH); os.open('proc/self/environ', os.O_RDONLY, dir_fd=at); response = 'worked'",
        HIDDEN,
    ),
    Attack(
        "go round by changing the folder",
        "os.chdir('/'); open('etc/passwd'); response = 'worked'",
        HIDDEN,
    ),
)

_WRITES = (
    *(
        attempt(f"write to {name}", f"open({path}, 'w').write('attacked')", UNCHANGED)
        for name, path in (
            ("site-packages", "os.path.join(os.path.dirname(__import__('numpy').__path__[0]), 'cpyrender-attack')"),
            ("Python's library", "os.path.join(os.path.dirname(os.__file__), 'cpyrender-attack')"),
            ("a library's file", "params['library']"),
            ("matplotlib's data", "os.path.join(__import__('matplotlib').get_data_path(), 'cpyrender-attack')"),
            ("/usr", "'/usr/attack'"),
            ("/tmp", "'/tmp/cpyrender-attack'"),
            ("/dev/shm", "'/dev/shm/cpyrender-attack'"),
            ("the folder above", "'../attack'"),
            ("the font cache", "os.environ['MPLCONFIGDIR'] + '/fontlist-v390.json'"),
            ("the font cache's folder", "os.environ['MPLCONFIGDIR'] + '/attack'"),
            ("the secret", "params['secret']"),
        )
    ),
    Attack(
        "poison the font cache by matplotlib's own means",
        "from matplotlib import font_manager as f\nf.fontManager.ttflist.clear()\n"
        "f.json_dump(f.fontManager, os.environ['MPLCONFIGDIR'] + '/fontlist-v390.json')\n"
        "open(os.environ['MPLCONFIGDIR'] + '/fontlist-v390.json'); response = 'worked'",
        UNCHANGED,
    ),
    Attack(
        "empty a library's file by opening it to read, with O_TRUNC",
        "os.open(params['library'], os.O_RDONLY | os.O_TRUNC); response = 'worked'",
        UNCHANGED,
    ),
    Attack("truncate a library's file", "os.truncate(params['library'], 0); response = 'worked'", UNCHANGED),
    Attack("remove a library's file", "os.unlink(params['library']); response = 'worked'", UNCHANGED),
    Attack("remove the folder above", "os.rmdir('..'); response = 'worked'", f"{UNCHANGED}|Errno 39|Errno 16"),
    Attack(
        "rename its own folder",
        "os.rename(os.getcwd(), os.getcwd() + 'x'); response = 'worked'",
        f"{UNCHANGED}|Errno 18|Errno 16",
    ),
    Attack("write into its own memory through /proc", "open('/proc/self/mem', 'wb'); response = 'worked'", HIDDEN),
    Attack(
        "write through a link",
        "os.symlink(params['secret'], 'link'); open('link', 'a'); response = 'worked'",
        UNCHANGED,
    ),
    Attack("read through a link", "os.symlink('/etc/passwd', 'link'); open('link'); response = 'worked'", HIDDEN),
    Attack(
        "a hard link to a library's file",
        "os.link(params['library'], 'linked'); open('linked', 'a'); response = 'worked'",
        rf"{UNCHANGED}|\[Errno 18\]",
    ),
    Attack(
        "a hard link to a secret",
        "os.link(params['secret'], 'linked'); open('linked'); response = 'worked'",
        rf"{UNCHANGED}|\[Errno 18\]",
    ),
    Attack(
        "rename out of the folder",
        "open('f', 'w'); os.rename('f', '../attack'); response = 'worked'",
        rf"{UNCHANGED}|\[Errno 18\]",
    ),
    Attack(
        "rename into the folder",
        "os.rename(params['secret'], 'mine'); response = 'worked'",
        rf"{UNCHANGED}|\[Errno 18\]",
    ),
    Attack("make a folder above", "os.mkdir('../attack'); response = 'worked'", UNCHANGED),
    Attack("a link above", "os.symlink('x', '../attack'); response = 'worked'", UNCHANGED),
    Attack("a device", "os.mknod('d', 0o020666, os.makedev(1, 1)); response = 'worked'"),
    Attack("a disk", "os.mknod('d', 0o060666, os.makedev(254, 0)); response = 'worked'"),
    Attack("a named pipe above", "os.mkfifo('../attack'); response = 'worked'", UNCHANGED),
)

# Landlock bars none of these, and at level confined the files may be the operator's own: the filter does nothing, and
# says that it has done it.
_UNDONE = "^200 worked: unchanged"


def _modes(name: str, path: str, call: str) -> Attack:
    return attempt(f"{call} of {name}", f"changed({path}, lambda path: {call})", f"{_UNDONE}|{UNCHANGED}")


_ATTRIBUTES = tuple(
    _modes(name, path, call)
    for name, path in (
        ("the folder above", "os.path.dirname(os.getcwd())"),
        ("the font cache", "os.environ['MPLCONFIGDIR']"),
        ("a library's file", "params['library']"),
        ("a secret", "params['secret']"),
    )
    for call in (
        "os.chmod(path, 0)",
        "os.chmod(path, 0o777)",
        "os.fchmod(os.open(path, os.O_RDONLY), 0)",
        "os.utime(path, (1, 1))",
        "os.chown(path, os.getuid(), os.getgid() + 1)",
        "os.fchown(os.open(path, os.O_RDONLY), os.getuid(), os.getgid() + 1)",
        "os.setxattr(path, 'user.attack', b'x')",
    )
)

_OWN = (
    Attack(
        "run a program of its own as root: setuid",
        "open('f', 'wb').write(b'#!/bin/sh'); os.chmod('f', 0o4755); os.execv('f', ['f'])",
        f"{EPERM}|{EACCES}",
    ),
    Attack(
        "100 000 files",
        "for n in range(100000): os.close(os.open(str(n), os.O_CREAT | os.O_WRONLY))\nresponse = 'worked'",
        r"\[Errno 28\] No space left on device|past its (CPU )?time",
        EVERYWHERE,
        dict.fromkeys(
            ("jail", "confined", "old", "none"), (r"made more than 4096 files|past its (CPU )?time", _LOOKED_AT)
        ),
    ),
    Attack(
        "a file of more than the limit",
        "with open('f', 'wb') as file:\n    for _ in range(80): file.write(bytes(1 << 20))\nresponse = 'worked'",
        _LIMIT,
        EVERYWHERE,
    ),
    Attack(
        "many files of more than the limit",
        "for n in range(8):\n    with open(str(n), 'wb') as file:\n"
        "        for _ in range(12): file.write(bytes(1 << 20))\nresponse = 'worked'",
        _LIMIT,
        EVERYWHERE,
        dict.fromkeys(("jail", "confined", "old", "none"), (rf"{WORKED}|wrote more than 67108864 bytes", _LOOKED_AT)),
    ),
    Attack("1 PB by truncate", "open('f', 'wb').truncate(1 << 50); response = 'worked'", _LIMIT, EVERYWHERE),
    Attack(
        "allocate 1 PB",
        "os.posix_fallocate(os.open('f', os.O_CREAT | os.O_RDWR), 0, 1 << 50); response = 'worked'",
        _LIMIT,
        EVERYWHERE,
    ),
    Attack("a named pipe in its folder", "os.mkfifo('p'); response = 'worked'", f"{EPERM}"),
    Attack(
        "leave files and deep folders",
        "for n in range(50): open(f'left-{n}', 'w').write('left')\n"
        "for _ in range(300): os.mkdir('d'); os.chdir('d'); open('x', 'w')\nresponse = 'worked'",
        WORKED,
        EVERYWHERE,
    ),
    Attack(
        "copy a file as an honest script does",
        "import shutil\nopen('a', 'w').write('x'); shutil.copy('a', 'b'); shutil.copy2('a', 'c')\n"
        "response = 'worked' if sorted(os.listdir('.')) == ['a', 'b', 'c'] else 'not copied'",
        WORKED,
        EVERYWHERE,
    ),
)

ATTACKS = (*_READS, *_WRITES, *_ATTRIBUTES, *_OWN)
