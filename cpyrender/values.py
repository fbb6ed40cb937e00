"""The values that pass between the rooms: a L{Submission} goes in, an L{Outcome} comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from operator import attrgetter
from typing import Any

from attrs import field, fields_dict, frozen


@frozen(kw_only=True)
class Wanted:
    """What the client wants the picture to be like; C{None} leaves it to the script.

    @ivar format: a key of L{cpyrender.formats.PICTURES}, or L{cpyrender.formats.EVERYTHING}.
    @ivar acceptable: formats the client accepts, best first; asked only where the server chooses the format.
    @ivar dpi: dots per inch.
    @ivar width: in pixels.
    @ivar height: in pixels.
    @ivar figure: which of the open figures, counted from 1.
    """

    format: str | None = None
    acceptable: tuple[str, ...] = ("png",)
    dpi: float | None = None
    width: int | None = None
    height: int | None = None
    figure: int = 1


@frozen(kw_only=True)
class Submission:
    """A script on its way to an interpreter.

    @ivar script: the source as it was posted: bytes, with any BOM and coding line.
    @ivar params: what the script sees as C{params}.
    @ivar files: name to content, what the script sees as C{files}.
    @ivar file_fields: further names that it finds them by: those of a form's fields.
    @ivar timeout: wall seconds that the client grants; the server's own limit holds as well.
    @ivar client: whom to count it for, usually the client's address.
    @ivar on_progress: is called with each report that the script makes while it runs.
    """

    script: bytes = field(repr=lambda script: f"<{len(script)} bytes>")
    params: Mapping[str, object] = field(factory=dict)
    files: Mapping[str, bytes] = field(factory=dict, repr=False)
    file_fields: Mapping[str, str] = field(factory=dict)
    wanted: Wanted = field(factory=Wanted)
    timeout: float | None = None
    client: str = ""
    on_progress: Callable[[Report], object] | None = field(default=None, eq=False, repr=False)


@frozen(kw_only=True)
class Output:
    """One thing that a script made.

    @ivar data: bytes-like; of a script that was run it is a part of what its answer was received in, for a large one a
        L{cpyrender.deposit.Deposit}: who goes through all of that lets go of it on the way.
    @ivar name: the C{filename} that the script gave, or C{""}; it is a name only, never opened.
    @ivar media_type: always one of those that L{cpyrender.formats.media_type} gives out.
    @ivar width: in pixels, of a picture that is made of pixels.
    @ivar height: likewise.
    """

    data: bytes | memoryview = field(repr=lambda data: f"<{len(data)} bytes>")
    media_type: str
    name: str = ""
    width: int | None = None
    height: int | None = None


@frozen(kw_only=True)
class Log:
    """What a script printed, up to the server's limit.

    @ivar lost: how many bytes beyond the limit were thrown away.
    """

    stdout: str = ""
    stderr: str = ""
    lost: int = 0


@frozen(kw_only=True)
class Timing:
    """Where the time went, in seconds."""

    queue: float = 0.0
    run: float = 0.0
    encode: float = 0.0


@frozen(kw_only=True)
class Report:
    """How far a script said it was.

    @ivar fraction: from 0 (nothing is done) to 1 (all).
    @ivar text: what was being done.
    """

    fraction: float
    text: str = ""


@frozen(kw_only=True)
class Drawn:
    """The script made something.

    @ivar outputs: at least one.
    @ivar figure_count: how many figures were open, where the picture is one of them.
    @ivar warnings: what Python warned of while the script ran and was drawn, such as glyphs that no font has.
    @ivar progress: what the script reported, oldest first.
    """

    outputs: tuple[Output, ...]
    figure_count: int | None = None
    warnings: tuple[str, ...] = ()
    progress: tuple[Report, ...] = ()
    log: Log = field(factory=Log)
    timing: Timing = field(factory=Timing)


class Cause(Enum):
    """Why a script gave nothing."""

    RAISED = "raised"
    EXITED = "exited"
    NO_RESPONSE = "no-response"
    UNACCEPTABLE = "unacceptable"
    MEMORY = "memory"
    OUTPUT = "output"
    CRASHED = "crashed"


@frozen(kw_only=True)
class Failed:
    """The script is to blame.

    @ivar exception: name of the exception's class, where there was one.
    @ivar line: line number in the script, counted from 1.
    @ivar column: where in that line, counted from 1, if it is not Python.
    @ivar source: that line.
    @ivar traceback: as Python prints it, with the script's own frames only.
    @ivar warnings: what Python warned of until then.
    @ivar progress: what the script reported, oldest first; of one that was killed, what was sent before.
    """

    cause: Cause
    message: str
    exception: str | None = None
    line: int | None = None
    column: int | None = None
    source: str | None = None
    traceback: str | None = None
    progress: tuple[Report, ...] = ()
    log: Log = field(factory=Log)
    timing: Timing = field(factory=Timing)
    warnings: tuple[str, ...] = ()


@frozen(kw_only=True)
class TimedOut:
    """The script ran past its time.

    @ivar seconds: the limit that it passed.
    @ivar of_cpu: the limit was one of CPU time, not of wall time.
    @ivar line: the line of the script that was being run, counted from 1, where that is known.
    @ivar progress: what the script reported until then, oldest first.
    """

    seconds: float
    of_cpu: bool = False
    line: int | None = None
    progress: tuple[Report, ...] = ()
    log: Log = field(factory=Log)
    timing: Timing = field(factory=Timing)


@frozen(kw_only=True)
class Refused:
    """The script was never run.

    @ivar retry_after: in how many seconds it is worth trying again.
    @ivar over_rate: it is because of how many scripts this client has posted, and of nobody else.
    """

    reason: str
    retry_after: int = 1
    over_rate: bool = False


#: What becomes of a script that was run.
Ran = Drawn | Failed | TimedOut

#: What becomes of a submission.
Outcome = Ran | Refused

_NAMES = {kind: tuple(fields_dict(kind)) for kind in (Drawn, Failed, TimedOut)}
_VALUES = {kind: attrgetter(*names) for kind, names in _NAMES.items()}


def changed(ran: Ran, **changes: Any) -> Ran:
    """Return the same with other values, as L{attrs.evolve} does.

    That looks at each attribute by itself, and each answer passes here twice.
    """
    kind = type(ran)
    return kind(**dict(zip(_NAMES[kind], _VALUES[kind](ran), strict=True)) | changes)


def kind(outcome: Outcome) -> str:
    """Return in a word what became of a submission, as logs and metrics call it."""
    if isinstance(outcome, Drawn):
        return "drawn"
    if isinstance(outcome, Failed):
        return outcome.cause.value
    if isinstance(outcome, TimedOut):
        return "out-of-cpu" if outcome.of_cpu else "timed-out"
    return "over-rate" if outcome.over_rate else "refused"
