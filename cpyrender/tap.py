"""The command line: C{twistd cpyrender}, C{twist cpyrender}."""

from __future__ import annotations

import sys
import time
from collections.abc import Container, Mapping, Sequence
from typing import Any, cast

import attrs
from twisted.application.service import IService
from twisted.python import usage

import cpyrender
from cpyrender.config import BadConfig, Config, key_of, read_config, written
from cpyrender.listening import read_endpoint
from cpyrender.service import RenderService
from cpyrender.settings import ISOLATION, HttpSettings, RenderSettings, ServerSettings

_RENDER = attrs.fields_dict(RenderSettings)
# Options that may be repeated.
_LISTS = ("fonts", "listen", "preload", "public_names")
_NO_SETTINGS = {"config", "print-config", *map(key_of, _LISTS)}


def _default(name: str) -> object:
    default = (_RENDER.get(name) or attrs.fields_dict(ServerSettings)[name]).default
    return default if isinstance(default, str | int | float) else None


class Options(usage.Options):
    """Options of C{twistd cpyrender}; each is a setting of L{RenderSettings} or L{ServerSettings}."""

    synopsis = "[options]"
    longdesc = (
        "Runs the Python scripts that are POSTed to it, each in a fresh interpreter that already holds matplotlib, "
        "numpy and Pillow, and answers with the pictures they make. It runs whatever it is sent: see the README."
    )
    optParameters: Sequence[Sequence[object]] = [
        ["config", None, None, "TOML file with settings by the names of these options, which count more"],
        ["port", "p", _default("port"), "TCP port on 127.0.0.1"],
        ["token-file", None, None, "file with the token that clients have to show; made if missing"],
        ["isolation", None, _default("isolation"), f"least level of isolation accepted: {', '.join(ISOLATION)}"],
        ["slots", None, None, "scripts running at once  [default: cores + 1]"],
        ["queue", None, _default("queue"), "scripts waiting; beyond it 503"],
        ["rate", None, None, "scripts that one client address may post, as 30/60: thirty in 60 s; beyond it 429"],
        ["timeout", None, "30", "wall seconds that a script may run"],
        ["cpu", None, None, "CPU seconds that a script may use  [default: as --timeout]"],
        ["memory", None, "1G", "memory per script, above what the warm template holds (K, M, G)"],
        ["grace", None, "30", "seconds for running and waiting scripts when the server is told to stop"],
        ["max-body", None, "16M", "size of a request's body (K, M, G)"],
        ["max-output", None, "64M", "size of an answer (K, M, G)"],
        ["max-log", None, "64K", "stdout and stderr kept, each (K, M, G)"],
        [
            "runs-per-process",
            None,
            "1",
            "scripts that may share a process, one after the other: only where all of them are your own",
        ],
    ]
    optFlags: Sequence[Sequence[object]] = [
        ["print-config", None, "show all settings as a file for --config, and exit"],
        ["allow-quit", None, "GET /quit from this machine stops the server, after the running scripts are done"],
        ["no-legacy", None, "turn off the names of 2005: StringIO, import Image, Image.fromstring, tostring_rgb"],
        ["no-page", None, "turn off the page to try scripts in, which GET / is"],
    ]
    settings: ServerSettings

    def __init__(self) -> None:
        self._given: set[str] = set()
        super().__init__()
        for name in _LISTS:
            self[key_of(name)] = []
        self._given.clear()
        self._refused = False

    def opt_preload(self, module: str) -> None:
        """A module to hold warm, beside matplotlib.pyplot, numpy and PIL.Image; may be repeated."""
        self["preload"].append(module)

    def opt_fonts(self, folder: str) -> None:
        """A folder of fonts to know, beside those of the machine; may be repeated."""
        self["fonts"].append(folder)

    def opt_listen(self, endpoint: str) -> None:
        """A Twisted endpoint to listen on instead of --port, as unix:/run/cpyrender.sock; may be repeated."""
        self["listen"].append(endpoint)

    def opt_public_name(self, name: str) -> None:
        """A further host name that is ours, beside localhost; may be repeated."""
        self["public-name"].append(name)

    def opt_version(self) -> None:
        """Show the version and exit."""
        sys.stdout.write(f"cpyrender {cpyrender.__version__}\n")
        raise SystemExit(0)

    def parseArgs(self, *words: str) -> None:
        """Take none.

        @raise usage.UsageError: there are some.
        """
        if words:
            raise usage.UsageError(f"{words[0]!r} is not an option")

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse, and remember a refusal: who mistyped one option wants one line, not the page of all options."""
        try:
            super().parseOptions(options)
        except usage.UsageError:
            self._refused = True
            raise

    def getUsage(self, width: int | None = None) -> str:
        """Return the help, or where to find it when an option has been refused."""
        if self._refused:
            return "`twistd cpyrender --help` lists the options."
        text: str = super().getUsage(width)
        return text

    def __setitem__(self, name: str, value: object) -> None:
        """Remember that an option has been given: it counts more than the settings file."""
        super().__setitem__(name, value)
        self._given.add(name)

    def postOptions(self) -> None:
        """Check everything, and make C{settings} of it.

        @raise usage.UsageError: a value is not what it should be.
        """
        config = self._config()
        given = {name.replace("-", "_"): self[name] for name in self._given if name not in _NO_SETTINGS}
        given |= {name: self[key_of(name)] for name in _LISTS if self[key_of(name)]}
        if "listen" in given and "port" in given:
            raise usage.UsageError("--listen: it is instead of --port, not beside it")
        filed = {name: value for name, value in config.values.items() if name not in given}
        # Whoever says on the command line where to listen means that place alone.
        for one, other in (("listen", "port"), ("port", "listen")):
            if one in given:
                filed.pop(other, None)
        self.settings = self._made({**filed, **given}, config, filed.keys())
        if self["print-config"]:
            sys.stdout.write(written(self.settings))
            raise SystemExit(0)

    def _config(self) -> Config:
        if self["config"] is None:
            return Config("", {}, HttpSettings())
        try:
            return read_config(self["config"])
        except BadConfig as error:
            raise usage.UsageError(f"--config: {error}") from None

    def _made(self, values: Mapping[str, Any], config: Config, filed: Container[str]) -> ServerSettings:
        try:
            render = RenderSettings(**{name: value for name, value in values.items() if name in _RENDER})
            rest = {name: value for name, value in values.items() if name not in _RENDER}
            settings = ServerSettings(render=render, http=config.http, **rest)
            self._check_listen(settings)
        except ValueError as error:
            name, _, why = str(error).partition(": ")
            where = f"--config: {config.path}: " if name in filed else "--"
            raise usage.UsageError(f"{where}{key_of(name)}: {why}") from None
        return settings

    def _check_listen(self, settings: ServerSettings) -> None:
        for description in settings.listen:
            try:
                read_endpoint(None, description)
            except ValueError as error:
                raise ValueError(f"listen: {error}") from None


def makeService(options: Options) -> IService:
    """Return the service for the options; nothing is started yet."""
    # The one place that knows the global reactor; imported late, so that a reactor can still be chosen.
    from twisted.internet import reactor

    # Twisted tells time by the wall clock: were somebody to set it, all deadlines would be over at once, or never come.
    # Nothing has been scheduled yet that would be mistaken by the change.
    cast(Any, reactor).seconds = time.monotonic
    return RenderService(reactor, options.settings)
