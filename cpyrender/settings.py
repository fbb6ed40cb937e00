"""Frozen settings, with the checks that the command line and those who embed cpyrender share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

import attrs
from attrs import field, frozen

from cpyrender.authority import public_name

#: The levels of isolation that there are, weakest first.
ISOLATION = ("none", "confined", "jail", "full")

#: Bytes that a script may write into its folder.
DISK = 64 << 20

#: Files and folders that it may make there.
FILES = 4096

_SIZE = re.compile(r"(\d+)([KMG]?)", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def size(value: int | str) -> int:
    """Return a number of bytes: C{"16M"} is C{16 * 1024 * 1024}.

    @raise ValueError: it is not a number with an optional K, M or G.
    """
    if isinstance(value, int):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a size such as 65536, 64K, 16M or 1G")
    return int(match[1]) * _UNITS[match[2].upper()]


def _number(value: float | str) -> float:
    try:
        return float(value)
    except (OverflowError, ValueError):
        raise ValueError(f"{value!r} is not a number") from None


def _whole(value: int | str) -> int:
    try:
        whole = int(value)
    except (OverflowError, ValueError):
        raise ValueError(f"{value!r} is not a whole number") from None
    if isinstance(value, float) and whole != value:
        raise ValueError(f"{value!r} is not a whole number")
    return whole


def _names(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _paths(value: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
    several = [value] if isinstance(value, str | os.PathLike) else value
    return tuple(os.path.abspath(os.fspath(path)) for path in several)


@frozen
class Rate:
    """So many scripts in so many seconds.

    @ivar scripts: this many may come at once.
    @ivar seconds: in which as many more are allowed, one by one.
    """

    scripts: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.scripts}/{self.seconds:g}"


def read_rate(value: Rate | str) -> Rate:
    """Return what C{"30/60"} says: thirty scripts a minute.

    @raise ValueError: it is not a number, a slash and a number; or one of them is out of bounds.
    """
    if isinstance(value, Rate):
        return value
    scripts, slash, seconds = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not slash:
        raise ValueError(f"{value!r} is not a rate such as 30/60: scripts, a slash, and seconds")
    rate = Rate(_whole(scripts), _number(seconds))
    if not (1 <= rate.scripts <= 1_000_000 and 0.001 <= rate.seconds <= 86400):
        raise ValueError(f"{value!r} is not 1 to 1000000 scripts in 0.001 to 86400 seconds")
    return rate


def _between(least: float, most: float, unit: str = "") -> Any:
    def check(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
        # Not a number is within no bounds.
        if not least <= value <= most:
            raise ValueError(f"{value} is not within {least:g} and {most:g}{unit}")

    return check


def own_names(value: str | Iterable[str]) -> frozenset[str]:
    """Return the names that a server goes by, as L{cpyrender.authority.Authority.host} has them.

    @raise ValueError: one is not the name of a host.
    """
    return frozenset(public_name(name) for name in _names(value))


def _level(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if value not in ISOLATION:
        raise ValueError(f"{value!r} is not a level of isolation that there is: {', '.join(ISOLATION)}")


def _module(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if _MODULE.fullmatch(value) is None:
        raise ValueError(f"{value!r} is not the name of a module")


def _folder(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    try:
        with os.scandir(value):
            pass
    except (OSError, ValueError) as error:
        # An OSError says the path by itself, but in another form.
        raise ValueError(f"{value!r} is not a folder that can be read: {getattr(error, 'strerror', error)}") from None


def _said_by_name(cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Let each converter and check put the setting's name before what it says."""
    return [
        one.evolve(
            converter=_naming(one.name, one.converter) if one.converter else None,
            validator=_naming(one.name, one.validator) if one.validator else None,
        )
        for one in fields
    ]


def _naming(name: str, call: Any) -> Any:
    def named(*args: Any) -> Any:
        try:
            return call(*args)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: {error}") from None

    return named


def cores() -> int:
    """Return how many processors this process may use; sched_getaffinity(2)."""
    return len(os.sched_getaffinity(0))


_SIZES = _between(1, 1 << 40, " bytes")
_SECONDS = _between(0.001, 86400, " seconds")


@frozen(kw_only=True, field_transformer=_said_by_name)
class RenderSettings:
    """How scripts are run. Each name is also an option of C{twistd cpyrender}.

    @ivar isolation: the least level of isolation that is accepted.
    @ivar slots: scripts running at once.
    @ivar queue: scripts waiting; one more is refused.
    @ivar rate: scripts that each client's address may post in a time, as C{"30/60"}; of IPv6, each network of 64 bits.
    @ivar timeout: wall seconds that a script may run.
    @ivar cpu: CPU seconds that it may use; C{None}: as C{timeout}.
    @ivar memory: bytes that it may take, above what the warm template holds.
    @ivar max_body: bytes of a request's body.
    @ivar max_output: bytes of an answer.
    @ivar max_log: bytes kept of stdout and of stderr, each.
    @ivar preload: further modules to hold warm.
    @ivar fonts: folders of fonts beside the machine's, which scripts may read.
    @ivar runs_per_process: scripts that may share a process, one after the other; only for those who post their own.
    @ivar no_legacy: turn the names of 2005 off.
    @raise ValueError: a value is not what it should be; the message begins with the setting's name.
    """

    isolation: str = field(default="confined", validator=_level)
    slots: int = field(factory=lambda: cores() + 1, converter=_whole, validator=_between(1, 1024))
    queue: int = field(default=64, converter=_whole, validator=_between(0, 100_000))
    rate: Rate | None = field(default=None, converter=attrs.converters.optional(read_rate))
    timeout: float = field(default=30.0, converter=_number, validator=_SECONDS)
    cpu: float | None = field(
        default=None, converter=attrs.converters.optional(_number), validator=attrs.validators.optional(_SECONDS)
    )
    memory: int = field(default=1 << 30, converter=size, validator=_between(16 << 20, 1 << 44, " bytes"))
    max_body: int = field(default=16 << 20, converter=size, validator=_SIZES)
    max_output: int = field(default=64 << 20, converter=size, validator=_SIZES)
    max_log: int = field(default=64 << 10, converter=size, validator=_between(0, 1 << 30, " bytes"))
    preload: tuple[str, ...] = field(
        default=(), converter=_names, validator=attrs.validators.deep_iterable(member_validator=_module)
    )
    fonts: tuple[str, ...] = field(
        default=(), converter=_paths, validator=attrs.validators.deep_iterable(member_validator=_folder)
    )
    runs_per_process: int = field(default=1, converter=_whole, validator=_between(1, 1_000_000))
    no_legacy: bool = field(default=False, converter=bool)

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds that a script may use."""
        return self.timeout if self.cpu is None else self.cpu


@frozen(kw_only=True, field_transformer=_said_by_name)
class HttpSettings:
    """How long clients are waited for, and how many there may be. None of these times is set back by a byte that comes.

    @ivar head: seconds for a request's head, from the connection or from the head's first byte.
    @ivar body: seconds for its body, from the end of the head.
    @ivar idle: seconds that a connection may be kept between an answer and the next request.
    @ivar answer: seconds that a client has to read an answer, beside what its size allows.
    @ivar answer_rate: bytes of an answer that are worth a further second each.
    @ivar connections: how many there may be at once; one more is answered 503.
    @ivar per_address: how many of them from one address, this machine's too; of IPv6, from one network of 64 bits.
        Connections to a Unix socket have no address.
    @ivar streams: how many requests there may be at once on a connection of HTTP/2; each counts as a connection.
    """

    head: float = field(default=10.0, converter=_number, validator=_SECONDS)
    body: float = field(default=60.0, converter=_number, validator=_SECONDS)
    idle: float = field(default=30.0, converter=_number, validator=_SECONDS)
    answer: float = field(default=60.0, converter=_number, validator=_SECONDS)
    answer_rate: int = field(default=64 << 10, converter=size, validator=_SIZES)
    connections: int = field(default=512, converter=_whole, validator=_between(1, 1 << 20))
    per_address: int = field(default=256, converter=_whole, validator=_between(1, 1 << 20))
    streams: int = field(default=100, converter=_whole, validator=_between(1, 1 << 20))


@frozen(kw_only=True, field_transformer=_said_by_name)
class ServerSettings:
    """How the server meets the world.

    @ivar port: tcp port on 127.0.0.1.
    @ivar listen: Twisted endpoint strings to listen on instead.
    @ivar public_names: names that are the server's, beside C{localhost} and the loopback's addresses.
    @ivar token_file: path of the file with the token that clients have to show; it is made where it is missing.
    @ivar allow_quit: whether C{GET /quit} from loopback stops the server.
    @ivar no_page: turn the page to try scripts in off.
    @ivar grace: seconds that running and waiting scripts, and the answers to them, are given when the server stops.
    """

    port: int = field(default=9981, converter=_whole, validator=_between(0, 65535))
    listen: tuple[str, ...] = field(default=(), converter=_names)
    public_names: frozenset[str] = field(default=frozenset(), converter=own_names)
    token_file: str | None = None
    allow_quit: bool = field(default=False, converter=bool)
    no_page: bool = field(default=False, converter=bool)
    grace: float = field(default=30.0, converter=_number, validator=_between(0, 86400, " seconds"))
    render: RenderSettings = field(factory=RenderSettings)
    http: HttpSettings = field(factory=HttpSettings)
