"""Files: see the table."""

from twisted.trial.unittest import SynchronousTestCase

from tests.attacks.besieged import Siege
from tests.attacks.cases import files


class FilesTests(Siege, SynchronousTestCase):
    """What is in the table of attacks by way of files."""

    attacks = files.ATTACKS
