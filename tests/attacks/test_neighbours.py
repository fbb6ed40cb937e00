"""What runs beside a hostile script: nothing of it is seen, changed or kept from running."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.attacks.attack import CONFINED, EVERYWHERE, number, script
from tests.attacks.besieged import CROWDED, TALLY, Besieged, besieged
from tests.attacks.cases import framing, resources, signals
from tests.live.running import until

_HOSTILE = 100

_NEIGHBOUR = """
open('mine', 'w').write('mine')
time.sleep(2)
response = [os.listdir('.'), open('mine').read(), oct(os.stat('.').st_mode), oct(os.stat('mine').st_mode)]
"""

#: Goes by what its own folder is called: those of others differ by a number.
_INTRUDER = """
RENAMEAT2 = int(params["renameat2"])
above, own = os.path.split(os.getcwd())
stem, _, number = own.rpartition('-')
names = {own + 'x', 'job'} | {f'{stem}-{n}' for n in range(int(number) - 9, int(number) + 9)} if stem else {'job-1'}
worked, home = [], os.open('.', os.O_RDONLY)
for name in names - {own}:
    other = os.path.join(above, name)
    for what, attack in (
        ('list', lambda: os.listdir(other)),
        ('read', lambda: open(other + '/mine').read()),
        ('write', lambda: open(other + '/mine', 'w').write('yours')),
        ('add', lambda: open(other + '/yours', 'w')),
        ('link', lambda: os.link(other + '/mine', 'linked')),
        ('remove', lambda: os.unlink(other + '/mine')),
        ('take', lambda: os.rename(other + '/mine', 'taken')),
        ('move', lambda: os.rename(other, other + 'x')),
        ('swap', lambda: syscall(RENAMEAT2, -100, other.encode(), -100, b'.', 2)),
        ('enter', lambda: (os.chdir(other), open('mine'))),
    ):
        try: attack()
        except OSError: pass
        else: worked.append((what, name))
    os.fchdir(home)
    for mode in (0, 0o777):
        try: os.chmod(other, mode); os.chmod(other + '/mine', mode)
        except OSError: pass
response = worked
"""


class NeighbourTests(SynchronousTestCase):
    """Scripts that run at the same time."""

    def intrude(self, one: Besieged, intruders: int) -> tuple[list[list[str]], bytes]:
        """Return what worked for intruders beside a script, and what that script then found in its folder."""
        with ThreadPoolExecutor(1) as threads:
            neighbour = threads.submit(one.post, script(_NEIGHBOUR))
            until(lambda: '"busy": 1' in one.server.get("/ready").text, "a busy slot")
            replies = [one.post(script(_INTRUDER), renameat2=number("renameat2")) for _ in range(intruders)]
            return [what for reply in replies for what in json.loads(reply.body)], neighbour.result().body

    def test_folder(self) -> None:
        """At every level but none, a script cannot read, change or take away what is in the folder of another."""
        for machine in CONFINED:
            try:
                worked, said = self.intrude(besieged(machine, *CROWDED), 4)
            except SkipTest:
                continue
            TALLY[machine, "tried"] += 1
            TALLY[machine, "refused"] += not worked
            self.assertEqual(worked, [], machine)
            names, text, mode, mode_of_file = json.loads(said)
            self.assertEqual((names, text, mode), (["mine"], "mine", "0o40700"), machine)
            self.assertNotIn(mode_of_file, ("0o100000", "0o100777"), machine)

    def test_folder_without_protection(self) -> None:
        """At level none a script gets at the folder of another: the attack does aim at the right place."""
        one = Besieged("none", *CROWDED)
        self.addCleanup(one.stop)
        worked, _ = self.intrude(one, 1)
        self.assertIn("write", [what for what, _ in worked])

    def test_hundred_at_once(self) -> None:
        """With a hundred hostile scripts posted at once, the honest ones between them draw what they always draw."""
        hostile = [one for one in (*signals.ATTACKS, *resources.ATTACKS, *framing.ATTACKS) if not one.slow]
        for machine in ("full", "none"):
            try:
                one = besieged(machine, *CROWDED)
            except SkipTest:
                continue
            attacks = [attack for attack in hostile if {machine, *EVERYWHERE} == {*attack.at}]
            with ThreadPoolExecutor(16) as threads:
                harms = []
                for n, attack in enumerate(islice(cycle(attacks), _HOSTILE)):
                    threads.submit(one.post, attack.source)
                    if n % 5 == 0:
                        harms.append(threads.submit(one.harmed))
            TALLY[machine, "honest"] += len(harms)
            TALLY[machine, "unharmed"] += sum(not harm.result() for harm in harms)
            self.assertEqual([harm.result() for harm in harms], [""] * len(harms), machine)
