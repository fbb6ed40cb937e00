"""A L{Submission} as the frame in which it goes to its child."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from attrs import fields

from cpyrender import wire
from cpyrender.values import Submission, Wanted

# Characters of parameters, each parameter counted as one more: so few are written in less time than a thread may
# keep all others waiting anyway.
_FEW = 1 << 14
_WANTED = [field.name for field in fields(Wanted)]
_wanted_of = attrgetter(*_WANTED)


def parcel(submission: Submission) -> list[bytes | memoryview]:
    """Return the frame as pieces to be written one after the other; neither script nor files are copied."""
    header = {
        "params": dict(submission.params),
        "files": list(submission.files),
        "file_fields": dict(submission.file_fields),
        "wanted": dict(zip(_WANTED, _wanted_of(submission.wanted), strict=True)),
        "sizes": [len(submission.script), *map(len, submission.files.values())],
    }
    blobs = [submission.script, *submission.files.values()]
    return wire.pack(header, blobs, in_steps=bool(submission.files) or not _are_few(submission.params))


def _are_few(params: Mapping[str, object]) -> bool:
    """Whether parameters are texts, and short ones."""
    texts = [text for text in params.values() if isinstance(text, str)]
    return len(texts) == len(params) and len(texts) + sum(map(len, params)) + sum(map(len, texts)) <= _FEW
