"""The server's side of the template process: L{TemplateSettings} becomes a L{RunningTemplate} by being started.

All of it blocks and is called from threads.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from attrs import frozen
from twisted.logger import Logger

from cpyrender.child.confine import JAILED
from cpyrender.child.folder import remove_folder
from cpyrender.pool.bubblewrap import NoBubblewrap, jailed
from cpyrender.pool.running_template import RunningTemplate, let_kernel_wait
from cpyrender.pool.visible import package_home
from cpyrender.settings import DISK

_MESSAGE_SIZE = 1 << 16

# What of the server's environment a script may see: how to show text, numbers and time, for which processor numpy
# computes (on which the last digits depend), and nothing else.
_ENVIRONMENT = (
    *("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "SOURCE_DATE_EPOCH", "TZ"),
    *("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"),
)

# A clone of a warm process must stay one thread wide, and small.
_FIXED = {
    "MALLOC_ARENA_MAX": "1",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}

# The same for all templates of a server: what one makes, the next makes in the same order.
_SEED = str(secrets.randbelow(1 << 32))


class TemplateFailed(Exception):
    """The template cannot be warmed up; the message says why."""


class LayerMissing(TemplateFailed):
    """A level of isolation cannot be had on this machine; the message says what it lacks."""


@frozen(kw_only=True)
class TemplateSettings:
    """What a template is made from.

    @ivar level: of isolation: C{"full"}, C{"jail"}, C{"confined"} or C{"none"}.
    @ivar spool: folder for the job folders; the template removes it when the server is gone.
    @ivar memory: bytes that each child may take above what the template holds.
    @ivar cpu: CPU seconds that each script may use.
    @ivar runs: how many scripts each child may run, one after the other.
    @ivar disk: bytes that each child may write into its folder.
    @ivar room: bytes that all of them may write, and the cache of fonts, where the spool is in memory.
    @ivar preload: modules to import beyond the usual ones.
    @ivar fonts: folders of fonts beside the machine's.
    @ivar legacy: whether children know the names of 2005.
    @ivar uid: whom the template becomes; C{None}: it stays who the server is.
    @ivar readable: files and folders that scripts may read.
    @ivar program: the system call filter; empty at level C{none}.
    @ivar patience: seconds within which it has to be warm, and to answer each command.
    @ivar placement: names of what scripts write to, which is put together; empty: they are not known.
    @ivar learning: whether it is to find those names out, and not to serve.
    """

    _log = Logger()

    spool: Path
    memory: int
    cpu: float
    runs: int = 1
    level: str = "none"
    disk: int = DISK
    room: int = 256 << 20
    preload: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    legacy: bool = True
    uid: int | None = None
    readable: tuple[str, ...] = ()
    program: bytes = b""
    patience: float = 60.0
    placement: bytes = b""
    learning: bool = False

    def start(self, meanwhile: Callable[[], object] | None = None) -> RunningTemplate:
        """Start a template and wait until it is warm.

        @param meanwhile: is called when it has been told how to be, before it is waited for.
        @raise TemplateFailed: it cannot be warmed up.
        @raise LayerMissing: this machine lacks something that its level of isolation needs.
        """
        if self.uid is not None and self.level not in JAILED:
            os.chown(self.spool, self.uid, self.uid)
            # Passable: who sees it from outside may only go through.
            self.spool.chmod(0o711)
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(self.patience)
        with its, tempfile.TemporaryFile() as words, tempfile.TemporaryFile() as placement:
            placement.write(self.placement)
            placement.seek(0)
            try:
                process = self._spawn(its.fileno(), placement.fileno(), words)
            except BaseException:
                ours.close()
                raise
            template = RunningTemplate(process, ours)
            its.close()
            try:
                self._instruct(ours)
                if meanwhile is not None:
                    meanwhile()
                self._wait_until_warm(ours, words)
                let_kernel_wait(ours, self.patience)
            except BaseException:
                template.close()
                raise
        return template

    def forget(self) -> None:
        """Remove what is left of it outside a jail."""
        if self.level not in JAILED:
            remove_folder(str(self.spool))

    def _spawn(self, commands: int, placement: int, words: IO[bytes]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "cpyrender.child", str(commands)]
        if self.learning or self.placement:
            command.append("learn" if self.learning else str(placement))
        environment = self._environment()
        if self.level in JAILED:
            try:
                command = jailed(
                    command,
                    level=self.level,
                    readable=self.readable,
                    spool=str(self.spool),
                    size=self.room,
                    environment=environment,
                )
            except NoBubblewrap as error:
                raise LayerMissing(str(error)) from None
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            pass_fds=[commands, *([placement] if self.placement else [])],
            process_group=0,
        )

    def _environment(self) -> dict[str, str]:
        mine = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        path = os.pathsep.join(filter(None, [package_home(), os.environ.get("PYTHONPATH")]))
        caches = str(self.spool / "matplotlib")
        return mine | _FIXED | {"MPLCONFIGDIR": caches, "PYTHONHASHSEED": _SEED, "PYTHONPATH": path}

    def _instruct(self, commands: socket.socket) -> None:
        settings = {
            "level": self.level,
            "spool": str(self.spool),
            "memory": self.memory,
            "cpu": self.cpu,
            "runs": self.runs,
            "disk": self.disk,
            "preload": self.preload,
            "fonts": self.fonts,
            "legacy": self.legacy,
            "uid": self.uid,
            "readable": self.readable,
            "program": self.program.hex(),
        }
        # Why one has ended already, it tells who waits for it.
        with suppress(BrokenPipeError, ConnectionResetError):
            commands.send(json.dumps(settings).encode())

    def _wait_until_warm(self, commands: socket.socket, words: IO[bytes]) -> None:
        try:
            answer = commands.recv(_MESSAGE_SIZE)
        except TimeoutError:
            raise TemplateFailed(f"it was not warm after {self.patience:g} s") from None
        except OSError as error:
            raise LayerMissing(_last_words(words) or f"it ended while warming up ({error})") from None
        if not answer:
            raise LayerMissing(_last_words(words) or "it ended while warming up")
        said = json.loads(answer)
        if "failed" in said:
            raise TemplateFailed(said["failed"])
        if "missing" in said:
            raise LayerMissing(said["missing"])
        for complaint in said.get("unusable", ()):
            self._log.warn("A font is not used: {complaint}", complaint=complaint)


def _last_words(words: IO[bytes]) -> str:
    """Return the last line that the process wrote to stderr."""
    words.seek(0)
    lines = words.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""
