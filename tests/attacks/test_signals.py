"""Signals: see the table."""

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.besieged import Siege
from tests.attacks.cases import signals


class SignalsTests(Siege, SynchronousTestCase):
    """What is in the table of attacks by way of signals."""

    attacks = signals.ATTACKS
