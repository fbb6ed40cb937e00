"""State: what one script changes of its interpreter, the next one does not find."""

from tests.attacks.attack import EVERYWHERE, WORKED, Attack

#: Each changes something, and says how to see it.
_CHANGES = {
    "rcParams": (
        "import matplotlib; matplotlib.rcParams['lines.linewidth'] = 99",
        "__import__('matplotlib').rcParams['lines.linewidth']",
    ),
    "the style": (
        "from matplotlib import pyplot as p; p.style.use('dark_background')",
        "__import__('matplotlib').rcParams['axes.facecolor']",
    ),
    "builtins": (
        "import builtins; builtins.open = builtins.len = None; builtins.attacked = 1",
        "(open, len, hasattr(__builtins__, 'attacked'))",
    ),
    "sys.modules": (
        "sys.modules['numpy'] = sys.modules['json'] = None; sys.modules['attack'] = sys",
        "(type(sys.modules['numpy']), 'attack' in sys.modules)",
    ),
    "sys.path": ("sys.path[:] = ['/attack']", "len(sys.path)"),
    "sys.meta_path": ("sys.meta_path.clear()", "len(sys.meta_path)"),
    "the environment": (
        "os.environ['ATTACK'] = '1'; os.environ.pop('PATH')",
        "('ATTACK' in os.environ, os.environ.get('PATH'))",
    ),
    "the C library's environment": ("libc.setenv(b'ATTACK', b'1', 1)", "libc.getenv(b'ATTACK')"),
    "the folder": ("os.mkdir('d'); os.chdir('d'); open('f', 'w')", "os.listdir('.')"),
    "the locale": ("import locale; locale.setlocale(locale.LC_ALL, 'C')", "__import__('locale').setlocale(0)"),
    "warnings": (
        "import warnings; warnings.simplefilter('error'); warnings.filters.insert(0, 1)",
        "len(__import__('warnings').filters)",
    ),
    "the umask": ("os.umask(0o777)", "os.umask(0)"),
    "the recursion limit": ("sys.setrecursionlimit(60)", "sys.getrecursionlimit()"),
    "signals": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pthread_sigmask(signal.SIG_BLOCK, [2])",
        "(signal.getsignal(15), signal.pthread_sigmask(0, []))",
    ),
    "the collector": ("import gc; gc.disable(); gc.unfreeze()", "__import__('gc').isenabled()"),
    "tracing": ("sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)", "(sys.gettrace(), sys.getprofile())"),
    "the time zone": ("os.environ['TZ'] = 'Asia/Kathmandu'; time.tzset()", "time.timezone"),
    "the class of figures": (
        "from matplotlib.figure import Figure; Figure.savefig = None",
        "__import__('matplotlib.figure').figure.Figure.savefig.__name__",
    ),
    "the fonts": (
        "from matplotlib import font_manager as f; f.fontManager.ttflist.clear()",
        "len(__import__('matplotlib.font_manager').font_manager.fontManager.ttflist) > 0",
    ),
    "the number of an integer": ("ctypes.c_long.from_address(id(257 - 1) + 24).value = 7", "256 + int('0')"),
    "the decimal context": ("import decimal; decimal.getcontext().prec = 1", "__import__('decimal').getcontext().prec"),
    "numpy's errors": ("import numpy; numpy.seterr(all='raise')", "__import__('numpy').geterr()"),
    "open figures": (
        "from matplotlib import pyplot as p; p.figure(); p.figure()",
        "__import__('matplotlib.pyplot').pyplot.get_fignums()",
    ),
    "cpyrender": (
        "from cpyrender.child import script; script.run = None; script.NAME = 'x'",
        "__import__('cpyrender.child.script').child.script.NAME",
    ),
    "the working priority": (
        "os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])",
        "sorted(os.sched_getaffinity(0))",
    ),
}

#: What the next script looks at.
LOOK = "response = repr([" + ", ".join(look for _, look in _CHANGES.values()) + "])"

ATTACKS = tuple(
    Attack(f"change {name}", f"{change}\nos.write(3, b'')\nresponse = b'worked'", f"{WORKED}|^501 ", EVERYWHERE)
    for name, (change, _) in _CHANGES.items()
)

#: Random numbers of each kind that a script can get without a seed.
RANDOM = (
    "import random, numpy, uuid\nresponse = [random.random(), float(numpy.random.rand()), "
    "float(numpy.random.default_rng().random()), str(uuid.uuid4()), os.urandom(8).hex()]"
)

#: A script that keeps, prints, draws and writes down a marker in every way that it can think of.
SPREAD = """
from matplotlib import pyplot as plt
marker = params['marker']
kept = [marker + str(n) for n in range(1000)]
sys.stdout.write(marker + '\\n'); sys.stderr.write(marker + '\\n'); os.environ['MARKER'] = marker
open('file-' + marker, 'w').write(marker * 100)
import mmap; page = mmap.mmap(-1, 1 << 20); page.write(marker.encode() * 1000)
plt.figure(); plt.title(marker); plt.plot([1, 2], label=marker); plt.legend()
sys.intern(marker); sys.modules[marker] = sys; __import__('re').compile(marker)
exec(compile('%s = 1' % ('x' + marker), marker, 'exec'))
plt.savefig(marker + '.png')
response = marker
"""

#: A script that looks for a marker, which it is told as numbers, in all of its memory. It needs no /proc: mmap(2) with
#: MAP_FIXED_NOREPLACE says of any range whether something is mapped there, write(2) whether a page can be read.
SCAN = """
libc.mmap.restype = ctypes.c_long
libc.mmap.argtypes = (ctypes.c_long, ctypes.c_ulong, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
libc.munmap.argtypes = (ctypes.c_long, ctypes.c_ulong)
libc.write.argtypes = (ctypes.c_int, ctypes.c_long, ctypes.c_ulong)
PAGE, LOWEST, HIGHEST, MOST = 4096, 1 << 16, 0x7fffffff0000, 1 << 16

def needle(numbers):
    # Filled in its place, so that there is no other copy of it.
    made = bytearray(len(numbers))
    for n, number in enumerate(numbers): made[n] = number
    return made

def address(made):
    return ctypes.addressof(ctypes.c_char.from_buffer(made))

def mapped(start, size):
    got = libc.mmap(start, size, 0, 0x104022, -1, 0)
    if got == -1:
        return ctypes.get_errno() == errno.EEXIST
    libc.munmap(got, size)
    return False

def ranges(start, size, smallest=MOST):
    # From the top down: what is mapped is halved until it is small.
    if not mapped(start, size):
        return
    if size <= smallest:
        yield start, size
        return
    half = size // 2 // PAGE * PAGE
    yield from ranges(start, half)
    yield from ranges(start + half, size - half)

def readable(start, size, into, out):
    # As much as can be read; a page that cannot is passed over.
    at = start
    while at < start + size:
        wrote = libc.write(out, at, start + size - at)
        if wrote <= 0:
            at = (at // PAGE + 1) * PAGE
            continue
        yield at, wrote
        at += wrote

receiving, sending = os.pipe()
buffer = bytearray(MOST)
view = memoryview(buffer)
wanted = needle([int(n) for n in params['marker'].split(',')])
control = needle([int(n) ^ 1 for n in params['marker'].split(',')])
planted = ctypes.create_string_buffer(64)
for n in range(len(control)): planted[5 + n] = control[n]
import mmap
page = mmap.mmap(-1, 1 << 20)
for n in range(len(control)): page[777777 + n] = control[n]
own = [(address(wanted), len(wanted)), (address(control), len(control)), (address(buffer), len(buffer))]
found = {'wanted': 0, 'control': 0}
scanned = 0

def look(base, size):
    for name, made in (('wanted', wanted), ('control', control)):
        at = buffer.find(made, 0, size)
        while at >= 0:
            if not any(start - 64 <= base + at < start + length for start, length in own):
                found[name] += 1
            at = buffer.find(made, at + 1, size)

for start, size in ranges(LOWEST, HIGHEST - LOWEST):
    for base, size in readable(start, size, buffer, sending):
        got = 0
        while got < size: got += os.readv(receiving, [view[got:size]])
        look(base, size)
        scanned += size
response = {'found': found, 'scanned': scanned}
"""
