"""The template dies, in the middle of everything."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

from tests.faults.steady import SCRIPT, Steady
from tests.live.running import TAKEN_OVER, Running, parent, until


class TemplateTests(Steady):
    def test_under_load(self) -> None:
        """Killed again and again under load: each script is drawn, run again if need be, or told when to come again."""
        server = self.serve()
        before = self.state(server)
        with ThreadPoolExecutor(6) as threads:
            replies = [threads.submit(server.post, f"response = '{n}'") for n in range(120)]
            for _ in range(4):
                time.sleep(0.15)
                self.kill(server)
            for number, reply in enumerate(replies):
                got = reply.result()
                self.assertIn(got.status, (200, 503), got.text)
                if got.status == 200:
                    self.assertEqual(got.body, str(number).encode())
        self.check(server, before)
        self.assertGreaterEqual(int(str(self.health(server)["restarts"])), 1)

    def test_in_a_reload(self) -> None:
        """Killed while a fresh one starts beside it: the fresh one takes over, or another one does."""
        server = self.serve()
        before = self.state(server)
        server.process.send_signal(signal.SIGHUP)
        self.kill(server)
        self.assertEqual(server.post(SCRIPT).body, b"drawn")
        until(lambda: TAKEN_OVER in server.log, "the end of the reload")
        self.check(server, before)

    def test_stopped(self) -> None:
        """Killed while the server drains: what was taken is drawn all the same, and the server ends."""
        server = self.serve()
        with ThreadPoolExecutor(2) as threads:
            replies = [threads.submit(server.post, "import time; time.sleep(1); response = 'drawn'") for _ in range(2)]
            until(lambda: self.health(server)["busy"] == 2, "two busy slots")
            server.process.send_signal(signal.SIGTERM)
            self.kill(server)
            self.assertEqual([reply.result().body for reply in replies], [b"drawn"] * 2)
        self.assertEqual(server.process.wait(30), -signal.SIGTERM)

    def kill(self, server: Running) -> None:
        """Kill the process that all children have as a parent, if there is one just now."""
        for child in server.children():
            try:
                server.kill(parent(child))
            except ProcessLookupError:
                continue
            return
