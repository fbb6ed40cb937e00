"""The pool under load and under attack: what one script does is felt by nobody else, and nothing is left behind."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor

from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import Reply, Running, alive, cpu_seconds, fds, serving, steady, until

LOOP = "while True: pass"
SLEEP = "import time; time.sleep({})\nresponse = 'slept'"


class PoolTests(SynchronousTestCase):
    """Each test has a server of its own, which it may ruin."""

    def serve(self, *options: str, level: str | None = None) -> Running:
        server = serving(*options, level=level).__enter__()
        self.addCleanup(server.stop)
        return server

    def at_once(self, count: int) -> ThreadPoolExecutor:
        threads = ThreadPoolExecutor(count)
        self.addCleanup(threads.shutdown)
        return threads

    def until_idle(self, server: Running) -> None:
        """Wait until no slot is busy and each of three has a spare."""
        until(lambda: b'"busy": 0' in server.get("/ready").body, "an idle server")
        until(lambda: len(server.children()) == 3, f"three spares {server.pids()}")

    def until_busy(self, server: Running, count: int) -> None:
        until(lambda: f'"busy": {count}'.encode() in server.get("/ready").body, f"{count} busy slots")

    def folders(self, server: Running) -> set[str]:
        """Return the job folders that there are."""
        return {path.name for path in server.spool.glob("cpyrender-*/*") if path.name != "matplotlib"}

    def settled(self, server: Running, template: int) -> tuple[int, int, int]:
        """Return how many descriptors and folders there are, when nothing is learned or cleared away any more."""
        return steady(lambda: (fds(server.process.pid), fds(template), len(self.folders(server))))

    def test_two_loops_and_twenty_others(self) -> None:
        """While two scripts loop for ever, twenty others are answered, and then the two are told of their limit."""
        server = self.serve("--slots", "3", "--timeout", "8")
        threads = self.at_once(22)
        loops = [threads.submit(server.post, LOOP) for _ in range(2)]
        self.until_busy(server, 2)
        others = [threads.submit(server.post, f"response = '{n}'") for n in range(20)]
        self.assertEqual([other.result().body for other in others], [str(n).encode() for n in range(20)])
        self.assertFalse(any(loop.done() for loop in loops))
        self.assertEqual([loop.result().status for loop in loops], [501, 501])

    def test_many_with_pauses(self) -> None:
        """However scripts and their ends meet, with pauses or without, each is answered, and no slot is lost."""
        server = self.serve("--slots", "3")
        self.until_idle(server)

        def post(number: int) -> list[bytes]:
            """Post eighty scripts, with pauses of up to 20 ms before some of them."""
            chance = random.Random(number)
            bodies = []
            for nth in range(80):
                time.sleep(max(0.0, chance.uniform(-0.04, 0.02)))
                bodies.append(server.post(f"response = '{number} {nth}'").body)
            return bodies

        threads = self.at_once(12)
        posting = [threads.submit(post, number) for number in range(12)]
        for number, one in enumerate(posting):
            self.assertEqual(one.result(), [f"{number} {nth}".encode() for nth in range(80)])
        self.until_idle(server)

    def test_reactor_is_never_blocked(self) -> None:
        """With every slot taken and scripts waiting, the server still answers at once what needs no script."""
        server = self.serve("--slots", "2", "--timeout", "30")
        threads = self.at_once(6)
        waiting = [threads.submit(server.post, SLEEP.format(1)) for _ in range(6)]
        self.until_busy(server, 2)
        self.assertEqual(server.get("/health").status, 200)
        self.assertFalse(any(one.done() for one in waiting[2:]))
        self.assertEqual({one.result().body for one in waiting}, {b"slept"})

    def test_no_growth(self) -> None:
        """After 200 scripts, there are as many processes, descriptors and files as before."""
        server = self.serve("--slots", "3")
        server.until_settled()
        for _ in range(6):
            server.post("response = 'warm'")
        self.until_idle(server)
        template = server.template()
        before = self.settled(server, template)
        for n in range(200):
            # A good one, one that raises, one that dies, one that leaves files.
            kind = ("response = 'x'", "1/0", "import os; os._exit(1)", "open('f', 'w').write('x'); response = 'x'")[
                n % 4
            ]
            self.assertIn(server.post(kind).status, (200, 501))
        self.until_idle(server)
        self.assertEqual(self.settled(server, template), before)

    def test_odd_folders_vanish(self) -> None:
        """A job folder vanishes whatever the script made of it: links, no permissions, a thousand levels."""
        server = self.serve("--slots", "3", level="confined")
        kept = server.spool / "kept"
        kept.write_text("kept")
        for script in (
            f"import os; os.symlink({str(server.spool)!r}, 'link'); os.mkdir('d'); os.chmod('d', 0)",
            "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')",
            "import os; os.mkdir('d'); open('d/f', 'w'); os.chmod('d', 0); os.chmod('.', 0)",
        ):
            self.assertEqual(server.post(script + "\nresponse = 'x'").body, b"x", script)
        self.until_idle(server)
        until(lambda: len(self.folders(server)) == 3, f"only the spares' folders {self.folders(server)}")
        self.assertEqual(kept.read_text(), "kept")

    def test_abandoned_processes_die(self) -> None:
        """What a script starts and leaves behind, in its group or in a session of its own, is dead after the answer."""
        server = self.serve("--slots", "3", level="none")
        script = (
            "import subprocess\n"
            "subprocess.Popen(['sleep', '4321'])\n"
            "subprocess.Popen(['setsid', '-f', 'sleep', '4321'])\n"
            "subprocess.Popen(['sh', '-c', 'setsid sh -c \"setsid sleep 4321 & sleep 4321\" & sleep 4321'])\n"
            "import time; time.sleep(.2)\nresponse = 'left'"
        )
        self.assertEqual(server.post(script).body, b"left")
        self.until_idle(server)
        until(lambda: "sleep 4321" not in _all_commands(), "the end of all sleepers")

    def test_client_leaves(self) -> None:
        """A client that disconnects has its script killed, and its slot is free again."""
        server = self.serve("--slots", "1")
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(LOOP)}\r\n\r\n"
            connection.sendall(head.encode() + LOOP.encode())
            self.until_busy(server, 1)
        self.until_busy(server, 0)
        self.assertEqual(server.post("response = 'next'").body, b"next")

    def test_client_leaves_the_line(self) -> None:
        """A client that disconnects while it waits is not run at all."""
        server = self.serve("--slots", "1")
        running = self.at_once(1).submit(server.post, SLEEP.format(2))
        self.until_busy(server, 1)
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\nwhile True: pass")
            until(lambda: b'"waiting": 1' in server.get("/ready").body, "one that waits")
        until(lambda: b'"waiting": 0' in server.get("/ready").body, "nobody waiting")
        self.assertEqual(running.result().body, b"slept")
        self.assertEqual(server.post("response = 'next'").body, b"next")

    def test_full_line(self) -> None:
        """Beyond the queue's length the answer is 503 with Retry-After, and those before it are served."""
        server = self.serve("--slots", "1", "--queue", "2")
        threads = self.at_once(3)
        taken = [threads.submit(server.post, SLEEP.format(3)) for _ in range(3)]
        until(lambda: b'"waiting": 2' in server.get("/ready").body, "a full line")
        reply = server.post("response = 'too many'")
        self.assertEqual(reply.status, 503)
        self.assertGreaterEqual(int(reply.headers["retry-after"]), 1)
        self.assertEqual([one.result().status for one in taken], [200] * 3)

    def test_killed_child(self) -> None:
        """A script that is killed from outside gets an answer that says so; the next one does not notice."""
        server = self.serve("--slots", "1")
        running = self.at_once(1).submit(server.post, LOOP)
        self.until_busy(server, 1)
        # One that is killed before it has the script is replaced, and nobody notices.
        until(lambda: cpu_seconds(server.children()[0]) > 0.3, "a script that runs")
        server.kill(server.children()[0])
        reply = running.result()
        self.assertEqual((reply.status, "SIGKILL" in reply.text), (501, True))
        self.assertEqual(server.post("response = 'next'").body, b"next")

    def test_killed_spares(self) -> None:
        """When all spares are killed, the next scripts are served by others."""
        server = self.serve("--slots", "3")
        self.until_idle(server)
        for spare in server.children():
            server.kill(spare)
        self.assertEqual([server.post("response = 'x'").body for _ in range(6)], [b"x"] * 6)

    def test_killed_template(self) -> None:
        """When the template is killed under load, it is replaced, and every request is answered all the same."""
        server = self.serve("--slots", "3")
        threads = self.at_once(12)
        for _ in range(2):
            replies: list[Future[Reply]] = [threads.submit(server.post, SLEEP.format(0.5)) for _ in range(12)]
            self.until_busy(server, 3)
            server.kill(server.template())
            self.assertEqual([reply.result().body for reply in replies], [b"slept"] * 12)
        self.assertIn(b'"restarts": 2', server.get("/health").body)

    def test_script_that_kills_its_template(self) -> None:
        """A script that kills its own template harms itself alone."""
        server = self.serve("--slots", "2", level="none")
        running = self.at_once(1).submit(server.post, SLEEP.format(1))
        self.until_busy(server, 1)
        reply = server.post("import os; os.kill(os.getppid(), 9); import time; time.sleep(9); response = 'x'")
        self.assertEqual((reply.status, "killed" in reply.text), (501, True))
        self.assertEqual(running.result().body, b"slept")
        self.assertEqual(server.post("response = 'next'").body, b"next")

    def test_killed_server(self) -> None:
        """When the server is killed outright, its template, its children and their folders go too, at every level."""
        for level in ("full", "jail", "confined", "none"):
            server = self.serve("--slots", "3", level=level)
            threads = self.at_once(2)
            for script in (LOOP, "import subprocess; subprocess.run(['sleep', '4322'])", SLEEP.format(60)):
                threads.submit(server.post, script)
            self.until_busy(server, 2)
            # A slot is busy from the moment that it asks for a child.
            until(lambda: len(server.pids()) >= 3, "a template and its children")  # noqa: B023
            below = server.pids()
            server.process.kill()
            server.process.wait()
            until(lambda: not [pid for pid in below if alive(pid)], f"the end of {below}")  # noqa: B023
            until(lambda: not list(server.spool.glob("cpyrender-*")), "the end of the spool")  # noqa: B023
            self.assertNotIn("sleep 4322", _all_commands())

    def test_killed_while_it_warms_up(self) -> None:
        """When the server is killed before its template is warm, that goes too, and what it has written."""
        for level in ("confined", "none"):
            server = serving(level=level)
            self.addCleanup(server.stop)
            until(lambda: list(server.spool.glob("cpyrender-*/*")), "a template that warms up")  # noqa: B023
            below = server.pids()
            self.assertTrue(below)
            server.process.kill()
            server.process.wait()
            until(lambda: not [pid for pid in below if alive(pid)], f"the end of {below}")  # noqa: B023
            until(lambda: not list(server.spool.glob("cpyrender-*")), "the end of the spool")  # noqa: B023


class StoppingTests(SynchronousTestCase):
    """How it ends."""

    def test_running_scripts_finish(self) -> None:
        """On SIGTERM and on /quit no new script is taken, the running ones finish, and nothing is left."""
        for way in ("signal", "quit"):
            with serving("--slots", "2", "--allow-quit") as server, ThreadPoolExecutor(1) as threads:
                running = threads.submit(server.post, SLEEP.format(1))
                until(lambda: b'"busy": 1' in server.get("/ready").body, "a busy slot")
                below = server.pids()
                if way == "quit":
                    self.assertEqual(server.get("/quit").status, 200)
                else:
                    server.process.terminate()
                self.assertEqual(running.result().body, b"slept")
                self.assertEqual(server.process.wait(30), 0 if way == "quit" else -signal.SIGTERM)
                self.assertFalse([pid for pid in below if alive(pid)])
                self.assertFalse(list(server.spool.glob("cpyrender-*")))
                self.assertNotIn("Traceback", server.log)

    def test_interrupt_while_idle(self) -> None:
        """Ctrl-C on an idle server ends it cleanly at once."""
        with serving() as server:
            began = time.monotonic()
            server.process.send_signal(signal.SIGINT)
            server.process.wait(30)
            self.assertLess(time.monotonic() - began, 20)
            self.assertNotIn("Traceback", server.log)


def _all_commands() -> str:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
