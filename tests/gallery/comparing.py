"""One script of a gallery, posted to a server and run in plain Python: do both give the same pictures?"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from enum import Enum
from pathlib import Path

from attrs import define, field, frozen
from PIL import Image

from tests.gallery.plain import Drawn, PlainPython
from tests.live.running import Reply, Running

_AT_ONCE = 2
_TRIALS = 2
_REFUSAL = "cpyrender does not let scripts"


class Verdict(Enum):
    """How the two compare."""

    EQUAL = "equal"
    RANDOM = "equal in size only (in plain Python, too, no two runs need be the same)"
    FAILS_ALIKE = "fail alike"
    NOTHING = "no figure alike"
    REFUSED = "refused here"
    ONLY_HERE = "drawn only here"
    DIFFERS = "DIFFER"


@frozen
class Comparison:
    """What came of one script.

    @ivar why: what differs, or how both fail.
    """

    script: Path
    verdict: Verdict
    why: str = ""


@define
class References:
    """What scripts give in plain Python, each run once however many servers it is compared with."""

    _known: dict[Path, Drawn] = field(factory=dict)

    def of(self, script: Path, plain: PlainPython) -> Drawn:
        """Return what a script gives."""
        if script not in self._known:
            self._known[script] = plain.draw(script)
        return self._known[script]


def compare_all(server: Running, scripts: Iterable[Path], references: References) -> Iterator[Comparison]:
    """Compare scripts, a few at a time; each comparison comes as soon as it is there."""
    local = threading.local()
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(_AT_ONCE))

        def one(script: Path) -> Comparison:
            if not hasattr(local, "plain"):
                local.plain = stack.enter_context(PlainPython())
            return compare(server, script, local.plain, references)

        for done in as_completed([pool.submit(one, script) for script in scripts]):
            yield done.result()


def compare(server: Running, script: Path, plain: PlainPython, references: References) -> Comparison:
    """Compare one script."""
    expected = references.of(script, plain)
    replies = _render(server, script.read_bytes(), len(expected.pictures))
    failed = [reply for reply in replies if reply.status != 200]
    if failed:
        return _failed(script, expected, failed[0])
    if not expected.pictures:
        return Comparison(script, Verdict.ONLY_HERE, expected.error or "")
    if int(replies[0].headers["figure-count"]) != len(expected.pictures):
        why = f"{replies[0].headers['figure-count']} figures instead of {len(expected.pictures)}"
        return Comparison(script, Verdict.DIFFERS, why)
    return _drawn(script, expected, [reply.body for reply in replies], plain)


def _render(server: Running, source: bytes, count: int) -> list[Reply]:
    numbers = range(1, max(1, count) + 1)
    return [server.post(source, f"/render?format=png&errors=text&figure={number}") for number in numbers]


def _failed(script: Path, expected: Drawn, reply: Reply) -> Comparison:
    here = reply.text.splitlines()[0] if reply.body else str(reply.status)
    if expected.pictures:
        verdict = Verdict.REFUSED if _REFUSAL in reply.text else Verdict.DIFFERS
        return Comparison(script, verdict, here)
    if expected.error is None:
        alike = "did not return a valid response" in reply.text
        return Comparison(script, Verdict.NOTHING if alike else Verdict.DIFFERS, here)
    return Comparison(script, Verdict.FAILS_ALIKE, f"{expected.error.splitlines()[-1]} | here: {here}")


def _drawn(script: Path, expected: Drawn, pictures: list[bytes], plain: PlainPython) -> Comparison:
    differing = _differing(expected.pictures, pictures)
    if not differing:
        return Comparison(script, Verdict.EQUAL)
    again = [plain.draw(script, elsewhere=number) for number in range(1, _TRIALS + 1)]
    if set(differing) <= {number for one in again for number in _differing(expected.pictures, one.pictures)}:
        sizes = [(_size(a), _size(b)) for a, b in zip(expected.pictures, pictures, strict=True)]
        if all(a == b for a, b in sizes):
            return Comparison(script, Verdict.RANDOM)
        return Comparison(script, Verdict.DIFFERS, f"random, and of other sizes: {sizes}")
    return Comparison(script, Verdict.DIFFERS, f"pixels of figures {[number + 1 for number in differing]}")


def _differing(first: Iterable[bytes], second: Iterable[bytes]) -> list[int]:
    pairs = enumerate(zip(first, second, strict=True))
    return [number for number, (a, b) in pairs if a != b and _pixels(a) != _pixels(b)]


def _pixels(png: bytes) -> tuple[tuple[int, int], str, bytes]:
    with Image.open(io.BytesIO(png)) as picture:
        return picture.size, picture.mode, picture.tobytes()


def _size(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        return picture.size
