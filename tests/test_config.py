"""Tests of L{cpyrender.config}, and of what C{--config} makes of a file."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import attrs
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.config import BadConfig, key_of, read_config, written
from cpyrender.settings import HttpSettings, RenderSettings, ServerSettings
from cpyrender.tap import Options

FULL = ServerSettings(
    listen=("tcp:0:interface=127.0.0.1", "unix:/tmp/a\\:b \u00e9.sock"),
    public_names=["example.org", "::2"],
    token_file='/run/a "token"',
    allow_quit=True,
    grace=1.5,
    render=RenderSettings(slots=7, rate="30/60", cpu=2.5, memory="256M", preload=["pandas", "scipy.stats"]),
    http=HttpSettings(head=1.5, connections=9, answer_rate="1K"),
)


class ConfigTestCase(SynchronousTestCase):
    def file(self, text: str | bytes) -> str:
        """Return the path of a settings file that has this in it."""
        path = Path(self.mktemp())
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def parsed(self, text: str, *words: str) -> ServerSettings:
        """Return the settings that a file and a command line make together."""
        options = Options()
        options.parseOptions(["--config", self.file(text), *words])
        return options.settings


class ReadTests(ConfigTestCase):
    def test_each(self) -> None:
        """Each setting can be written, and is read as it was."""
        self.assertEqual(self.parsed(written(FULL)), FULL)
        self.assertEqual(self.parsed(written(ServerSettings())), ServerSettings())

    def test_names(self) -> None:
        """The names are those of the options, and each option but those about the file itself is a setting."""
        options = {name.removesuffix("=") for name in (*Options().longOpt,)} - {
            "config",
            "print-config",
            "version",
            "help",
        }
        fields = {**attrs.fields_dict(RenderSettings), **attrs.fields_dict(ServerSettings)}
        self.assertEqual({key_of(name) for name in fields} - {"render", "http"}, options)

    def test_empty(self) -> None:
        """A file that says nothing changes nothing."""
        self.assertEqual(self.parsed(""), ServerSettings())

    def test_refused(self) -> None:
        """What is no setting, of another kind, or no TOML is refused in one line that names the file and the key."""
        for text, key in (
            ("slot = 3", "slot: "),
            ("max_body = 3", "max_body: "),
            ("render = 3", "render: "),
            ("slots = true", "slots: True"),
            ("slots = [3]", "slots: "),
            ("no-legacy = 'false'", "no-legacy: 'false'"),
            ("preload = 'pandas'", "preload: "),
            ("preload = [1]", "preload: "),
            ("http = 3", "http: "),
            ("[http]\nslots = 3", "[http]: slots: "),
            ("[http]\nhead = 0", "[http]: head: 0"),
            ("[http]\nanswer-rate = 'x'", "[http]: answer-rate: 'x'"),
            ("slots = ", "it is not TOML: "),
            (b"# \xff", "it is not TOML: "),
        ):
            path = self.file(text)
            error = self.assertRaises(BadConfig, read_config, path)
            self.assertTrue(str(error).startswith(f"{path}: {key}"), (str(error), key))
            self.assertNotIn("\n", str(error))

    def test_missing(self) -> None:
        """A file that is not there, or is a folder, is named."""
        for path in ("/no/such", "/"):
            error = self.assertRaises(BadConfig, read_config, path)
            self.assertTrue(str(error).startswith(f"{path}: "))


class TogetherTests(ConfigTestCase):
    """A file and a command line."""

    def test_command_line_wins(self) -> None:
        """What is said on the command line counts, also where it is the default."""
        text = "slots = 3\ntimeout = 5\npreload = ['pandas']\nno-legacy = true"
        settings = self.parsed(text, "--timeout", "30", "--preload", "scipy")
        expected = RenderSettings(slots=3, timeout=30, preload=("scipy",), no_legacy=True)
        self.assertEqual(settings, ServerSettings(render=expected))

    def test_where_to_listen(self) -> None:
        """Whoever says on the command line where to listen means that place alone."""
        self.assertEqual(self.parsed("listen = ['tcp:0']", "--port", "81"), ServerSettings(port=81))
        self.assertEqual(self.parsed("port = 81", "--listen", "tcp:0"), ServerSettings(listen=["tcp:0"]))

    def test_bad_values(self) -> None:
        """A bad value in the file is refused by the file and the key, one on the command line by its option."""
        for text, words, said in (
            ("slots = 0", [], "slots: 0 is"),
            ("public-name = ['*']", [], "public-name: '*'"),
            ("memory = '1T'", [], "memory: '1T'"),
            ("listen = ['frob:1']", [], "listen: cannot listen on 'frob:1'"),
        ):
            path = self.file(text)
            error = self.assertRaises(UsageError, Options().parseOptions, ["--config", path, *words])
            self.assertTrue(str(error).startswith(f"--config: {path}: {said}"), str(error))
        error = self.assertRaises(UsageError, self.parsed, "slots = 3", "--slots", "0")
        self.assertTrue(str(error).startswith("--slots: 0"), str(error))
        error = self.assertRaises(UsageError, Options().parseOptions, ["--config", "/no/such"])
        self.assertEqual(str(error), "--config: /no/such: No such file or directory")

    def test_printed(self) -> None:
        """--print-config prints a file that makes the same settings, and ends as a success."""
        stdout = io.StringIO()
        self.patch(sys, "stdout", stdout)
        words = ["--slots", "3", "--rate", "1/2", "--public-name", "example.org", "--no-legacy"]
        ended = self.assertRaises(SystemExit, Options().parseOptions, [*words, "--print-config"])
        self.assertEqual(ended.code, 0)
        options = Options()
        options.parseOptions(words)
        self.assertEqual(self.parsed(stdout.getvalue()), options.settings)
