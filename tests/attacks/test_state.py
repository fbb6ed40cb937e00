"""State: see the table."""

from __future__ import annotations

import json
import secrets

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.attack import script
from tests.attacks.besieged import Siege, besieged
from tests.attacks.cases import state


class StateTests(Siege, SynchronousTestCase):
    """What one script leaves, the next one must not find."""

    attacks = state.ATTACKS

    def withstand(self, machine: str) -> None:
        """Try the table, and see that everything it touches looks the same before and after."""
        before = besieged(machine).post(script(state.LOOK)).text
        super().withstand(machine)
        self.assertEqual(besieged(machine).post(script(state.LOOK)).text, before)
        self.differ(machine)
        self.forget(machine)

    def differ(self, machine: str) -> None:
        """See that no random number comes twice in twelve scripts."""
        drawn = [json.loads(besieged(machine).post(script(state.RANDOM)).body) for _ in range(12)]
        for kind in zip(*drawn, strict=True):
            self.assertEqual(len(set(kind)), len(kind), f"{machine}: {kind}")

    def forget(self, machine: str) -> None:
        """See that a marker which three scripts spread is nowhere in the memory of the next ones."""
        marker = secrets.token_hex(16)
        for _ in range(3):
            self.assertEqual(besieged(machine).post(script(state.SPREAD), marker=marker).text, marker)
        numbers = ",".join(str(ord(char)) for char in marker)
        for _ in range(2):
            reply = besieged(machine).post(script(state.SCAN), marker=numbers, timeout=20)
            self.assertEqual(reply.status, 200, f"{machine}: {reply.body[:2000]!r}")
            said = json.loads(reply.body)
            self.assertGreaterEqual(said["found"]["control"], 2, f"{machine}: what is there is not found: {said}")
            self.assertEqual(said["found"]["wanted"], 0, f"{machine}: {said}")
            self.assertGreater(said["scanned"], 50 << 20, machine)
