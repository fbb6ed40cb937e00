"""Framing: see the table."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.besieged import Siege, besieged
from tests.attacks.cases import framing


class FramingTests(Siege, SynchronousTestCase):
    """What is in the table of forged answers."""

    attacks = framing.ATTACKS

    def test_no_header_is_forged(self) -> None:
        """A media type, a name and a count with line ends in them become no header of the answer."""
        one = besieged("confined")
        for attack in framing.ATTACKS:
            if "X-Forged" in attack.script:
                self.assertNotIn("x-forged", one.post(attack.source).headers, attack.name)
