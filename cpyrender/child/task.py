"""L{Task}: a submission as it arrives in a child."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from cpyrender import wire
from cpyrender.values import Wanted

# The server has its own limit.
_ANY_SIZE = 1 << 62


@frozen
class Task:
    """What the server sent."""

    source: bytes
    params: Mapping[str, Any]
    files: Mapping[str, bytes | memoryview]
    wanted: Wanted
    file_fields: Mapping[str, str] = field(factory=dict)

    @classmethod
    def read(cls, fd: int) -> Task | None:
        """Read a submission, or return C{None} where the server closed its end instead of sending one."""
        reader = wire.FrameReader(_ANY_SIZE, _ANY_SIZE)
        while reader.read(fd):
            pass
        if reader.header is None:
            return None
        header = reader.header
        source, *contents = _cut(reader.body, header["sizes"])
        wanted = header["wanted"]
        wanted["acceptable"] = tuple(wanted["acceptable"])
        files = dict(zip(header["files"], contents, strict=True))
        # Only the compiler needs a copy; files are written from the buffer that they came in.
        return cls(source.tobytes(), header["params"], files, Wanted(**wanted), header["file_fields"])


def _cut(body: memoryview, sizes: list[int]) -> list[memoryview]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(body[start : start + size])
        start += size
    return pieces
