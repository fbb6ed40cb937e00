"""Resources: see the table."""

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.besieged import Siege
from tests.attacks.cases import resources


class ResourcesTests(Siege, SynchronousTestCase):
    """What is in the table of attacks by way of resources."""

    attacks = resources.ATTACKS
