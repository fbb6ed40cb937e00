"""Tests of L{cpyrender.pool.template}: what a template is started from."""

import os
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.template import LayerMissing, TemplateSettings


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


class StartTests(SynchronousTestCase):
    """What starting one comes to where the process is none."""

    def test_ended_at_once(self) -> None:
        """What it said last is told to who waits for it, after what was to be done meanwhile."""
        spool = Path(self.mktemp())
        spool.mkdir(parents=True)
        program = spool / "program"
        program.write_text("#!/bin/sh\necho there is no such module >&2\n")
        program.chmod(0o755)
        self.patch(sys, "executable", str(program.absolute()))
        done: list[bool] = []
        settings = TemplateSettings(spool=spool, memory=1, cpu=1)

        error = self.assertRaises(LayerMissing, settings.start, lambda: done.append(True))
        self.assertEqual((str(error), done), ("there is no such module", [True]))
