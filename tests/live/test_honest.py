"""Honest scripts keep working at every level of isolation, and what is refused says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.live.running import Reply
from tests.live.test_classic import Served

PROCESSES = "PermissionError: cpyrender does not let scripts start processes"
NETWORK = "cpyrender does not let scripts use the network"


class _AtSomeLevel(Served):
    """A client that wants an answer, and has the reason in hand where there is none."""

    def value(self, script: str, path: str = "/") -> Any:
        """Return what a script leaves as its response."""
        reply = self.server.post(script, path)
        self.assertEqual(reply.status, 200, f"{script}\n{reply.body[:2000]!r}")
        return json.loads(reply.body)

    def drawn(self, script: str, size: tuple[int, int] = (640, 480)) -> Reply:
        """Return the answer of a script that leaves an open figure."""
        reply = self.post(script)
        self.assertEqual(self.image(reply).size, size)
        return reply

    def said(self, script: str) -> tuple[str, str]:
        """Return what a script printed to stdout and to stderr, which is told of scripts that fail."""
        reply = self.server.post(script + "\nraise LookupError('on purpose')", "/", {"Accept": "application/json"})
        told = json.loads(reply.body)
        self.assertEqual(told["message"], "on purpose", (script, reply.body))
        return told["stdout"], told["stderr"]


# The tests are written once, and each level's class takes them over.
_Base = _AtSomeLevel if TYPE_CHECKING else object


class _Honest(_Base):
    """What works in plain Python."""

    def test_threads(self) -> None:
        """Threads start, share, and are joined, by hand and in a pool."""
        script = """
import threading, queue
from concurrent.futures import ThreadPoolExecutor
done, lock, ready = queue.Queue(), threading.Lock(), threading.Event()
def work(n):
    ready.wait()
    with lock:
        done.put(n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[thread.start() for thread in threads]
ready.set()
[thread.join() for thread in threads]
with ThreadPoolExecutor(8) as pool:
    squares = list(pool.map(lambda n: n * n, range(50)))
response = [done.qsize(), sum(squares)]
"""
        self.assertEqual(self.value(script), [8, 40425])

    def test_threads_that_draw(self) -> None:
        """What threads still draw when the script is at its end belongs to the picture."""
        reply = self.drawn(
            "import threading, time, pylab\n"
            "def draw():\n    time.sleep(0.3); pylab.plot([1, 2]); pylab.gcf().set_size_inches(3, 2)\n"
            "threading.Thread(target=draw).start()",
            (300, 200),
        )
        self.assertEqual(reply.headers["figure-count"], "1")

    def test_executors_that_compute(self) -> None:
        """What an executor has been given is done before the script has ended."""
        script = (
            "from concurrent.futures import ThreadPoolExecutor\nimport time\n"
            "def compute():\n    global response\n    time.sleep(0.3); response = [1]\n"
            "ThreadPoolExecutor(2).submit(compute)"
        )
        self.assertEqual(self.value(script), [1])

    def test_answered_at_once(self) -> None:
        """A thread that never ends keeps no script from its answer that has given one."""
        script = "import threading, time; threading.Thread(target=time.sleep, args=(1e6,)).start(); response = [1]"
        self.assertEqual(self.value(script), [1])

    def test_multiprocessing_dummy(self) -> None:
        """multiprocessing's pools of threads work, with the locks that they make."""
        script = """
from multiprocessing import dummy
from multiprocessing.pool import ThreadPool
with dummy.Pool(3) as pool, ThreadPool(2) as other:
    response = [pool.map(len, ['a', 'bb']), other.apply_async(max, (3, 4)).get(10), list(pool.imap(abs, [-1]))]
"""
        self.assertEqual(self.value(script), [[1, 2], 4, [1]])

    def test_multiprocessing_locks(self) -> None:
        """multiprocessing's locks, semaphores, events and queues work among threads."""
        script = """
import multiprocessing, threading
lock, rlock, bounded = multiprocessing.Lock(), multiprocessing.RLock(), multiprocessing.BoundedSemaphore(2)
event, queue = multiprocessing.Event(), multiprocessing.SimpleQueue()
response = [lock.acquire(), lock.acquire(False), lock.acquire(timeout=0.01), lock.release()]
with rlock, rlock:
    others = []
    thread = threading.Thread(target=lambda: others.append(rlock.acquire(timeout=0.01)))
    thread.start(), thread.join()
    response += others
for lock, error in ((bounded, ValueError), (rlock, AssertionError)):
    try:
        lock.release()
    except error:
        response.append(error.__name__)
threading.Timer(0.01, event.set).start()
response += [event.wait(10), event.is_set(), queue.put('x'), queue.get()]
"""
        expected = [True, False, False, None, False, "ValueError", "AssertionError", True, True, None, "x"]
        self.assertEqual(self.value(script), expected)

    def test_linear_algebra(self) -> None:
        """numpy multiplies, solves and decomposes big matrices."""
        script = """
import numpy
a = numpy.random.default_rng(1).normal(size=(700, 700))
x = numpy.linalg.solve(a, numpy.ones(700))
u, s, v = numpy.linalg.svd(a[:300, :300])
values = numpy.linalg.eigvalsh(a[:200, :200] + a[:200, :200].T)
response = [bool(numpy.allclose(a @ x, 1)), bool(numpy.allclose((u * s) @ v, a[:300, :300])), len(values),
            bool(numpy.allclose(numpy.fft.ifft(numpy.fft.fft(a)).real, a))]
"""
        self.assertEqual(self.value(script), [True, True, 200, True])

    def test_asyncio(self) -> None:
        """asyncio runs tasks, sleeps, time-outs and threads."""
        script = """
import asyncio
async def one(n):
    await asyncio.sleep(0.01)
    return n
async def late():
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except asyncio.TimeoutError:
        return 'late'
async def main():
    return [await asyncio.gather(one(1), one(2)), await asyncio.to_thread(sum, [3, 4]), await late()]
response = asyncio.run(main())
"""
        self.assertEqual(self.value(script), [[1, 2], 7, "late"])

    def test_socketpair(self) -> None:
        """A pair of connected sockets within the script works."""
        script = """
import selectors, socket
a, b = socket.socketpair()
a.sendall(b'ping')
with selectors.DefaultSelector() as selector:
    selector.register(b, selectors.EVENT_READ)
    response = [len(selector.select(10)), b.recv(9).decode()]
"""
        self.assertEqual(self.value(script), [1, "ping"])

    def test_temporary_files(self) -> None:
        """tempfile's files and folders are made in the script's own folder."""
        script = """
import os, tempfile
with tempfile.NamedTemporaryFile('w+') as file, tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as f:
    file.write('x'), file.flush(), f.write(b'y')
    fd, name = tempfile.mkstemp()
    paths = [file.name, folder, name, tempfile.gettempdir()]
    with tempfile.SpooledTemporaryFile(4) as spooled:
        spooled.write(b'longer than that')
    response = [os.path.commonpath([os.getcwd(), os.path.realpath(path)]) == os.getcwd() for path in paths]
"""
        self.assertEqual(self.value(script), [True] * 4)

    def test_sqlite(self) -> None:
        """A database in the folder, and one in memory, work, with any journal."""
        script = """
import sqlite3
response = []
for name, journal in (('a.db', 'delete'), ('b.db', 'wal'), (':memory:', 'memory')):
    with sqlite3.connect(name) as base:
        base.execute(f'pragma journal_mode={journal}')
        base.execute('create table t (x)')
        base.executemany('insert into t values (?)', [(n,) for n in range(1000)])
    with base:
        response += base.execute('select sum(x) from t').fetchone()
    base.close()
"""
        self.assertEqual(self.value(script), [499500] * 3)

    def test_files(self) -> None:
        """Archives, compressed files, tables and copies are written and read back in the folder."""
        script = """
import bz2, csv, gzip, json, lzma, os, pathlib, shutil, tarfile, zipfile
with open('a.csv', 'w', newline='') as file:
    csv.writer(file).writerows([['x', 'y'], [1, 2]])
with zipfile.ZipFile('a.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.write('a.csv')
with tarfile.open('a.tar.gz', 'w:gz') as archive:
    archive.add('a.csv')
for opened in (gzip.open, bz2.open, lzma.open):
    with opened('z', 'wt') as file:
        file.write('packed')
    with opened('z', 'rt') as file:
        assert file.read() == 'packed'
json.dump({'a': 1}, open('a.json', 'w'))
shutil.copy2('a.csv', 'b.csv'), shutil.copytree('.', 'sub/tree', ignore=shutil.ignore_patterns('sub'))
shutil.make_archive('all', 'zip', 'sub'), shutil.unpack_archive('all.zip', 'out'), shutil.rmtree('sub')
os.utime('b.csv', (1, 1)), os.rename('b.csv', 'c.csv'), os.symlink('c.csv', 'd.csv'), os.chmod('c.csv', 0o600)
with zipfile.ZipFile('a.zip') as archive:
    response = [archive.read('a.csv').decode(), list(csv.reader(open('d.csv'))), json.load(open('a.json')),
                sorted(path.name for path in pathlib.Path('out').rglob('*.csv')), tarfile.open('a.tar.gz').getnames()]
"""
        expected = ["x,y\r\n1,2\r\n", [["x", "y"], ["1", "2"]], {"a": 1}, ["a.csv", "b.csv"], ["a.csv"]]
        self.assertEqual(self.value(script), expected)

    def test_contours_and_layout(self) -> None:
        """What contourpy and kiwisolver do works: contours, and a layout by constraints."""
        self.drawn("""
import numpy
from matplotlib import pyplot
figure, axes = pyplot.subplots(2, 2, layout='constrained')
z = numpy.hypot(*numpy.mgrid[-3:3:40j, -3:3:40j])
axes[0, 0].contour(z), axes[0, 1].contourf(z), axes[1, 0].tricontourf([0, 1, 1, 0], [0, 0, 1, 1], [1, 2, 3, 4])
figure.colorbar(axes[1, 1].pcolormesh(z), ax=axes[1, 1])
""")

    def test_mathtext(self) -> None:
        """Mathematics is set in every font set."""
        self.drawn("""
from matplotlib import pyplot
for row, name in enumerate(('dejavusans', 'dejavuserif', 'cm', 'stix', 'stixsans')):
    pyplot.figtext(0.1, row / 5, r'$\\frac{\\alpha^2}{\\sqrt{x_i}} \\int_0^\\infty \\mathcal{F}\\,dx \\geq \\hat{y}$',
                   math_fontfamily=name)
""")

    def test_fonts(self) -> None:
        """Every font that is installed can be found by name, opened, and written with."""
        script = """
from matplotlib import font_manager, pyplot
paths = {entry.fname for entry in font_manager.fontManager.ttflist}
[open(path, 'rb').close() or font_manager.get_font(path).get_charmap() for path in paths]
names = font_manager.get_font_names()
for name in names:
    wanted = font_manager.FontProperties(family=[name])
    font_manager.get_font(font_manager.findfont(wanted, fallback_to_default=False))
    pyplot.figtext(0.5, 0.5, 'x', fontproperties=wanted)
pyplot.gcf().canvas.draw()
response = ['DejaVu Sans' in names, font_manager.findfont('DejaVu Sans').endswith('DejaVuSans.ttf')]
"""
        self.assertEqual(self.value(script), [True, True])

    def test_animation(self) -> None:
        """An animation that Pillow writes into the folder is given as the response, all its frames in it."""
        reply = self.post("""
from matplotlib import animation, pyplot
figure, axes = pyplot.subplots(figsize=(2, 1))
line, = axes.plot([0, 1], [0, 1])
moving = animation.FuncAnimation(figure, lambda n: line.set_ydata([0, n]), frames=5)
moving.save('moving.gif', writer=animation.PillowWriter(fps=10))
filename = 'moving.gif'
response = open(filename, 'rb').read()
""")
        self.assertEqual((self.image(reply).n_frames, reply.media_type), (5, "image/gif"))  # type: ignore[attr-defined]

    def test_animation_as_web_page(self) -> None:
        """An animation as a page of its own, with its frames in the folder or in the page."""
        script = """
import os
from matplotlib import animation, pyplot
figure = pyplot.figure(figsize=(1, 1))
moving = animation.FuncAnimation(figure, lambda n: figure.text(n / 3, 0, n), frames=3)
moving.save('a.html', writer='html')
response = [len(os.listdir('a_frames')), moving.to_jshtml().count('data:image/png')]
"""
        self.assertEqual(self.value(script), [3, 3])

    def test_pillow_drawing(self) -> None:
        """Pillow draws and writes with its default font."""
        reply = self.post("""
from PIL import Image, ImageDraw, ImageFilter, ImageFont
response = Image.new('RGB', (120, 40), 'white')
draw = ImageDraw.Draw(response)
draw.text((4, 4), 'words', fill='black', font=ImageFont.load_default())
draw.text((60, 4), 'words', fill='black', font=ImageFont.load_default(size=20))
draw.ellipse((10, 20, 30, 35), outline='red')
response = response.filter(ImageFilter.GaussianBlur(1))
""")
        image = self.image(reply)
        self.assertEqual((image.size, len(image.getcolors(9999) or ()) > 9), ((120, 40), True))

    def test_logging_and_warnings(self) -> None:
        """What is logged and warned of goes to stderr, with the script's name and line."""
        _, said = self.said("""
import logging, sys, warnings
warnings.warn('beware')
logging.getLogger('mine').warning('logged without a handler')
logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s')
logging.info('logged'), logging.debug('not logged')
print('said', file=sys.stderr)
""")
        expected = "script.py:3: UserWarning: beware\n  warnings.warn('beware')\nlogged without a handler\n"
        self.assertEqual(said, expected + "INFO logged\nsaid\n")

    def test_being_the_main_program(self) -> None:
        """A script is the main program: its name, its arguments, its file, and its module."""
        script = """
import os, sys
if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    response = [sys.argv == [__file__], here == os.getcwd(), sys.path[0] == here, sys.modules['__main__'].here == here]
"""
        self.assertEqual(self.value(script), [True] * 4)

    def test_classes_of_its_own(self) -> None:
        """Classes of the script can be pickled, copied, made dataclasses, and have their annotations read."""
        script = """
from __future__ import annotations
import copy, dataclasses, enum, inspect, pickle, typing
class Plain:
    pass
class Kind(enum.Enum):
    ONE = 1
@dataclasses.dataclass
class Point:
    x: int
    y: list[int] | None = None
    "A point."
class Pair(typing.NamedTuple):
    a: Kind
def double(n: Point) -> int:
    return 2 * n.x
kept = pickle.loads(pickle.dumps([Plain(), Kind.ONE, Point(1), Pair(Kind.ONE), double]))
response = [type(kept[0]) is Plain, kept[1:] == [Kind.ONE, Point(1), Pair(Kind.ONE), double], copy.deepcopy(kept[2]).x,
            typing.get_type_hints(double)['n'] is Point, Point.__module__, inspect.getsource(double),
            inspect.getsource(Plain)]
"""
        source = ["def double(n: Point) -> int:\n    return 2 * n.x\n", "class Plain:\n    pass\n"]
        self.assertEqual(self.value(script), [True, True, 1, True, "__main__", *source])

    def test_time_and_place(self) -> None:
        """Time zones are known, and the locale can be asked for and set."""
        script = """
import calendar, datetime, locale, time, zoneinfo
locale.setlocale(locale.LC_ALL, '')
noon = datetime.datetime(2024, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))
response = [noon.astimezone(zoneinfo.ZoneInfo('America/New_York')).hour, len(zoneinfo.available_timezones()) > 400,
            locale.getpreferredencoding(), locale.format_string('%d', 3), time.localtime(0).tm_year,
            calendar.month_name[1]]
"""
        got = self.value(script)
        self.assertEqual((got[:4], got[4] in {1969, 1970}, got[5]), ([6, True, "UTF-8", "3"], True, "January"))

    def test_interactive_backends(self) -> None:
        """A script that begins by choosing an interactive backend stays with Agg, without an error."""
        for choice in (
            "matplotlib.use('TkAgg')", "matplotlib.use('Qt5Agg')", "matplotlib.use('GTKAgg')", "matplotlib.use('WX')",
            "matplotlib.use('MacOSX', force=True)", "matplotlib.use(backend='nbAgg')", "matplotlib.use('inline')",
            "matplotlib.use('module://matplotlib_inline.backend_inline')", "matplotlib.rcParams['backend'] = 'qtagg'",
            "from matplotlib import pyplot; pyplot.switch_backend('tkagg')",
            "import pylab; pylab.switch_backend('QtCairo')", "import os; os.environ['MPLBACKEND'] = 'TkAgg'",
            "matplotlib.rcParams.update(matplotlib.rcParamsDefault)", "matplotlib.use('agg')",
        ):  # fmt: skip
            script = f"""
import matplotlib
{choice}
from matplotlib import pyplot as plt
plt.plot([1, 2]), plt.show()
print(type(plt.gcf().canvas).__name__)
"""
            self.assertEqual(self.said(script), ("FigureCanvasAgg\n", ""), choice)
            self.drawn(script)

    def test_other_backends(self) -> None:
        """Backends without windows are chosen as ever, and one that is none is an error."""
        script = "import matplotlib\nmatplotlib.use('svg')\nfrom matplotlib import pyplot\npyplot.plot([1])\n"
        self.drawn(script)
        self.assertEqual(self.value(script + "response = [matplotlib.get_backend()]"), ["svg"])
        reply = self.post("import matplotlib; matplotlib.use('klingon')")
        self.assertIn("ValueError: 'klingon' is not a valid", reply.text)

    def test_interactive_mode(self) -> None:
        """Showing, pausing and drawing as at a desk do nothing, and keep the figure."""
        self.drawn("""
from matplotlib import pyplot as plt
plt.ion()
figure = plt.figure()
for n in range(3):
    plt.plot([n, 1]), plt.draw(), plt.pause(0.01)
figure.canvas.mpl_connect('button_press_event', print), figure.canvas.manager.set_window_title('mine')
figure.canvas.draw_idle(), figure.canvas.flush_events(), figure.show
plt.ioff(), plt.show(), plt.show(block=False)
""")

    def test_shown_images(self) -> None:
        """Showing an image does nothing, and the script goes on."""
        script = "from PIL import Image\nimage = Image.new('RGB', (9, 6))\nimage.show()\n"
        self.assertEqual(self.image(self.post(script + "response = image")).size, (9, 6))
        self.assertIn("; instead: response = image", self.post(script).text)

    def test_saved_and_closed(self) -> None:
        """A script that saves its picture as at a desk, and leaves nothing open, is told how to answer with it."""
        script = "from matplotlib import pyplot as plt\nplt.plot([1])\nplt.savefig('a.png', dpi=50)\nplt.close()\n"
        said = self.post(script).text.rstrip()
        self.assertEqual(self.image(self.post(script + said.partition("; instead: ")[2])).size, (320, 240))

    def test_input(self) -> None:
        """A script that asks for input finds that there is none."""
        script = """
import sys
try:
    input('Name? ')
except EOFError:
    response = ['EOFError', sys.stdin.read(), sys.stdin.isatty()]
"""
        self.assertEqual(self.value(script), ["EOFError", "", False])

    def test_own_params(self) -> None:
        """A script reads the params it was posted with, from its own functions too."""
        script = "def f():\n    return [params['a'], int(params['n']) + 1]\nresponse = f()"
        self.assertEqual(self.value(script, "/?a=b&n=2"), ["b", 3])

    def test_asking_about_the_machine(self) -> None:
        """Questions that Python answers by starting a process are answered without one."""
        script = """
import ctypes.util, os, platform, uuid
response = [isinstance(platform.platform(), str), isinstance(platform.processor(), str), len(str(uuid.uuid1())),
            ctypes.util.find_library('none such') is None, os.cpu_count() > 0]
"""
        self.assertEqual(self.value(script), [True, True, 36, True, True])


class HonestAtFullTests(_Honest, _AtSomeLevel):
    """At level full."""

    level = "full"


class HonestAtJailTests(_Honest, _AtSomeLevel):
    """At level jail."""

    level = "jail"


class HonestAtConfinedTests(_Honest, _AtSomeLevel):
    """At level confined."""

    level = "confined"


class HonestAtNoneTests(_Honest, _AtSomeLevel):
    """At level none."""

    level = "none"


class _Refused(_Base):
    """What is refused above level none."""

    def test_processes(self) -> None:
        """Every way of starting a process is refused in words."""
        for attempt in (
            "import os\nos.fork()", "import os\nos.forkpty()", "import os\nos.system('true')",
            "import os\nos.popen('true')", "import os\nos.execv('/bin/true', ['true'])",
            "import os\nos.execlp('true', 'true')", "import os\nos.posix_spawn('/bin/true', ['true'], {})",
            "import os\nos.spawnlp(os.P_WAIT, 'true', 'true')", "import pty\npty.spawn('true')",
            "import subprocess\nsubprocess.run(['true'])", "import subprocess\nsubprocess.call('true', shell=True)",
            "from subprocess import Popen\nPopen('true')", "import subprocess\nsubprocess.getoutput('true')",
            "import multiprocessing\nmultiprocessing.Process(target=print).start()",
            "import multiprocessing\nmultiprocessing.Pool(2)",
            "import multiprocessing\nmultiprocessing.get_context('spawn').Process(target=print).start()",
            "import multiprocessing\nmultiprocessing.Manager()",
            "from concurrent.futures import ProcessPoolExecutor\nProcessPoolExecutor(1).submit(print).result()",
            "import asyncio\nasyncio.run(asyncio.create_subprocess_exec('true'))",
        ):  # fmt: skip
            reply = self.post(attempt)
            self.assertEqual(reply.status, 501, attempt)
            self.assertRegex(reply.reason, rf"^{PROCESSES}( \((true|sh)\))?$", attempt)

    def test_program(self) -> None:
        """Where a library starts one, as matplotlib does to set a title, it is said which."""
        reply = self.post("from matplotlib import pyplot as plt\nplt.title('x', usetex=True)")
        self.assertEqual((reply.status, reply.reason), (501, f"{PROCESSES} (latex)"))

    def test_network(self) -> None:
        """Every way of reaching the network is refused in words."""
        for attempt, exception in (
            ("import socket\nsocket.socket()", "PermissionError"),
            ("import socket\nsocket.socket(socket.AF_INET6, socket.SOCK_DGRAM)", "PermissionError"),
            ("import socket\nsocket.create_connection(('127.0.0.1', 9))", "PermissionError"),
            ("import socket\nsocket.create_server(('127.0.0.1', 0))", "PermissionError"),
            ("import socket\nsocket.getaddrinfo('localhost', 80)", "PermissionError"),
            ("import socket\nsocket.gethostbyname('localhost')", "PermissionError"),
            ("import socket\nsocket.gethostbyaddr('127.0.0.1')", "PermissionError"),
            ("import http.client\nhttp.client.HTTPConnection('localhost').request('GET', '/')", "PermissionError"),
            ("import urllib.request\nurllib.request.urlopen('http://localhost/')", "URLError"),
            ("import asyncio\nasyncio.run(asyncio.open_connection('localhost', 9))", "PermissionError"),
            ("import smtplib\nsmtplib.SMTP('localhost')", "PermissionError"),
        ):
            reply = self.post(attempt)
            self.assertEqual((reply.status, NETWORK in reply.reason), (501, True), (attempt, reply.reason))
            self.assertTrue(reply.reason.startswith(exception), (attempt, reply.reason))

    def test_caught(self) -> None:
        """A script that is ready for a refusal goes on after it."""
        script = """
import os, socket, subprocess
response = []
for attempt in (os.fork, socket.socket, lambda: subprocess.run('true')):
    try:
        attempt()
    except OSError as error:
        response.append(str(error))
"""
        process = PROCESSES.partition(": ")[2]
        self.assertEqual(self.value(script), [process, NETWORK, f"{process} (true)"])

    def test_barrier(self) -> None:
        """The words are not the barrier: without them, the kernel refuses the same."""
        script = """
import os, socket, subprocess
from cpyrender.child import refusals
refusals.silence()
response = []
for attempt in (os.fork, socket.socket, lambda: os.execv('/bin/true', ['true']), lambda: os.system('true') and 1 / 0):
    try:
        attempt()
    except Exception as error:
        response.append(str(error))
"""
        refused = "[Errno 1] Operation not permitted"
        self.assertEqual(self.value(script), [refused, refused, refused, "division by zero"])


class RefusedAtFullTests(_Refused, _AtSomeLevel):
    """At level full."""

    level = "full"


class RefusedAtJailTests(_Refused, _AtSomeLevel):
    """At level jail."""

    level = "jail"


class RefusedAtConfinedTests(_Refused, _AtSomeLevel):
    """At level confined."""

    level = "confined"


class AllowedAtNoneTests(_AtSomeLevel):
    """At level none, nothing of this is refused."""

    level = "none"

    def test_processes_and_sockets(self) -> None:
        """Processes start and sockets connect."""
        script = """
import multiprocessing, os, socket, subprocess
with socket.create_server(('127.0.0.1', 0)) as server, socket.create_connection(server.getsockname()):
    process = multiprocessing.get_context('fork').Process(target=abs, args=(1,))
    process.start(), process.join()
    response = [subprocess.run(['true']).returncode, os.system('exit 3') >> 8, process.exitcode]
"""
        self.assertEqual(self.value(script), [0, 3, 0])
