"""Many small scripts, one after the other and side by side: nothing of them is left.

C{CPYRENDER_SOAK} says how many; without it, there are as many as fit among the other tests.
"""

from __future__ import annotations

import http.client
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import evolve, frozen
from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import Running, fds, serving, steady, until

_SCRIPTS = int(os.environ.get("CPYRENDER_SOAK", "600"))
_WARM = 300
_CLIENTS = 8
_SLOTS = 3
# KB: what the allocator keeps, and whatever is allocated once only.
_FEW_KB = 4096

# What most do, what fails, and what leaves something behind, with the statuses that they come to.
_KINDS = (
    ("response = 'x'", 200),
    ("print('x' * 1000)\nresponse = b'x' * 10000", 200),
    ("open('left', 'w').write('x'); response = {'a': 1}", 200),
    ("1 / 0", 422),
    ("import os; os._exit(1)", 422),
    ("x = (", 422),
    ("response = params['n']", 200),
)


@frozen
class Held:
    """What a server holds at a moment at which nothing runs.

    @ivar memory: of the server and its template, in KB that are in neither's files.
    """

    processes: int
    fds: tuple[int, int]
    threads: tuple[int, int]
    folders: int
    memory: tuple[int, int]

    @classmethod
    def by(cls, server: Running) -> Held:
        both = server.process.pid, server.template()
        return cls(
            processes=len(server.pids()),
            fds=(fds(both[0]), fds(both[1])),
            threads=(_status(both[0], "Threads"), _status(both[1], "Threads")),
            folders=len(list(server.spool.glob("cpyrender-*/*"))),
            memory=(_status(both[0], "RssAnon"), _status(both[1], "RssAnon")),
        )


def _status(pid: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


class SoakTests(SynchronousTestCase):
    """A server after many scripts."""

    def post(self, server: Running, scripts: range) -> None:
        """Post so many, on as many connections as there are clients, and check each answer."""
        with ThreadPoolExecutor(_CLIENTS) as threads:
            done = [threads.submit(self.client, server.port, scripts[first::_CLIENTS]) for first in range(_CLIENTS)]
        self.assertEqual([one.result() for one in done], [None] * _CLIENTS)

    def client(self, port: int, scripts: range) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for n in scripts:
            script, status = _KINDS[n % len(_KINDS)]
            connection.request("POST", f"/render?n={n}", script)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != status or ("params" in script and body != str(n).encode()):
                raise AssertionError(f"script {n} was answered {answer.status}: {body[:500]!r}")
        connection.close()

    def held(self, server: Running) -> Held:
        """Wait until each slot has its spare again, and return what the server holds."""
        until(lambda: b'"busy": 0' in server.get("/ready").body, "an idle server")
        until(lambda: len(server.children()) == _SLOTS, f"a spare for each slot {server.pids()}")
        # The connections of the clients are let go of in the next turns of the reactor. Memory is never quite the same.
        held = steady(lambda: evolve(Held.by(server), memory=(0, 0)))
        return evolve(held, memory=Held.by(server).memory)

    def soak(self, *options: str) -> None:
        with serving("--slots", str(_SLOTS), *options) as server:
            server.until_settled()
            self.post(server, range(_WARM))
            before = self.held(server)
            try:
                self.post(server, range(_SCRIPTS))
            except AssertionError as error:
                # Each request has a line there; what went wrong has another.
                told = [line for line in server.log.splitlines() if "#info" not in line]
                raise AssertionError(f"{error}; the server's log: {told[-20:]}") from None
            after = self.held(server)
            for name in ("processes", "fds", "threads", "folders"):
                self.assertEqual(getattr(after, name), getattr(before, name), f"{before} {after}")
            for was, now in zip(before.memory, after.memory, strict=True):
                self.assertLess(now - was, _FEW_KB, f"{before} {after}")
            self.assertNotIn("Traceback", server.log)

    def test_process_for_each(self) -> None:
        """Processes, descriptors, threads, folders and memory are as they were after the first few hundred scripts."""
        self.soak()

    def test_shared_processes(self) -> None:
        """So they are where scripts share processes."""
        self.soak("--runs-per-process", "50")
