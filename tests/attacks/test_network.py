"""Network: see the table."""

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.besieged import Siege
from tests.attacks.cases import network


class NetworkTests(Siege, SynchronousTestCase):
    """What is in the table of attacks by way of network."""

    attacks = network.ATTACKS
