"""L{LocalPool}: scripts run on this machine, each in a fork of one warm template."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from attrs import define, evolve
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from cpyrender.authority import network
from cpyrender.pool.cancellation import Cancellation, Cancelled
from cpyrender.pool.equipment import IPoolReactor
from cpyrender.pool.interfaces import Health, IRenderer
from cpyrender.pool.rate import Turnstile
from cpyrender.pool.slot import Slot
from cpyrender.pool.slots import Slots
from cpyrender.pool.template import TemplateFailed
from cpyrender.pool.waiting import WaitingLine
from cpyrender.settings import RenderSettings
from cpyrender.values import Outcome, Ran, Refused, Submission, Timing, changed

if TYPE_CHECKING:
    from cpyrender.metrics import Metrics


_NO_INTERPRETER = "no interpreter can be had at the moment"


@define(eq=False)
class _Job:
    """A submission that has been taken.

    @ivar client: whose it is: an address, or the first half of one of IPv6.
    @ivar arrived: when, in the reactor's seconds.
    @ivar cancellation: how to stop it; C{None} while it waits.
    """

    submission: Submission
    client: str
    arrived: float
    answer: Deferred[Outcome]
    cancellation: Cancellation | None = None
    began: float = 0.0


@implementer(IRenderer)
class LocalPool:
    """The renderer on this machine: a template, C{settings.slots} slots with a thread each, and a line before them."""

    _log = Logger()

    def __init__(
        self,
        reactor: IPoolReactor,
        settings: RenderSettings | None = None,
        *,
        metrics: Metrics | None = None,
        **settings_by_name: object,
    ) -> None:
        """
        @param metrics: is told of all scripts.
        @param settings: or, instead, each setting by its name.
        @raise ValueError: a setting is not what it should be.
        """
        self._reactor = reactor
        self._metrics = metrics
        self.settings = settings or RenderSettings(**settings_by_name)  # type: ignore[arg-type]  # it checks them itself
        self._line: WaitingLine[_Job] = WaitingLine(self.settings.slots, self.settings.queue)
        rate = self.settings.rate
        self._turnstile = None if rate is None else Turnstile(rate, reactor.seconds)
        self._running: set[_Job] = set()
        on_end = None if metrics is None else metrics.ended
        self._slots = Slots(reactor, self.settings, on_end, self._dispatch, self._slots_are_wanted)
        self._why_not_ready = "it has not been started"
        self._draining = False
        self._began = reactor.seconds()
        self._idle: list[Deferred[None]] = []

    # IRenderer

    def start(self) -> Deferred[None]:
        """Start the template in a thread; see L{IRenderer.start}."""
        self._why_not_ready = "it is warming up"
        return self._slots.warm().addCallbacks(self._warm, self._cold)

    def start_blocking(self, meanwhile: Callable[[], object] | None = None) -> None:
        """Start as L{start} does, and return only when it is warm: for a process whose reactor does not run yet.

        @param meanwhile: is called while it warms up.
        @raise TemplateFailed: it cannot be warmed up.
        """
        self._why_not_ready = "it is warming up"
        self._slots.warm_blocking(meanwhile)
        self._warm(None)

    def render(self, submission: Submission) -> Deferred[Outcome]:
        """Run a script, or let it wait for its turn; see L{IRenderer.render}."""
        answer = self._answer(submission)
        return answer if self._metrics is None else self._metrics.watch(answer, self._reactor.seconds)

    def _answer(self, submission: Submission) -> Deferred[Outcome]:
        if self._draining:
            return succeed(Refused(reason="the server is shutting down", retry_after=self._line.retry_after()))
        if self._slots.lacking:
            return succeed(Refused(reason=_NO_INTERPRETER))
        client = network(submission.client)
        # Those for whom a slot is free, or is being tidied, hardly wait.
        full = len(self._line) >= self._line.limit + self._slots.unused
        too_many = self._line.too_many_for(client) if full else None
        if full and too_many is None:
            return succeed(self._no_place())
        if self._turnstile is not None and (wait := self._turnstile.wait(client)):
            reason = f"more scripts have come from this address than --rate {self.settings.rate} allows"
            return succeed(Refused(reason=reason, retry_after=math.ceil(wait), over_rate=True))
        if too_many is not None:
            refused = self._no_place()
            self._line.leave(too_many)
            too_many.answer.callback(refused)
        job = _Job(submission, client, self._reactor.seconds(), Deferred(lambda _: self._cancel(job)))
        self._line.join(job)
        # Whoever became free just before saw nobody in the line, and has told nobody.
        self._slots.catch_up()
        self._dispatch()
        return job.answer

    def _no_place(self) -> Refused:
        reason = f"the queue is full (scripts waiting: {self._line.limit})"
        return Refused(reason=reason, retry_after=self._line.retry_after())

    def drain(self) -> Deferred[None]:
        """Take no more; see L{IRenderer.drain}."""
        self._draining = True
        self._why_not_ready = "it is draining"
        self._slots.prepare_no_more()
        if not self._running and not len(self._line):
            return succeed(None)
        idle: Deferred[None] = Deferred()
        self._idle.append(idle)
        return idle

    def stop(self) -> Deferred[None]:
        """Kill what runs and let go of everything; see L{IRenderer.stop}."""
        idle = self.drain()
        while (job := self._line.take()) is not None:
            self._line.done(job, 0)
            job.answer.callback(Refused(reason="the server is shutting down"))
        for job in self._running:
            if job.cancellation is not None:
                job.cancellation.cancel()
        self._tell_if_idle()
        return self._slots.close(idle)

    def health(self) -> Health:
        """Tell how the pool is doing; see L{IRenderer.health}."""
        self._slots.catch_up()
        return Health(
            ready=not self._why_not_ready,
            why_not=self._why_not_ready,
            isolation=self._slots.level,
            layers=self._slots.layers,
            slots=self.settings.slots,
            busy=len(self._running),
            queue=self.settings.queue,
            waiting=len(self._line),
            spares=self._slots.spares,
            retry_after=self._line.retry_after(),
            uptime=self._reactor.seconds() - self._began,
            restarts=self._slots.restarts,
        )

    # Starting and stopping

    def renew(self) -> Deferred[None]:
        """Replace the template with a fresh one; scripts that run meanwhile do not notice.

        @return: fires when the old one is gone; fails with L{TemplateFailed} or L{OSError} where there cannot be a
            fresh one, and the old one stays.
        """
        return self._slots.renew()

    def _warm(self, _: object) -> None:
        if self._draining:
            # For those who wait; there is nobody to have spares ready for.
            return self._slots.put_all_back()
        self._why_not_ready = ""
        self._slots.tidy_all()

    def _cold(self, failure: Failure) -> Failure:
        self._why_not_ready = failure.getErrorMessage()
        # Each script that comes tries to warm up a template again: what was missing may have come.
        self._slots.put_all_back()
        return failure

    # The way of a job

    def _dispatch(self) -> None:
        """Bring those who wait and the slots that are free together."""
        while self._slots.any_free and (job := self._line.take()) is not None:
            try:
                job.cancellation = Cancellation()
            except OSError:
                self._line.done(job, 0)
                self._tell(job, Failure())
                continue
            self._begin(job, self._slots.take(), job.cancellation)
        self._tell_if_idle()

    def _begin(self, job: _Job, slot: Slot, cancellation: Cancellation) -> None:
        job.began = self._reactor.seconds()
        self._running.add(job)
        ran = self._slots.run(slot, self._watched(job.submission), cancellation)
        ran.addBoth(self._end, job)

    def _watched(self, submission: Submission) -> Submission:
        """Return a submission whose reports are told in the reactor's thread."""
        if submission.on_progress is None:
            return submission
        return evolve(submission, on_progress=partial(self._slots.tell, submission.on_progress))

    def _end(self, ran: Ran | Failure, job: _Job) -> None:
        self._running.discard(job)
        if job.cancellation is not None:
            job.cancellation.close()
        now = self._reactor.seconds()
        self._line.done(job, now - job.began)
        self._tell(job, ran)
        if not (isinstance(ran, Failure) or self._draining):
            # Whatever it was that kept the template from warming up is over.
            self._why_not_ready = ""
        if not (isinstance(ran, Failure) or self._slots_are_wanted()):
            self._slots.tidy_those_without()
        self._tell_if_idle()

    def _slots_are_wanted(self) -> bool:
        """Whether slots are not to be tidied now: somebody waits for one, or nobody will come any more."""
        return bool(len(self._line)) or self._draining

    def _tell(self, job: _Job, ran: Ran | Failure) -> None:
        if job.answer.called:
            return  # It was cancelled.
        if isinstance(ran, Failure):
            self._tell_of_failure(job, ran)
        else:
            self._log_progress(ran)
            timing = Timing(queue=job.began - job.arrived, run=ran.timing.run, encode=ran.timing.encode)
            job.answer.callback(changed(ran, timing=timing))

    def _log_progress(self, ran: Ran) -> None:
        for report in ran.progress:
            self._log.debug("A script reported {fraction:.0%} {text!r}", fraction=report.fraction, text=report.text)

    def _tell_of_failure(self, job: _Job, failure: Failure) -> None:
        if failure.check(Cancelled):
            job.answer.callback(Refused(reason="the server is shutting down"))
        elif failure.check(TemplateFailed, OSError):
            self._log.error("No interpreter can be had: {why}", why=failure.getErrorMessage())
            if failure.check(TemplateFailed) and not self._draining:
                self._why_not_ready = failure.getErrorMessage()
            job.answer.callback(Refused(reason=_NO_INTERPRETER))
        else:
            job.answer.errback(failure)

    def _cancel(self, job: _Job) -> None:
        if job.cancellation is not None:
            job.cancellation.cancel()
        else:
            self._line.leave(job)
            self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if not self._running and not len(self._line):
            waiting, self._idle = self._idle, []
            for one in waiting:
                one.callback(None)
