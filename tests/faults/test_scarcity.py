"""Out of descriptors, memory, room on the disk, and right time."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.steady import SCRIPT, Steady, message
from tests.live.running import Running, free_port, twistd, until


class DescriptorTests(Steady):
    def test_none_left(self) -> None:
        """A server that has no descriptor left answers who is connected, and is as before when there are some again."""
        server = self.serve()
        before = self.state(server)
        kept = self.connect(server)
        kept.sendall(message())
        self.assertEqual(self.status(kept), 200)
        limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (before.fds + 6, limits[1]))
        crowd = [self.connect(server) for _ in range(20)]
        for _ in range(5):
            kept.sendall(message())
            self.assertIn(self.status(kept), (200, 503))
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)
        for connection in (*crowd, kept):
            connection.close()
        # What Twisted says when accept(2) finds no room is a line in the log, and no bug of ours.
        until(lambda: server.post(SCRIPT).body == b"drawn", "a drawn script")
        until(lambda: self.state(server) == before, f"{before} again")


class MemoryTests(Steady):
    def test_scripts_that_take_all(self) -> None:
        """Scripts that want more than they may, in all slots at once, are told so, and leave nothing."""
        server = self.serve("--memory", "200M")
        before = self.state(server)
        with ThreadPoolExecutor(6) as threads:
            replies = list(threads.map(server.post, ["x = []\nwhile True: x.append(bytes(5_000_000))"] * 12))
        self.assertEqual({reply.status for reply in replies}, {501})
        self.assertEqual({reply.reason[:11] for reply in replies}, {"MemoryError"})
        self.check(server, before)


class DiskTests(Steady):
    def test_full_spool(self) -> None:
        """Where the disk is full that job folders are on, a script is told so; it is drawn when there is room again."""
        with tempfile.TemporaryDirectory(prefix="cpyrender-full-") as folder:
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8M,mode=1777", "cpyrender-full", folder])
            if mounted.returncode != 0:
                self.skipTest("no file system can be mounted here")
            self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
            try:
                self.fill(Path(folder))
            finally:
                subprocess.run(["umount", "-l", folder], check=True)

    def fill(self, folder: Path) -> None:
        port = free_port()
        command = twistd("cpyrender", "--port", str(port), "--slots", "3", "--isolation", "confined")
        with Running(command, port, {"TMPDIR": str(folder), "PATH": "/nonexistent"}) as server:
            write = "open('f', 'wb').write(bytes(1_000_000)); response = 'written'"
            self.assertEqual(server.post(write).body, b"written")
            # Its folder is removed when it has been answered, and would make room.
            until(lambda: not any("f" in files for _, _, files in os.walk(folder)), "its folder to be gone")
            with (folder / "filling").open("wb", buffering=0) as filling:
                try:
                    while True:
                        filling.write(bytes(1 << 12))
                except OSError:
                    pass
            full = server.post(write)
            self.assertIn(full.status, (501, 503))
            if full.status == 501:
                self.assertIn("No space left on device", full.text)
            # Such a body is kept in a file of the server's own.
            large = write.encode() + b"#" * 200_000
            full = server.post(large)
            self.assertEqual((full.status, full.reason), (503, "the server has no room for the body"))
            (folder / "filling").unlink()
            until(lambda: server.post(write).body == b"written", "room again")
            self.assertEqual(server.post(large).body, b"written")
            self.assertNotIn("Traceback", server.log)


class ClockTests(Steady):
    def test_set_clock(self) -> None:
        """A clock that is set forward or back by a day, while a script runs, changes nothing for anybody."""
        for days in (1, -1):
            port = free_port()
            switch = Path(tempfile.mkdtemp(prefix="cpyrender-clock-")) / "set"
            self.addCleanup(shutil.rmtree, switch.parent)
            command = twistd("cpyrender", "--port", str(port), "--slots", "2")
            # The server's own clock only, and before Twisted takes hold of it.
            command[2] = _SETTING.format(switch=str(switch), seconds=86400 * days) + command[2]
            with Running(command, port) as server, ThreadPoolExecutor(1) as threads:
                kept = self.connect(server)
                script = "import time; time.sleep(1.5); response = 'slept'"
                running = threads.submit(server.post, script)
                until(lambda server=server: self.health(server)["busy"] == 1, "a busy slot")
                switch.touch()
                self.assertEqual(running.result().body, b"slept")
                kept.sendall(message())
                self.assertEqual(self.status(kept), 200)
                timed = float(str(self.health(server)["uptime"]))
                self.assertTrue(0 < timed < 60, timed)
                self.assertEqual(server.post(SCRIPT).body, b"drawn")
                self.assertEqual(server.stop(), -15)


_SETTING = """
import os, time
def told(usual=time.time):
    return usual() + ({seconds} if os.path.exists({switch!r}) else 0)
time.time = told
"""
