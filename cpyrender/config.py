"""The settings file: TOML, with the names of the options, and one table C{[http]}."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import Attribute, frozen

from cpyrender.settings import HttpSettings, RenderSettings, ServerSettings

_TABLE = "http"
_ODD_NAMES = {"public_names": "public-name"}


class BadConfig(Exception):
    """A settings file cannot be used; the message is one line, and names the file and the key."""


@frozen
class Config:
    """What a settings file says.

    @ivar path: of the file.
    @ivar values: by the settings' names; of L{RenderSettings} and L{ServerSettings}.
    @ivar http: those in the table C{[http]}.
    """

    path: str
    values: Mapping[str, Any]
    http: HttpSettings


def key_of(name: str) -> str:
    """Return what a setting is called in the file and on the command line."""
    return _ODD_NAMES.get(name, name.replace("_", "-"))


def read_config(path: str) -> Config:
    """Return what a settings file says.

    @raise BadConfig: it cannot be read; there is a key in it that there is not, or a value of another kind.
    """
    try:
        with open(path, "rb") as file:
            said = tomllib.load(file)
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: it is not TOML: {error}") from None
    table = said.pop(_TABLE, {})
    if not isinstance(table, dict):
        raise BadConfig(f"{path}: {_TABLE}: it is a table: [{_TABLE}]")
    return Config(path, _known(path, said, _fields()), _http(path, table))


def _fields() -> dict[str, Attribute[Any]]:
    fields = attrs.fields_dict(RenderSettings) | attrs.fields_dict(ServerSettings)
    return {key_of(name): field for name, field in fields.items() if name not in {"render", "http"}}


def _http_fields() -> dict[str, Attribute[Any]]:
    return {key_of(name): field for name, field in attrs.fields_dict(HttpSettings).items()}


def _known(where: str, said: Mapping[str, object], fields: Mapping[str, Attribute[Any]]) -> dict[str, object]:
    for key, value in said.items():
        if key not in fields:
            raise BadConfig(f"{where}: {key}: there is no such setting")
        _check_kind(f"{where}: {key}", value, fields[key].default)
    return {fields[key].name: value for key, value in said.items()}


def _check_kind(where: str, value: object, default: object) -> None:
    """Refuse what a setting would take for something else, as the text C{"false"} for yes."""
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise BadConfig(f"{where}: {value!r} is not true or false")
    elif isinstance(default, tuple | frozenset):
        if not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise BadConfig(f"{where}: {value!r} is not a list of strings")
    elif isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadConfig(f"{where}: {value!r} is neither a string nor a number")


def _http(path: str, table: Mapping[str, object]) -> HttpSettings:
    where = f"{path}: [{_TABLE}]"
    known: dict[str, Any] = _known(where, table, _http_fields())
    try:
        return HttpSettings(**known)
    except ValueError as error:
        name, _, why = str(error).partition(": ")
        raise BadConfig(f"{where}: {key_of(name)}: {why}") from None


def written(settings: ServerSettings) -> str:
    """Return a settings file that says all of this."""
    values = {**attrs.asdict(settings.render, recurse=False), **attrs.asdict(settings, recurse=False)}
    lines = [*_lines({name: value for name, value in values.items() if name not in {"render", "http"}})]
    lines += ["", f"[{_TABLE}]", *_lines(attrs.asdict(settings.http))]
    return "\n".join(lines) + "\n"


def _lines(values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        # TOML has no word for nothing.
        yield f"# {key_of(name)} =" if value is None else f"{key_of(name)} = {_toml(value)}"


def _toml(value: object) -> str:
    if isinstance(value, frozenset):
        return _toml(tuple(sorted(value)))
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # Of what a setting may hold, JSON writes as TOML does.
    return json.dumps(value if isinstance(value, bool | int | float) else str(value), ensure_ascii=False)
