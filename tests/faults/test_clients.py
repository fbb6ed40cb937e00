"""Clients that vanish, and clients without number."""

from __future__ import annotations

import os
import resource
import socket
import struct

from tests.faults.steady import SCRIPT, Steady, message
from tests.live.running import Running, until

# Closing with this set sends a reset, as a machine that has crashed and come back does.
_RESET = struct.pack("ii", 1, 0)


class VanishingTests(Steady):
    def vanish(self, connection: socket.socket, reset: bool) -> None:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.close()

    def test_while_asking(self) -> None:
        """A client may vanish at any byte of its request, with or without a farewell: nothing runs, nothing is left."""
        server = self.serve()
        before = self.state(server)
        request = message()
        for size in range(len(request)):
            connection = self.connect(server)
            connection.sendall(request[:size])
            self.vanish(connection, reset=bool(size % 2))
        self.check(server, before)
        self.assertNotIn(" drawn ", "".join(line for line in server.log.splitlines() if " 499 " in line))

    def test_while_reading(self) -> None:
        """A client may vanish at any byte of its answer."""
        server = self.serve()
        before = self.state(server)
        connection = self.connect(server)
        connection.sendall(message(SCRIPT, "Connection: close"))
        whole = len(self.all_of(connection))
        for size in range(0, whole, 3):
            connection = self.connect(server)
            connection.sendall(message(SCRIPT, "Connection: close"))
            while size > 0 and (data := connection.recv(size)):
                size -= len(data)
            self.vanish(connection, reset=bool(size % 2))
        self.check(server, before)

    def test_large_answers(self) -> None:
        """Clients that vanish in the middle of a large answer leave nothing of it in the server's memory."""
        server = self.serve()
        before = self.state(server)
        script = b"response = b'x' * 10_000_000"
        # What the C library keeps for the next time comes with the first; what is lost comes with each.
        self.vanish_in_answers(server, script, 20)
        self.check(server, before)
        held = self.memory(server)
        self.vanish_in_answers(server, script, 40)
        self.check(server, before)
        self.assertLess(self.memory(server), held + 100_000_000)

    def vanish_in_answers(self, server: Running, script: bytes, count: int) -> None:
        for number in range(count):
            connection = self.connect(server)
            connection.sendall(message(script))
            connection.recv(1 + number)
            self.vanish(connection, reset=bool(number % 2))

    def all_of(self, connection: socket.socket) -> bytes:
        got = b""
        while data := connection.recv(1 << 16):
            got += data
        return got


class CrowdTests(Steady):
    def test_a_thousand(self) -> None:
        """Of a thousand connections as many are kept as may be; the others are told or closed; the kept ones work."""
        self.allow_files(4096)
        server = self.serve()
        before = self.state(server)
        # From one address 256 may come.
        kept = [self.connect(server) for _ in range(200)]
        crowd = [*kept, *filter(None, (self.crowd_in(server) for _ in range(800)))]
        self.assertTrue(all(self.is_served(connection) for connection in kept[:50]))
        self.assertFalse(self.is_served(crowd[-1]))
        for connection in crowd:
            connection.close()
        until(lambda: self.connections(server) == 1, "the others to be gone")
        self.check(server, before)

    def crowd_in(self, server: Running) -> socket.socket | None:
        """Return one connection more, unless it is closed as soon as it is made."""
        try:
            return self.connect(server)
        except ConnectionResetError:
            return None

    def is_served(self, connection: socket.socket) -> bool:
        try:
            connection.sendall(message())
            return self.status(connection) == 200
        except OSError:
            return False
        except Exception as error:
            # http.client's word for an answer that never came.
            self.assertEqual(type(error).__name__, "BadStatusLine")
            return False

    def connections(self, server: Running) -> int:
        text = server.get("/metrics").text
        (line,) = [line for line in text.splitlines() if line.startswith("cpyrender_connections ")]
        return int(float(line.split()[1]))

    def allow_files(self, count: int) -> None:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(count, before[0]), max(count, before[1])))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        self.assertGreater(os.sysconf("SC_OPEN_MAX"), count - 1)
