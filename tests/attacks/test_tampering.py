"""Tampering: see the table."""

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.besieged import Siege
from tests.attacks.cases import tampering


class TamperingTests(Siege, SynchronousTestCase):
    """What is in the table of attacks by way of tampering with the interpreter."""

    attacks = tampering.ATTACKS
