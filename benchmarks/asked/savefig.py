"""An open figure that the server turns into a PNG, beside the script's own C{savefig}."""

from __future__ import annotations

import io
from statistics import median

import numpy
from PIL import Image, ImageChops

from benchmarks.asked.figure import Figure
from benchmarks.client import Client, Reply
from benchmarks.posted import Posted, source
from benchmarks.running import Running

_PNG = b"\x89PNG"
_OPEN = Posted("open figure", source("open_figure"), _PNG, 1)
_SAVE = (
    b"from io import BytesIO\npicture = BytesIO()\nplt.savefig(picture, format='png')\nresponse = picture.getvalue()\n"
)
_OWN = Posted("own savefig", _OPEN.source + _SAVE, _PNG, 1)


def measure(running: Running, times: int) -> list[Figure]:
    """Post both in turn, and compare the medians."""
    client = Client(running.port)
    opened, own = [], []
    for _ in range(times):
        opened.append(client.run(_OPEN.source).check(_OPEN))
        own.append(client.run(_OWN.source).check(_OWN))
    client.close()
    encoding = median(_timing(reply, "encode") for reply in opened)
    saving = median(map(_inside, own)) - median(_timing(reply, "run") for reply in opened)
    whole = median(reply.seconds for reply in opened) / median(reply.seconds for reply in own)
    return [
        Figure("an open figure to PNG, of the time of the script's own savefig", encoding / saving, "", 0.75),
        Figure("the same, of the whole request", whole, "", 1),
        Figure("the same: pixels that differ", _differing(opened[0].body, own[0].body), "", 0),
    ]


def _timing(reply: Reply, name: str) -> float:
    """Return the milliseconds that the server says something took."""
    for entry in reply.headers["server-timing"].split(","):
        metric, _, duration = entry.strip().partition(";dur=")
        if metric == name:
            return float(duration)
    raise ValueError(f"no {name} in {reply.headers['server-timing']}")


def _inside(reply: Reply) -> float:
    return _timing(reply, "run") + _timing(reply, "encode")


def _differing(one: bytes, other: bytes) -> int:
    images = [Image.open(io.BytesIO(picture)).convert("RGBA") for picture in (one, other)]
    if images[0].size != images[1].size:
        return max(image.width * image.height for image in images)
    differences = numpy.asarray(ImageChops.difference(*images))
    return int(differences.any(axis=2).sum())
