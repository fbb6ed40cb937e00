"""Process: see the table."""

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.besieged import Siege
from tests.attacks.cases import process


class ProcessTests(Siege, SynchronousTestCase):
    """What is in the table of attacks by way of process."""

    attacks = process.ATTACKS
