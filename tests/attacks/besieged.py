"""A server under attack: each attack is followed by an honest script, which must not notice."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import groupby
from pathlib import Path
from urllib.parse import urlencode

from attrs import frozen
from PIL import Image
from twisted.trial.unittest import SkipTest

from tests.attacks.attack import Attack, together
from tests.live.running import ROOT, Reply, Running, serving

MACHINES = Path(__file__).with_name("machines")

#: Names the machines, separated by commas, that must be there; the tests of others are left out where they are not.
NEEDED = "CPYRENDER_ATTACKED"

_SMALL = ("--timeout", "30", "--cpu", "1", "--memory", "256M", "--max-output", "1M", "--queue", "200")

#: One slot: an honest script then runs in a child that was forked after the attack, in what the attack left behind.
ALONE = (*_SMALL, "--slots", "1")

#: Several: hostile scripts and honest ones run beside each other.
CROWDED = (*_SMALL, "--slots", "4")

#: Wall seconds that a script which goes on until it is stopped asks for; it has less of CPU time.
SECONDS = 2

_AT_ONCE = 25
_LIBRARY = "known = 'unharmed'\n"

HONEST = """
import os
from matplotlib import pyplot as plt
assert os.listdir('.') == [], os.listdir('.')
figure, axes = plt.subplots(figsize=(2.4, 1.8))
axes.plot([1, 2, 4, 8], 'o-', label='honest')
axes.bar([0, 1, 2], [3, 2, 1], alpha=.5)
axes.set_title('$x^2$')
axes.legend()
"""


@frozen
class Machine:
    """A machine on which the server reaches a level and no better one.

    @ivar folder: put before Python's path; see L{tests.attacks.machines}.
    """

    level: str
    folder: str | None = None

    def serving(self, *options: str, path: tuple[str, ...] = ()) -> Running:
        """Return a server on it, started.

        @param path: folders to put before Python's path.
        @raise SkipTest: this machine has not what the level takes, and nobody said that it must.
        """
        env = {}
        folders = (*path, *([str(MACHINES / self.folder), str(ROOT)] if self.folder is not None else []))
        if folders:
            env["PYTHONPATH"] = os.pathsep.join(filter(None, [*folders, os.environ.get("PYTHONPATH")]))
        server = serving(*options, level=self.level, env=env)
        try:
            return server.__enter__()
        except AssertionError as error:
            if "cannot be had here" in str(error) and self.level not in os.environ.get(NEEDED, "").split(","):
                raise SkipTest(str(error).rpartition("cannot be had here")[2].strip(" .")) from None
            raise


THE_MACHINES = {
    "full": Machine("full"),
    "jail": Machine("jail"),
    "confined": Machine("confined"),
    "old": Machine("confined", "landlock_1"),
    "none": Machine("none"),
}

#: (machine, what) to how often: "tried", "refused"; "honest", "unharmed".
TALLY: Counter[tuple[str, str]] = Counter()


class Besieged:
    """A server, and what an honest script gave there before the first attack.

    @ivar machine: its name in L{THE_MACHINES}.
    """

    def __init__(self, machine: str, *options: str) -> None:
        self.machine = machine
        self._options = options or ALONE
        self._folder = tempfile.TemporaryDirectory(prefix="cpyrender-library-")
        self._library = Path(self._folder.name, "library.py")
        self._start()
        self._before = self._draw()

    def _start(self) -> None:
        # What Python may import, scripts may read. This is a part of it that anybody might write, by its mode, and that
        # may be ruined.
        Path(self._folder.name).chmod(0o755)
        self._library.unlink(missing_ok=True)
        self._library.write_text(_LIBRARY)
        self._library.chmod(0o666)
        self.server = THE_MACHINES[self.machine].serving(*self._options, path=(self._folder.name,))
        self._secret = self.server.spool / "secret"
        self._secret.write_text("the secret")
        self._secret.chmod(0o644)

    def _draw(self) -> bytes:
        reply = self.server.post(HONEST)
        if reply.status != 200:
            raise AssertionError(f"an honest script is answered with {reply.status} {reply.text[:1000]}")
        return Image.open(io.BytesIO(reply.body)).convert("RGB").tobytes()

    def stop(self) -> None:
        """End the server, and leave nothing."""
        self.server.stop()
        self._folder.cleanup()

    def post(self, script: str, **params: object) -> Reply:
        """Post a script; it knows where there is something to attack."""
        known = {
            "timeout": 15,
            "secret": self._secret,
            "library": self._library,
            "port": self.server.port,
            "server": self.server.process.pid,
        }
        return self.server.post(script, "/?" + urlencode(known | params))

    def harmed(self) -> str:
        """Return what an honest script suffers; empty where it draws what it drew before."""
        try:
            if self._draw() != self._before:
                return "an honest script draws another picture"
            return "" if self._library.read_text() == _LIBRARY else "a library has been changed"
        except (AssertionError, OSError) as error:
            return str(error)

    def withstand(self, attacks: Iterable[Attack]) -> list[str]:
        """Try the attacks that are meant for this machine, and return what went wrong."""
        wrong = []
        for batch in _batches([one for one in attacks if self.machine in one.at and not one.slow]):
            said = self._answers(batch)
            wrong += [one for attack, answer in zip(batch, said, strict=True) for one in self.judge(attack, answer)]
            wrong += self.look_for_harm(", ".join(attack.name for attack in batch))
        return wrong

    def withstand_at_once(self, attacks: Iterable[Attack]) -> list[str]:
        """Try attacks beside each other and beside honest scripts, and return what went wrong."""
        tried = [one for one in attacks if self.machine in one.at]
        with ThreadPoolExecutor(6) as threads:
            answers = [threads.submit(self._answers, [one]) for one in tried]
            # They stand in line behind the first of the hostile ones, and are served before the last.
            harms = [threads.submit(self.harmed) for _ in tried]
        wrong = [said for one, got in zip(tried, answers, strict=True) for said in self.judge(one, got.result()[0])]
        TALLY[self.machine, "honest"] += len(harms)
        suffered = [harm.result() for harm in harms if harm.result()]
        TALLY[self.machine, "unharmed"] += len(harms) - len(suffered)
        return wrong + [f"beside {len(tried)} attacks, {self.machine}: {harm}" for harm in suffered]

    def _answers(self, batch: list[Attack]) -> list[str]:
        """Return what each attack is answered, as C{"<status> <body>"}."""
        if len(batch) > 1:
            reply = self.post(together(batch))
            if reply.status == 200:
                said: list[str] = json.loads(reply.body)
                return said
        replies = [self.post(one.source, **({"timeout": SECONDS} if one.slow else {})) for one in batch]
        return [f"{reply.status} {reply.body.decode(errors='replace')}" for reply in replies]

    def judge(self, attack: Attack, answer: str) -> list[str]:
        """Count an attack, and return what is wrong with its answer, if anything."""
        met = attack.met(self.machine, answer)
        TALLY[self.machine, "tried"] += 1
        TALLY[self.machine, "refused"] += met
        if met:
            return []
        expected = attack.expected(self.machine)
        return [f"{attack.name}, {self.machine}: answered with {answer[:1500]!r}, not with {expected!r}"]

    def look_for_harm(self, after: str) -> list[str]:
        """Let an honest script run, count it, and return what it suffers, if anything."""
        harm = self.harmed()
        TALLY[self.machine, "honest"] += 1
        TALLY[self.machine, "unharmed"] += not harm
        if not harm:
            return []
        # What comes after it is to have a chance.
        self.server.stop()
        self._start()
        return [f"{after}, {self.machine}: {harm}"]


def _batches(attacks: list[Attack]) -> Iterator[list[Attack]]:
    """Part attacks into those that can be tried in one script and those that each need their own."""
    for alike, group in groupby(attacks, lambda attack: attack.expression is not None):
        size = _AT_ONCE if alike else 1
        members = list(group)
        yield from (members[at : at + size] for at in range(0, len(members), size))


@cache
def besieged(machine: str, *options: str) -> Besieged:
    """Return a server on a machine; all tests share it, and it ends with the test run."""
    # Imported here, for it is registered only where there is something to end.
    import atexit

    one = Besieged(machine, *options)
    atexit.register(one.stop)
    return one


class Siege:
    """Tries a table of attacks on each machine."""

    attacks: tuple[Attack, ...] = ()
    fail: Callable[[str], None]

    def withstand(self, machine: str) -> None:
        wrong = besieged(machine).withstand(self.attacks)
        if slow := [attack for attack in self.attacks if attack.slow]:
            wrong += besieged(machine, *CROWDED).withstand_at_once(slow)
        if "Traceback" in besieged(machine).server.log:
            wrong.append(f"{machine}: the server failed: {besieged(machine).server.log[-3000:]}")
        if wrong:
            self.fail("\n".join(["", *wrong]))

    def test_full(self) -> None:
        """At level full, every attack of this kind is answered as it should be, and honest scripts are unharmed."""
        self.withstand("full")

    def test_jail(self) -> None:
        """At level jail, every attack of this kind is answered as it should be, and honest scripts are unharmed."""
        self.withstand("jail")

    def test_confined(self) -> None:
        """At level confined, every attack of this kind is answered as it should be, and honest scripts are unharmed."""
        self.withstand("confined")

    def test_old(self) -> None:
        """So it is at level confined on a kernel with the first version of Landlock."""
        self.withstand("old")

    def test_none(self) -> None:
        """At level none, what would harm others than the operator's own files and network is answered as it should."""
        self.withstand("none")
