"""Pretending: see the table."""

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.besieged import Siege
from tests.attacks.cases import pretending


class PretendingTests(Siege, SynchronousTestCase):
    """What is in the table of attacks by way of pretending."""

    attacks = pretending.ATTACKS
