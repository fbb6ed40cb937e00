"""Resources: time, memory, threads, descriptors and output without end."""

from tests.attacks.attack import EVERYWHERE, WORKED, Attack

_MEMORY = "outgrew its memory limit"
_TIME = r"ran past its (CPU )?time limit"
_OVER = "is over the limit of 1048576 bytes"


def _eats(name: str, script: str, refused: str, at: tuple[str, ...] = EVERYWHERE) -> Attack:
    slow = _TIME in refused
    # Which version of Landlock there is makes no difference to time.
    return Attack(
        name, f"import numpy\n{script}", refused, tuple(one for one in at if one != "old") if slow else at, slow=slow
    )


_CAUGHT = "    except (MemoryError, OSError) as error:\n        response = f'refused after {n}: {error}'; break\n"

ATTACKS = (
    _eats("an array of 4 GB", "numpy.ones(1 << 29)", _MEMORY),
    _eats("an array of 4 GB, untouched", "numpy.empty(1 << 29)", _MEMORY),
    _eats("a list that grows", "x = []\nwhile True: x.append(bytes(1 << 16))", _MEMORY),
    _eats(
        "a list that grows, and goes on when it cannot",
        "x = []\nwhile True:\n    try: x.append(bytes(1 << 16))\n    except MemoryError: pass",
        f"{_TIME}|{_MEMORY}",
    ),
    _eats("a text that doubles", "x = 'x'\nwhile True: x += x", _MEMORY),
    _eats(
        "shared anonymous memory",
        "import mmap\nx = []\nfor n in range(4096):\n"
        "    try:\n        m = mmap.mmap(-1, 1 << 20); m.write(b'x'); x.append(m)\n" + _CAUGHT,
        "^200 refused after [1-9][0-9]{1,2}: ",
    ),
    _eats(
        "a stack that grows",
        "threading.stack_size(1 << 30)\nthreading.Thread(target=print).start(); response = 'worked'",
        f"{_MEMORY}|can't start new thread",
    ),
    _eats(
        "memory by brk",
        "libc.sbrk.restype = ctypes.c_long\n"
        "for n in range(4096):\n    if libc.sbrk(1 << 20) == -1:\n"
        "        response = f'refused after {n}'; break\n"
        "else: response = 'worked'",
        "^200 refused after",
    ),
    _eats(
        "huge pages",
        "import mmap\nmmap.mmap(-1, 1 << 31, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).madvise(14); response = 'worked'",
        r"Cannot allocate memory",
    ),
    _eats(
        "files in memory, beyond its limit",
        "for n in range(8):\n    open(str(n), 'wb').write(bytes(60 << 20))\nresponse = 'worked'",
        "No space left|wrote more than",
        # Elsewhere they are on a disk.
        ("full", "jail"),
    ),
    _eats("recursion", "def f(): f()\nf()", "^501 RecursionError"),
    _eats(
        "recursion without Python's limit",
        "sys.setrecursionlimit(1 << 30)\ndef f(): f()\nf()",
        f"SIGSEGV|{_MEMORY}|{_TIME}",
    ),
    _eats("recursion in C", "x = []\nfor _ in range(200000): x = [x]\nrepr(x)", "RecursionError"),
    _eats(
        "recursion in C without Python's limit",
        "sys.setrecursionlimit(1 << 30)\nx = []\nfor _ in range(1000000): x = [x]\nrepr(x)",
        # From Python 3.12 on, C has a limit of its own.
        f"RecursionError|SIGSEGV|{_MEMORY}|{_TIME}",
    ),
    _eats("a million brackets", "eval('(' * 1000000)", "SyntaxError|MemoryError|outgrew"),
    _eats(
        "a million minus signs", "eval('-' * 1000000 + '1')", "SyntaxError|MemoryError|outgrew|RecursionError|SIGSEGV"
    ),
    _eats("a big integer", "9 ** 9 ** 9", f"{_TIME}|{_MEMORY}"),
    _eats("a big integer as text", "str(7 ** 100000)", "^501 ValueError: Exceeds the limit"),
    _eats("a regular expression", "import re; re.match('(a+)+$', 'a' * 64 + 'b')", _TIME),
    _eats("an endless iteration in C", "import itertools; sum(itertools.repeat(1))", _TIME),
    _eats(
        "a lock that never comes", "threading.Lock().__enter__(); l = threading.Lock(); l.acquire(); l.acquire()", _TIME
    ),
    _eats(
        "a huge figure",
        "from matplotlib import pyplot as p; p.figure(figsize=(1e4, 1e4))",
        f"^501 ValueError|{_MEMORY}|{_TIME}",
    ),
    _eats(
        "a large figure",
        "from matplotlib import pyplot as p; p.figure(figsize=(600, 600))",
        f"{_MEMORY}|{_TIME}|^501 ValueError",
    ),
    _eats(
        "a figure of many points",
        "from matplotlib import pyplot as p; p.plot(numpy.random.rand(5000000))",
        f"{_MEMORY}|{_TIME}|OverflowError|^200",
    ),
    _eats(
        "a thousand figures",
        "from matplotlib import pyplot as p\nfor _ in range(1000): p.subplots(9, 9)",
        f"{_MEMORY}|{_TIME}",
    ),
    _eats(
        "a decompression bomb",
        "import io, struct, zlib\nfrom PIL import Image\n"
        "def chunk(kind, data): return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', "
        "zlib.crc32(kind + data))\n"
        "z = zlib.compressobj(9); data = b''.join(z.compress(bytes(1 << 20)) for _ in range(400)) "
        "+ z.flush()\n"
        "png = b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 20000, "
        "20000, 8, 0, 0, 0, 0)) + chunk(b'IDAT', data) + chunk(b'IEND', b'')\n"
        "Image.MAX_IMAGE_PIXELS = None; Image.open(io.BytesIO(png)).load(); response = 'worked'",
        f"DecompressionBomb|{_MEMORY}|{_TIME}",
    ),
    _eats(
        "zlib's bomb",
        "import zlib; zlib.decompress(zlib.compress(bytes(50 << 20)) , bufsize=1 << 40)",
        f"{_MEMORY}|OverflowError|{_TIME}",
    ),
    _eats(
        "1 GB of prints",
        "for _ in range(1 << 10): print('x' * (1 << 20))\nresponse = 'answered'",
        f"^200 answered|{_TIME}",
    ),
    _eats(
        "1 GB to stderr",
        "for _ in range(1 << 10): os.write(2, b'x' * (1 << 20))\nresponse = 'answered'",
        f"^200 answered|{_TIME}",
    ),
    _eats(
        "1 GB to stdout, then a failure",
        "for _ in range(1 << 10): os.write(1, b'x' * (1 << 20))\n1/0",
        f"ZeroDivisionError|{_TIME}",
    ),
    _eats("an answer over the limit", "response = bytes((1 << 20) + 1)", _OVER),
    _eats("an answer at the limit", "response = bytes(1 << 20)", "^200 "),
    _eats("an exception with a text of 8 MB", "raise ValueError('x' * (8 << 20))", "^501 ValueError: x"),
    _eats("an exception with a name of 1 MB", "raise type('E' * (1 << 20), (Exception,), {})", "^501 E"),
    _eats("a line of 8 MB", "exec('1/0 #' + 'x' * (8 << 20))", "^501 ZeroDivisionError"),
    _eats("a name of 8 MB", "response = b'x'; filename = 'n' * (8 << 20) + '.png'", "^200 x|^501"),
    _eats(
        "a chain of a hundred thousand exceptions",
        "e = None\nfor n in range(100000):\n    f = ValueError(n); f.__cause__ = e; e = f\nraise e",
        "^501 ValueError",
    ),
    _eats(
        "an answer nested a hundred thousand deep",
        "x = []\nfor _ in range(100000): x = [x]\nresponse = x",
        "^501 .*(RecursionError|recursion)",
    ),
    _eats("an answer that holds itself", "response = {}; response['x'] = response", "^501 .*Circular"),
    _eats(
        "an endless answer",
        "class L(list):\n    def __iter__(self):\n        while True: yield 1\nresponse = L()",
        f"^200 |^501|{_TIME}",
    ),
    _eats(
        "a thousand pipes",
        "x = []\nfor n in range(1000):\n"
        "    try:\n        x.append(os.pipe()); os.set_blocking(x[-1][1], False); os.write(x[-1][1], "
        "bytes(1 << 16))\n" + _CAUGHT,
        r"^200 refused after \d{2,3}: \[Errno 24\]",
    ),
    _eats(
        "a thousand larger pipes",
        "import fcntl\nfor n in range(1000):\n    fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)",
        r"\[Errno (1|24)\]",
    ),
    _eats(
        "a thousand files open",
        "x = []\nfor n in range(1000):\n    try: x.append(open('/dev/null'))\n" + _CAUGHT,
        r"^200 refused after \d{2,3}: \[Errno 24\]",
    ),
    _eats(
        "ten thousand threads",
        "threading.stack_size(32768)\nfor n in range(10000):\n"
        "    try: threading.Thread(target=time.sleep, args=(3,), daemon=True).start()\n"
        "    except RuntimeError as error:\n"
        "        response = f'refused after {n}: {error}'; break\n",
        f"^200 refused after [0-9]{{2,3}}: can't start new thread|{_TIME}|{_MEMORY}",
    ),
    _eats(
        "threads that make threads",
        "threading.stack_size(32768)\ndef f():\n"
        "    while True:\n        try: threading.Thread(target=f, daemon=True).start()\n"
        "        except RuntimeError: time.sleep(.1)\n"
        "f()",
        f"{_TIME}|{_MEMORY}",
    ),
    _eats(
        "every file lock there is",
        "import fcntl, struct\nf = open('f', 'w')\nfor n in range(0, 1 << 40, 2): fcntl.lockf(f, fcntl.LOCK_EX, 1, n)",
        f"{_TIME}|No locks|{_MEMORY}",
    ),
    _eats(
        "timers without end",
        "for n in range(1 << 20):\n    number = ctypes.c_int()\n"
        "    if libc.timer_create(0, None, ctypes.byref(number)): response = f'refused "
        "after {n}'; break\nelse: response = 'worked'",
        f"^200 refused after|{_TIME}",
    ),
    _eats(
        "write to the disk for ever",
        "f = open('f', 'wb')\nwhile True:\n    f.seek(0); f.write(bytes(1 << 20)); f.flush()",
        f"{_TIME}",
    ),
    _eats("sync for ever", "f = open('f', 'wb')\nwhile True: f.write(b'x'); f.flush(); os.fsync(f)", f"{_TIME}"),
    _eats("a harmless script still works", "response = 'worked'", WORKED),
)
