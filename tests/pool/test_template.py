"""Tests of L{cpyrender.pool.template}: what a template is started from."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.template import TemplateSettings


class EnvironmentTests(SynchronousTestCase):
    """What of the server's environment a template gets."""

    def test_only_what_is_listed(self) -> None:
        """Language and time are passed on; secrets, proxies and what changes Python's ways are not."""
        told = {"LANG": "de_DE.UTF-8", "TZ": "Europe/Berlin"}
        secret = dict.fromkeys(("AWS_SECRET_ACCESS_KEY", "HTTP_PROXY", "LD_PRELOAD", "PYTHONSTARTUP", "HOME"), "x")
        self.patch(os, "environ", told | secret)
        environment = TemplateSettings(spool=Path("/spool"), memory=1, cpu=1)._environment()

        self.assertEqual({name: environment.get(name) for name in told}, told)
        self.assertEqual(environment.keys() & secret.keys(), set())
        self.assertEqual(environment["MPLCONFIGDIR"], "/spool/matplotlib")
