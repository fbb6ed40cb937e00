"""From what a script left behind to the bytes that answer it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from cpyrender import formats
from cpyrender.values import Output, Wanted

NO_RESPONSE = "The script did not return a valid response"


@frozen
class Answer:
    """What goes back.

    @ivar figure_count: how many figures were open, where the picture is one of them.
    """

    outputs: list[Output]
    figure_count: int | None = None


class NoAnswer(Exception):
    """The script left nothing that can be answered with.

    @ivar cause: the value of a L{cpyrender.values.Cause}.
    """

    def __init__(self, message: str, cause: str = "no-response") -> None:
        super().__init__(message)
        self.cause = cause


def answer_of(namespace: Mapping[str, Any], wanted: Wanted) -> Answer:
    """Turn C{response}, or else the open pyplot figures, into an answer.

    @raise NoAnswer: there is nothing to answer with, or not in the wanted format.
    @raise Exception: whatever drawing the picture raises.
    """
    name = _name(namespace.get("filename"))
    if "response" not in namespace:
        return _open_figures(namespace, name, wanted)
    return Answer([_given(namespace, name, wanted)])


def _name(filename: object) -> str:
    """Return the name that a script gives its answer; C{""} where it gives none, or what is no name."""
    if filename is None:
        return ""
    name = filename
    if not isinstance(filename, str) and isinstance(filename, os.PathLike):
        name = os.fspath(filename)
    if isinstance(name, str):
        # A plain str, and plain bytes below, whatever a subclass of the script's would make of itself later on.
        return str.__str__(name)
    warnings.warn(f"filename is left out: it is of type {type(name).__name__}, not str", stacklevel=1)
    return ""


def _given(namespace: Mapping[str, Any], name: str, wanted: Wanted) -> Output:
    response = namespace["response"]
    if isinstance(response, bytes | bytearray | memoryview):
        return Output(data=bytes(response), media_type=formats.media_type(name), name=name)
    if isinstance(response, str):
        return Output(data=_utf_8(response), media_type=formats.media_type(name), name=name)
    # Heavy, and long since imported by the template.
    from cpyrender.child import data, instead, pictures

    if isinstance(response, dict | list | int | float) or data.is_number(response):
        return Output(data=data.as_json(response), media_type="application/json", name=name)
    if not pictures.is_picture(response):
        better = instead.of(response, namespace)
        raise NoAnswer(f"{NO_RESPONSE}: response is of type {type(response).__name__}{better}")
    kind = picture_format(name, wanted, pictures.usual_formats(response))
    return pictures.encode(response, kind, wanted, name)


def _utf_8(text: str) -> bytes:
    try:
        return str.encode(text, errors="surrogateescape")
    except UnicodeEncodeError as error:
        where = f"{str.__getitem__(text, error.start)!r} at position {error.start}"
        raise NoAnswer(f"{NO_RESPONSE}: response is text that UTF-8 cannot say: {where}") from None


def _open_figures(namespace: Mapping[str, Any], name: str, wanted: Wanted) -> Answer:
    from cpyrender.child import figures as drawn
    from cpyrender.child import instead, pictures

    figures = drawn.open_figures()
    if not figures:
        raise NoAnswer(NO_RESPONSE + instead.of_nothing(namespace))
    if wanted.figure > len(figures):
        count = "1 figure is open" if len(figures) == 1 else f"{len(figures)} figures are open"
        raise NoAnswer(f"figure {wanted.figure} was asked for, but {count}")
    chosen = figures if wanted.format == formats.EVERYTHING else figures[wanted.figure - 1 : wanted.figure]
    kind = picture_format(name, wanted)
    return Answer([pictures.encode(figure, kind, wanted, name) for figure in chosen], len(figures))


def picture_format(name: str, wanted: Wanted, usual: tuple[str, ...] = tuple(formats.PICTURES)) -> str:
    """Choose the format of a picture: what was asked for, else by the file's extension, else by what is accepted.

    @param usual: the formats that it can be had in, best first.
    @raise NoAnswer: none of these is accepted.
    """
    if wanted.format not in {None, formats.EVERYTHING}:
        return str(wanted.format)
    by_name = formats.picture_format(formats.extension(name))
    if by_name is not None:
        return by_name
    if wanted.format == formats.EVERYTHING:
        # Accept speaks of the JSON, not of the pictures in it.
        return usual[0]
    acceptable = [kind for kind in wanted.acceptable if kind in usual]
    if not acceptable:
        raise NoAnswer(f"the picture can be had as {', '.join(usual)}", "unacceptable")
    # Of what moves, the best is what every program can show.
    return usual[0] if usual[0] in acceptable and len(usual) < len(formats.PICTURES) else acceptable[0]
