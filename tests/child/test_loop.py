"""Tests of L{cpyrender.child.loop}, in processes of their own."""

import json
from unittest import skipIf

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.loop import Loop
from tests.child.apart import run_apart

_PREAMBLE = """
import errno, json, os, random, resource, signal, socket, sys
import numpy
from cpyrender.child import linux
from cpyrender.child.calls import Calls
from cpyrender.child.loop import begin_loop
from cpyrender.child.pipes import Keeping
server, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.settimeout(60)
keeping = Keeping(4)

def begin(leave=(), come_back=()):
    return begin_loop(its.fileno(), (b"one", b"two"), b"told", Calls(leave), Calls(come_back), keeping.calls)

def received():
    "What the server is sent, as its end of the script, of the answer, of stdout, of stderr, of the end, and a pidfd."
    told, fds, _, _ = socket.recv_fds(server, 100, 10)
    return told, fds

def descriptors():
    return sorted(os.listdir("/proc/self/fd"))

def rest(fd):
    os.set_blocking(fd, True)
    with open(fd, "rb") as file:
        return file.read().decode()
"""

_SERVES = f"""{_PREAMBLE}
before = descriptors()
loop = begin()
for word in (b"two", b"one", b"two", b"what else?"):
    server.send(word)
number = loop.wait()
if number is not None:
    keeping.keep()
    said = [number, sorted(os.listdir("/proc/self/fd")), random.random(), numpy.random.random(), os.getppid()]
    os.write(1, b"to stdout")
    os.write(2, b"to stderr")
    os.write(3, json.dumps(said).encode() + os.read(0, 100))
    os.kill(os.getpid(), signal.SIGKILL) if number else os._exit(7)
unknown = its.recv(100)
children = []
for _ in range(3):
    told, fds = received()
    blocking = [os.get_blocking(fd) for fd in fds[:5]]
    script, result, stdout, stderr, ended, pidfd = fds
    os.write(script, b"!")
    os.close(script)
    children.append([told.decode(), blocking, *map(rest, (result, stdout, stderr)), ended, pidfd])
server.shutdown(socket.SHUT_WR)
# The end may come before the last of them has.
while left := loop.give_up():
    for one in left:
        loop.adopt(*one)
    loop.wait()
for child in children:
    *_, ended, pidfd = child
    child[-2:] = [json.loads(rest(ended))]
    os.close(pidfd)
print(json.dumps([unknown.decode(), children, os.getpid(), descriptors() == before]))
"""

_FAILS = f"""{_PREAMBLE}
why = sys.argv[1]
before = descriptors()
if why == "leave":
    loop = begin(leave=[linux.to_chdir("missing")])
elif why == "come back":
    loop = begin(come_back=[linux.to_chdir("missing")])
else:
    loop = begin()
server.send(b"one")
if why == "descriptors":
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(before) + 6, 1000))
if why == "server":
    server.close()
try:
    said = loop.wait()
    if said is not None:
        os._exit(0)
except OSError as error:
    said = errno.errorcode[error.errno]
left = None if why == "server" else its.recv(100).decode() if said is None else "gone"
print(json.dumps([said, left, descriptors() == before]))
"""

_ADOPTED = f"""{_PREAMBLE}
loop = begin()
pid = os.fork()
if pid == 0:
    signal.pause()
read, write = os.pipe()
pidfd = os.pidfd_open(pid)
loop.adopt(pid, pidfd, write)
given = loop.give_up()
loop.adopt(*given[0])
os.kill(pid, signal.SIGTERM)
signal.signal(signal.SIGALRM, lambda *_: server.send(b"enough"))
signal.setitimer(signal.ITIMER_REAL, 0.2)
while not loop.wait() is None or not its.recv(100):
    pass
print(json.dumps([given == [(pid, pidfd, write)], loop.give_up(), json.loads(rest(read))]))
"""


@skipIf(Loop is None, "nothing was compiled")
class LoopTests(SynchronousTestCase):
    """L{Loop}."""

    def test_serves(self) -> None:
        """For each of its words a child is forked and handed over, and is buried; what else comes is left to Python."""
        unknown, children, template, as_before = json.loads(run_apart(_SERVES))

        self.assertEqual((unknown, as_before), ("what else?", True))
        said = []
        for told, blocking, result, stdout, stderr, ended in children:
            self.assertEqual((told, blocking), ("told", [False] * 5))
            self.assertEqual((result[-1], stdout, stderr), ("!", "to stdout", "to stderr"))
            said.append((json.loads(result[:-1]), ended))
        # The last descriptor is that of the listing itself.
        self.assertEqual([one[:2] for one, _ in said], [[number, ["0", "1", "2", "3", "4"]] for number in (1, 0, 1)])
        self.assertEqual([ended["status"] for _, ended in said], [9, 7 << 8, 9])
        self.assertEqual([one[4] for one, _ in said], [template] * 3)
        for _, ended in said:
            self.assertTrue(0 < ended["cpu"] < 10 and ended["peak"] > 1 << 20, ended)
        for number in (2, 3):
            self.assertEqual(len({one[number] for one, _ in said}), 3)

    def test_no_child(self) -> None:
        """Where there can be no child, the command is left to be read, and nothing else is left."""
        for why in ("leave", "descriptors"):
            self.assertEqual(json.loads(run_apart(_FAILS, why)), [None, "one", True], why)

    def test_for_good(self) -> None:
        """It is an error where it is not known any more where children are forked, or the server is gone."""
        said, _, _ = json.loads(run_apart(_FAILS, "come back"))
        self.assertEqual(said, "ENOENT")

    def test_server_gone(self) -> None:
        """A server that is gone wants no child any more."""
        said, _, _ = json.loads(run_apart(_FAILS, "server"))
        self.assertEqual(said, "EPIPE")

    def test_adopted(self) -> None:
        """A child that was forked elsewhere is buried as well, unless it is given up; signals are heard meanwhile."""
        given, left, ended = json.loads(run_apart(_ADOPTED))

        self.assertEqual((given, left, ended["status"]), (True, [], 15))

    def test_wrong(self) -> None:
        """What it cannot work with is refused."""
        with self.assertRaises(ValueError):
            Loop(0, (), b"", bytearray(), bytearray(), bytearray())
        with self.assertRaises(TypeError):
            Loop(0, ("text",), b"", bytearray(), bytearray(1000), bytearray())  # type: ignore[arg-type]
