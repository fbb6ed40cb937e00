"""Tests of L{cpyrender.tap}, and of the plugin that names it."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

import attrs
from twisted.application.service import IService, IServiceMaker
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

import cpyrender
from cpyrender import tap
from cpyrender.settings import RenderSettings, ServerSettings
from twisted.plugins import cpyrender_plugin


def parsed(*words: str) -> ServerSettings:
    """Return the settings that a command line makes."""
    options = tap.Options()
    options.parseOptions(words)
    return options.settings


class SettingsTests(SynchronousTestCase):
    def test_defaults(self) -> None:
        """Without options, the settings are those that embedders get."""
        self.assertEqual(parsed(), ServerSettings())

    def test_each_option(self) -> None:
        """Each option is the setting of its name."""
        table: Iterable[tuple[list[str], ServerSettings]] = (
            (["--port", "8080"], ServerSettings(port=8080)),
            (["-p", "0"], ServerSettings(port=0)),
            (
                ["--listen", "unix:/run/a", "--listen=tcp:80:interface=\\:\\:1"],
                ServerSettings(listen=("unix:/run/a", "tcp:80:interface=\\:\\:1")),
            ),
            (
                ["--public-name", "Example.org", "--public-name=::2"],
                ServerSettings(public_names=["example.org", "[::2]"]),
            ),
            (["--token-file", "/run/token"], ServerSettings(token_file="/run/token")),
            (["--allow-quit"], ServerSettings(allow_quit=True)),
            (["--isolation", "none"], ServerSettings(render=RenderSettings(isolation="none"))),
            (["--slots", "3"], ServerSettings(render=RenderSettings(slots=3))),
            (["--queue", "0"], ServerSettings(render=RenderSettings(queue=0))),
            (["--rate", "30/60"], ServerSettings(render=RenderSettings(rate="30/60"))),
            (["--grace", "1.5"], ServerSettings(grace=1.5)),
            (["--timeout", "2.5"], ServerSettings(render=RenderSettings(timeout=2.5))),
            (["--cpu", "7"], ServerSettings(render=RenderSettings(cpu=7.0))),
            (["--memory", "256M"], ServerSettings(render=RenderSettings(memory=256 << 20))),
            (["--max-body", "1k"], ServerSettings(render=RenderSettings(max_body=1024))),
            (["--max-output", "1G"], ServerSettings(render=RenderSettings(max_output=1 << 30))),
            (["--max-log", "0"], ServerSettings(render=RenderSettings(max_log=0))),
            (["--no-legacy"], ServerSettings(render=RenderSettings(no_legacy=True))),
            (["--no-page"], ServerSettings(no_page=True)),
            (
                ["--fonts", "/usr", "--fonts=/"],
                ServerSettings(render=RenderSettings(fonts=("/usr", "/"))),
            ),
            (
                ["--preload", "scipy.stats", "--preload=pandas"],
                ServerSettings(render=RenderSettings(preload=("scipy.stats", "pandas"))),
            ),
        )
        for words, settings in table:
            self.assertEqual(parsed(*words), settings, words)

    def test_nothing_is_left_over(self) -> None:
        """Two command lines know nothing of each other."""
        parsed("--preload", "pandas", "--slots", "3", "--listen", "tcp:0", "--public-name", "a")
        self.assertEqual(parsed(), ServerSettings())


class RefusalTests(SynchronousTestCase):
    def refused(self, *words: str) -> str:
        """Check that a command line is refused, in one line, and return what is said."""
        options = tap.Options()
        error = self.assertRaises(UsageError, options.parseOptions, words)
        self.assertNotIn("\n", str(error))
        self.assertEqual(options.getUsage(), "`twistd cpyrender --help` lists the options.")
        return str(error)

    def test_bad_values(self) -> None:
        """A bad value is refused by the name of its option, as it is typed."""
        for name, value in (
            ("--port", "http"),
            ("--port", "65536"),
            ("--port", "-1"),
            ("--port", ""),
            ("--port", "9" * 400),
            ("--listen", "frob:1"),
            ("--listen", "tcp:http:x:y"),
            ("--listen", "ssl:1:privateKey=/no/such"),
            ("--public-name", "example.org:80"),
            ("--public-name", "*.example.org"),
            ("--public-name", ""),
            ("--isolation", "perfect"),
            ("--slots", "0"),
            ("--slots", "1.5"),
            ("--queue", "many"),
            ("--queue", "-1"),
            ("--rate", "30"),
            ("--rate", "0/60"),
            ("--grace", "-1"),
            ("--timeout", "0"),
            ("--timeout", "nan"),
            ("--timeout", "30s"),
            ("--cpu", "inf"),
            ("--memory", "1T"),
            ("--memory", "1"),
            ("--memory", "9" * 400),
            ("--max-body", "0"),
            ("--max-output", "1.5G"),
            ("--max-log", "-1"),
            ("--preload", "no module"),
            ("--fonts", "/no/such/folder"),
        ):
            self.assertTrue(self.refused(f"{name}={value}").startswith(f"{name}: "), (name, value))

    def test_unknown(self) -> None:
        """Options that there are not, and words that are no options, are refused."""
        self.assertIn("--prot", self.refused("--prot", "1"))
        self.assertEqual(self.refused("9981"), "'9981' is not an option")

    def test_port_beside_listen(self) -> None:
        """Whoever tells where to listen has no port to choose besides."""
        self.assertEqual(
            self.refused("--listen", "tcp:80", "--port", "81"), "--listen: it is instead of --port, not beside it"
        )

    def test_incomplete(self) -> None:
        """An option without its value, and a flag with one, are refused."""
        self.assertIn("--port", self.refused("--port"))
        self.assertIn("--allow-quit", self.refused("--allow-quit=yes"))


class TextTests(SynchronousTestCase):
    def printed(self, *words: str) -> str:
        """Return what a command line prints that ends the process as a success."""
        stdout = io.StringIO()
        self.patch(sys, "stdout", stdout)
        ended = self.assertRaises(SystemExit, parsed, *words)
        self.assertIn(ended.code, (0, None))
        return stdout.getvalue()

    def test_version(self) -> None:
        """The version is ours, not Twisted's."""
        self.assertEqual(self.printed("--version"), f"cpyrender {cpyrender.__version__}\n")

    def test_help(self) -> None:
        """The help has a line for each setting that the command line can make."""
        text = self.printed("--help")
        names = {*attrs.fields_dict(RenderSettings), *attrs.fields_dict(ServerSettings)} - {"render", "http"}
        for name in names - {"public_names"} | {"public_name"}:
            self.assertRegex(text, rf"--{name.replace('_', '-')}[= ]")


class ServiceMakerTests(SynchronousTestCase):
    def test_service(self) -> None:
        """The command line makes a service, and starts nothing: twistd has yet to go into the background."""
        options = tap.Options()
        options.parseOptions(["--port", "0"])
        service = tap.makeService(options)
        self.assertTrue(verifyObject(IService, service))
        self.assertEqual((service.running, service.port), (0, 0))

    def test_plugin(self) -> None:
        """The plugin of twistd leads to these options and this service."""
        plugin = cpyrender_plugin.cpyrender
        self.assertTrue(verifyObject(IServiceMaker, plugin))
        self.assertEqual(plugin.tapname, "cpyrender")
        self.assertIs(plugin.options, tap.Options)
        self.assertIs(plugin.makeService, tap.makeService)
