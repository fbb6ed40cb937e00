"""The talk between a slot and its child: the script goes in, what it prints is kept, one answer comes out, in time.

Plain blocking code on a handful of pipes. The child has run a stranger's script: it may say anything, or nothing, close
what it holds, or lie. Whatever it does, the conversation ends within its limits, and with a sentence for the client.
"""

from __future__ import annotations

import math
import os
import select
import time
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from attrs import frozen

from cpyrender import wire
from cpyrender.parcel import parcel
from cpyrender.pool import hearing, whereabouts
from cpyrender.pool.cancellation import Cancellation, Cancelled
from cpyrender.pool.ending import Crash, Ending, own_frames
from cpyrender.pool.printed import Printed
from cpyrender.pool.spare import Spare
from cpyrender.values import Cause, Failed, Log, Ran, Report, Submission, TimedOut, Timing, changed

#: Seconds. To have its pages ready takes a child some milliseconds of CPU: a script that is over sooner writes to few.
LIGHT = 0.006

#: Seconds after which a script is none of the light ones, even if it has had to wait for a processor.
LASTING = 0.02

_PIECE = 1 << 16
_SECONDS_TO_END = 1.0
_REPORTS_KEPT = 100
# A child sends twenty in a second. One that sends any number is to keep this thread busy, and with it the server.
_MOST_REPORTS = 100_000


class NeverBegan(Exception):
    """The child was gone before it had the whole script: another one may run it. Says the last line that it wrote."""


class Interrupted(Exception):
    """The template died, and the child with it, through no fault that can be seen in the script."""


@frozen(kw_only=True)
class ConversationLimits:
    """Where a conversation ends.

    @ivar seconds: wall time from handing the script over.
    @ivar cpu: CPU seconds that the script has.
    @ivar output: bytes of the answer's body.
    @ivar log: bytes kept of stdout and of stderr, each.
    @ivar runs: how many scripts the child was given CPU seconds for.
    """

    seconds: float
    cpu: float
    output: int
    log: int
    runs: int = 1


class Conversation:
    """One script's run in one child.

    @ivar may_go_on: whether the child is to live, and be given another script: it has answered well, and says so.
    """

    def __init__(
        self,
        spare: Spare,
        submission: Submission,
        limits: ConversationLimits,
        cancellation: Cancellation,
        on_lasting: Callable[[], object] | None = None,
    ) -> None:
        """
        @param on_lasting: is called once the script has run for L{LASTING} seconds.
        """
        self._spare = spare
        self._limits = limits
        self._to_write = [memoryview(piece) for piece in parcel(submission)]
        self._reader = wire.FrameReader(limits.output, deposits=True)
        self._reports: deque[Report] = deque(maxlen=_REPORTS_KEPT)
        self._report_count = 0
        self._on_progress = submission.on_progress
        self._on_lasting = on_lasting
        self._stdout, self._stderr = (Printed(fd, limits.log) for fd in (spare.stdout, spare.stderr))
        self.may_go_on = False
        self._deadline = 0.0
        if sum(map(len, self._to_write)) > _PIECE:
            spare.widen()
        self._poll = select.poll()
        self._hears: dict[int, Callable[[], Ran | None]] = {}
        self._hear(spare.result, self._read)
        self._hear(spare.stdout, lambda: self._keep(spare.stdout, self._stdout))
        self._hear(spare.stderr, lambda: self._keep(spare.stderr, self._stderr))
        self._hear(spare.ended, self._ended)
        self._hear(cancellation.fd, self._cancelled)

    def run(self) -> Ran:
        """Hand the script over and return what became of it. The child is dead, or as good as, unless it L{may_go_on}.

        @raise NeverBegan: the child was gone before it had the script.
        @raise Interrupted: the template died.
        @raise Cancelled: nobody waits any more.
        """
        try:
            outcome = self._talk()
        finally:
            if not self.may_go_on:
                self._spare.kill()
            # They point back here: the answer would stay until the next round of the garbage collector.
            self._hears.clear()
            self._reader.close()
        self._stdout.read_rest()
        self._stderr.read_rest()
        # One that has answered has told of all of it.
        return changed(outcome, log=self._log(), progress=outcome.progress or tuple(self._reports))

    def _talk(self) -> Ran:
        began = time.monotonic()
        self._deadline = began + self._limits.seconds
        lasting = began + LASTING if self._on_lasting is not None else math.inf
        self._spare.given = True
        if not self._write():
            self._hear(self._spare.script, self._write_on, select.POLLOUT)
        while (now := time.monotonic()) < self._deadline:
            if self._on_lasting is not None and now >= lasting:
                self._on_lasting()
                lasting = math.inf
            for fd, _ in self._poll.poll((min(self._deadline, lasting) - now) * 1000 + 1):
                hears = self._hears.get(fd)
                outcome = hears() if hears is not None else None
                if outcome is not None:
                    return outcome
        if self._spare.result not in self._hears:
            return Failed(cause=Cause.CRASHED, message="the script closed the channel of its answer")
        line = whereabouts.line_of(self._spare, self._stderr)
        return TimedOut(seconds=self._limits.seconds, line=line, timing=Timing(run=self._limits.seconds))

    def _hear(self, fd: int, hears: Callable[[], Ran | None], event: int = select.POLLIN) -> None:
        self._poll.register(fd, event)
        self._hears[fd] = hears

    def _ignore(self, fd: int) -> None:
        self._poll.unregister(fd)
        del self._hears[fd]

    def _write(self) -> bool:
        """Write as much as the child takes now; return whether there is nothing more to be written."""
        try:
            while self._to_write:
                wire.write_some(self._spare.script, self._to_write)
        except BlockingIOError:
            return False
        except BrokenPipeError:
            pass  # It reads no more. Why, its answer or its end will tell.
        return True

    def _write_on(self) -> None:
        fd = self._spare.script
        if self._write():
            self._ignore(fd)

    def _read(self) -> Ran | None:
        try:
            while self._reader.read(self._spare.result) or self._took_report():
                pass
        except BlockingIOError:
            return None
        except wire.FrameTooLarge:
            return Failed(cause=Cause.OUTPUT, message=f"the answer is over the limit of {self._limits.output} bytes")
        except wire.BadFrame:
            return Failed(cause=Cause.CRASHED, message="the script wrote into the channel of its answer")
        if self._reader.complete:
            outcome = hearing.outcome(self._reader, self._limits.cpu)
            self.may_go_on = self._spare.runs > 1 and not self._to_write and hearing.goes_on(self._reader, outcome)
            return outcome
        self._no_answer_will_come()
        return None

    def _took_report(self) -> bool:
        """Take a report, if that is what has been read, and be ready for what follows it."""
        report = hearing.report(self._reader) if self._reader.complete else None
        if report is None:
            return False
        self._report_count += 1
        if self._report_count > _MOST_REPORTS:
            raise wire.BadFrame("more reports than the time can be for")
        self._reports.append(report)
        if self._on_progress is not None:
            self._on_progress(report)
        self._reader = wire.FrameReader(self._limits.output, deposits=True)
        return True

    def _no_answer_will_come(self) -> None:
        """Wait on for a moment only: the child has usually ended, and the template is about to say how."""
        self._ignore(self._spare.result)
        self._deadline = min(self._deadline, time.monotonic() + _SECONDS_TO_END)

    def _keep(self, fd: int, printed: Printed) -> None:
        try:
            if not printed.read():
                self._ignore(fd)
        except BlockingIOError:
            pass  # Where there is /proc, a script may open its own end for reading, and be faster.

    def _ended(self) -> Ran | None:
        word = os.read(self._spare.ended, _PIECE)
        # What it wrote before it ended counts.
        outcome = self._read() if self._spare.result in self._hears else None
        if outcome is not None:
            return outcome
        if self._to_write or self._spare.unread():
            self._stderr.read_rest()
            raise NeverBegan(self._stderr.text().strip().rpartition("\n")[2])
        if not word:
            raise Interrupted
        self._spare.ending = Ending.parse(word)
        return self._ended_without_answer(self._spare.ending)

    def _ended_without_answer(self, ending: Ending) -> Ran:
        if ending.complaint is not None:
            return Failed(cause=Cause.OUTPUT, message=f"the script {ending.complaint}")
        if ending.code < 0 and ending.cpu >= self._limits.cpu * self._limits.runs:
            return TimedOut(seconds=self._limits.cpu, of_cpu=True)
        if ending.code >= 0:
            return Failed(cause=Cause.CRASHED, message=f"the script ended the interpreter without an answer ({ending})")
        self._stderr.read_rest()
        crash = Crash.of(ending, self._stderr.text())
        message = f"the script crashed the interpreter ({crash.signal})"
        return Failed(cause=Cause.CRASHED, message=message, line=crash.line)

    def _cancelled(self) -> NoReturn:
        raise Cancelled

    def _log(self) -> Log:
        stderr = own_frames(self._stderr.text())
        return Log(stdout=self._stdout.text(), stderr=stderr, lost=self._stdout.lost + self._stderr.lost)
