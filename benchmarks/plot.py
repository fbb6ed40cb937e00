"""The picture of a run, drawn by the server that was measured."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.client import Client, WrongAnswerError
from benchmarks.posted import source
from benchmarks.result import SATURATING, Result


def rows(result: Result) -> list[list[str | float | None]]:
    """Return what the picture shows of each contender but the floor, which is the line at 1."""
    return [
        [
            one.title,
            _round(one.over("A")),
            _round(one.of_ideal.get(SATURATING)),
            _round(one.cpu_over_floor),
        ]
        for one in result.contenders
        if one.name != "floor"
    ]


def draw(port: int, result: Result, path: Path) -> None:
    """Have the cpyrender on this port draw it into a file, whose extension says the format.

    @raise WrongAnswerError: it does not.
    """
    query = urlencode({"format": path.suffix[1:] or "png", "rows": json.dumps(rows(result))})
    client = Client(port)
    reply = client.run(source("plot"), f"/?{query}")
    client.close()
    if reply.status != 200:
        raise WrongAnswerError(reply.body.decode(errors="replace"))
    path.write_bytes(reply.body)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
