"""What the README says of files and options is what they are."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.tap import Options
from tests.live.running import ROOT

README = (ROOT / "README.md").read_text()
PAGES = {ROOT / "README.md": README} | {path: path.read_text() for path in (ROOT / "docs").glob("*.md")}

_DEFAULT = re.compile(r" +\[default: (.*)\]$")


def as_helped() -> dict[str, tuple[str, str]]:
    """Return each option as C{--help} writes it, to its default and its description."""
    options = {}
    for name, _, default, said in Options.optParameters:
        in_words = _DEFAULT.search(str(said))
        shown = "" if default is None else str(default)
        options[f"--{name}="] = (in_words[1] if in_words else shown, _DEFAULT.sub("", str(said)))
    options |= {f"--{name}": ("", said) for name, _, said in Options.optFlags}
    for name, said in (
        ("--listen=", Options.opt_listen.__doc__),
        ("--public-name=", Options.opt_public_name.__doc__),
        ("--preload=", Options.opt_preload.__doc__),
        ("--fonts=", Options.opt_fonts.__doc__),
        ("--version", Options.opt_version.__doc__),
    ):
        options[name] = ("", str(said))
    return options


class ReadmeTests(SynchronousTestCase):
    """The README and the pages in C{docs/}."""

    def test_options(self) -> None:
        """The table of the server's options has exactly those of --help, with their defaults and in their words."""
        rows = re.findall(r"^\| `(--.+?)` \| (.*?) ?\| (.+) \|$", README, re.MULTILINE)
        self.assertEqual({name: (default, said) for name, default, said in rows}, as_helped())

    def test_excerpts(self) -> None:
        """Each excerpt of an example stands in its file, letter by letter."""
        found = re.findall(r"^<!-- from: (\S+) -->\n```\w+\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)
        self.assertGreater(len(found), 4)
        for path, excerpt in found:
            self.assertIn(excerpt, (ROOT / path).read_text(), path)

    def test_links(self) -> None:
        """What a link within the project points at is there."""
        for page, text in PAGES.items():
            for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
                self.assertTrue((page.parent / target).exists(), f"{page.name}: {target}")

    def test_commands(self) -> None:
        """The two commands that CI runs as they stand are one line each, in a block right after their mark."""
        for name in ("serve", "test"):
            self.assertEqual(len(re.findall(rf"^<!-- ci: {name} -->\n```sh\n[^\n]+\n```$", README, re.MULTILINE)), 1)
