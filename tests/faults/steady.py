"""L{Steady}: a server that has to be as it was before, whatever happens to it in between."""

from __future__ import annotations

import http.client
import json
import socket

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

from tests.deposits import mapped
from tests.live.running import Running, fds, serving, until

#: What a head and a body look like together; it draws.
SCRIPT = b"response = 'drawn'"


def message(script: bytes = SCRIPT, *lines: str) -> bytes:
    """Return a request as it goes over the wire."""
    head = ["POST / HTTP/1.1", "Host: localhost", f"Content-Length: {len(script)}", *lines, "", ""]
    return "\r\n".join(head).encode() + script


@frozen
class State:
    """What a server holds.

    @ivar processes: below it.
    @ivar fds: descriptors of its own.
    @ivar fds_of_template: descriptors of its template's.
    @ivar folders: in its spool.
    """

    processes: int
    fds: int
    fds_of_template: int
    folders: int


class Steady(SynchronousTestCase):
    """Each test has a server of its own, with three slots."""

    def serve(self, *options: str, level: str | None = None) -> Running:
        """Return a server that has come to rest."""
        server = serving("--slots", "3", *options, level=level).__enter__()
        self.addCleanup(server.stop)
        for _ in range(4):
            server.post("response = 'warm'")
        # A template that is still getting warm may hold something that it lets go of.
        server.until_taught()
        self.rest(server)
        return server

    def health(self, server: Running) -> dict[str, object]:
        told: dict[str, object] = json.loads(server.get("/health").body)
        return told

    def rest(self, server: Running) -> None:
        """Wait until nothing runs and each slot has a spare."""

        def rests() -> bool:
            health = self.health(server)
            return (health["busy"], health["waiting"], health["spares"]) == (0, 0, 3) and len(server.children()) == 3

        until(rests, f"a server at rest {server.log[-500:]}")

    def state(self, server: Running) -> State:
        """Return what a server at rest holds."""
        self.rest(server)
        folders = [path for path in server.spool.glob("cpyrender-*/*") if path.name != "matplotlib"]
        return State(len(server.pids()), fds(server.process.pid), fds(server.template()), len(folders))

    def check(self, server: Running, before: State) -> None:
        """Check that a server draws, and holds what it held before."""
        until(lambda: server.post(SCRIPT).body == b"drawn", "a drawn script")
        until(lambda: self.state(server) == before, f"{before} again, not {self.state(server)}")
        self.assertNotIn("Traceback", server.log)
        self.assertNotIn("this is a bug", server.log)

    def memory(self, server: Running) -> int:
        """Return the bytes that the server's own process holds, in its memory or beside it."""
        return server.memory() + mapped(server.process.pid)

    def connect(self, server: Running) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        self.addCleanup(connection.close)
        return connection

    def status(self, connection: socket.socket) -> int:
        """Return the status of the answer that comes."""
        response = http.client.HTTPResponse(connection)
        response.begin()
        response.read()
        return response.status
