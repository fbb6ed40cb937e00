"""L{LocalPool}: scripts run on this machine, each in a fork of one warm template."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from attrs import define, evolve
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from cpyrender.authority import network
from cpyrender.pool import cgroup
from cpyrender.pool.cgroup import SlotGroups
from cpyrender.pool.conversation import Cancellation, Cancelled
from cpyrender.pool.interfaces import Health, IRenderer
from cpyrender.pool.isolation import LAYERS
from cpyrender.pool.rate import Turnstile
from cpyrender.pool.renewal import Renewal
from cpyrender.pool.slot import Slot
from cpyrender.pool.supply import Retired, SpareSupply
from cpyrender.pool.template import TemplateFailed
from cpyrender.pool.waiting import WaitingLine
from cpyrender.settings import RenderSettings
from cpyrender.values import Outcome, Ran, Refused, Submission

if TYPE_CHECKING:
    from cpyrender.metrics import Metrics

T = TypeVar("T")


class IPoolReactor(IReactorFromThreads, IReactorTime):
    """What a pool needs of a reactor."""


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
        self._slots: list[Slot] = []
        self._free: list[Slot] = []
        # One for each slot, one for what is learned beside the scripts, and one in which a template is replaced.
        self._threads = ThreadPool(self.settings.slots, self.settings.slots + 2, "cpyrender")
        self._why_not_ready = "it has not been started"
        self._draining = False
        self._began = reactor.seconds()
        self._idle: list[Deferred[None]] = []
        self._tidying: dict[Slot, Deferred[None]] = {}
        self._supply: SpareSupply | None = None
        self._renewal: Renewal | None = None
        self._renewing: Deferred[None] = succeed(None)
        self._groups: SlotGroups | None = None
        self._teaching: Deferred[None] | None = None
        self._stopped: Deferred[None] = succeed(None)

    # IRenderer

    def start(self) -> Deferred[None]:
        """Start the template in a thread; see L{IRenderer.start}."""
        warm: Deferred[None] = self._in_thread(self._prepare().warm)
        return warm.addCallbacks(self._warm, self._cold)

    def start_blocking(self) -> None:
        """Start as L{start} does, and return only when it is warm: for a process whose reactor does not run yet.

        @raise TemplateFailed: it cannot be warmed up.
        """
        supply = self._prepare()
        try:
            supply.warm()
        except BaseException:
            self._threads.stop()
            self._supply = None
            self._close_groups()
            raise
        self._warm(None)

    def render(self, submission: Submission) -> Deferred[Outcome]:
        """Run a script, or let it wait for its turn; see L{IRenderer.render}."""
        answer = self._answer(submission)
        return answer if self._metrics is None else self._metrics.watch(answer, self._reactor.seconds)

    def _answer(self, submission: Submission) -> Deferred[Outcome]:
        if self._draining:
            return succeed(Refused(reason="the server is shutting down", retry_after=self._line.retry_after()))
        if self._line.full and not self._free:
            reason = f"the queue is full (scripts waiting: {self._line.limit})"
            return succeed(Refused(reason=reason, retry_after=self._line.retry_after()))
        client = network(submission.client)
        if self._turnstile is not None and (wait := self._turnstile.wait(client)):
            reason = f"more scripts have come from this address than --rate {self.settings.rate} allows"
            return succeed(Refused(reason=reason, retry_after=math.ceil(wait), over_rate=True))
        job = _Job(submission, client, self._reactor.seconds(), Deferred(lambda _: self._cancel(job)))
        self._line.join(job)
        self._dispatch()
        return job.answer

    def drain(self) -> Deferred[None]:
        """Take no more; see L{IRenderer.drain}."""
        self._draining = True
        self._why_not_ready = "it is draining"
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
        if self._supply is not None:
            supply, self._supply = self._supply, None
            self._stopped = Deferred.fromCoroutine(self._stop(idle, supply))
        # One for each who asks: all are told when it is done.
        asked: Deferred[None] = Deferred()
        self._stopped.addCallback(lambda _: asked.callback(None))
        return asked

    def health(self) -> Health:
        """Tell how the pool is doing; see L{IRenderer.health}."""
        return Health(
            ready=not self._why_not_ready,
            why_not=self._why_not_ready,
            isolation=self._level,
            layers=LAYERS.get(self._level, ()) + (() if self._groups is None else (cgroup.LAYER,)),
            slots=self.settings.slots,
            busy=len(self._running),
            queue=self.settings.queue,
            waiting=len(self._line),
            spares=sum(slot.has_spare for slot in self._slots),
            retry_after=self._line.retry_after(),
            uptime=self._reactor.seconds() - self._began,
            restarts=self._supply.restarts if self._supply is not None else 0,
        )

    @property
    def _level(self) -> str:
        return (self._supply.level if self._supply is not None else None) or "not yet known"

    # Starting and stopping

    def renew(self) -> Deferred[None]:
        """Replace the template with a fresh one; scripts that run meanwhile do not notice.

        @return: fires when the old one is gone; fails with L{TemplateFailed} or L{OSError} where there cannot be a
            fresh one, and the old one stays.
        """
        asked: Deferred[None] = Deferred()
        # One after the other: what has changed since the last one began is to count.
        self._renewing.addCallback(lambda _: Deferred.fromCoroutine(self._renew()))
        self._renewing.addCallbacks(asked.callback, asked.errback)
        return asked

    async def _renew(self) -> None:
        supply = self._supply
        if supply is None:
            return
        retired: Retired | None = await self._in_thread(supply.renew)
        if retired is None:
            return
        renewal = self._renewal = Renewal(self._slots)
        idle, self._free = self._free, []
        for slot in idle:
            self._tidy(slot)
        await renewal.done
        self._renewal = None
        await self._in_thread(supply.retire, retired)

    def _prepare(self) -> SpareSupply:
        self._why_not_ready = "it is warming up"
        supply = self._supply = SpareSupply(self.settings)
        # Before there is a process that would have to be in one of them.
        self._groups = SlotGroups.where_possible(self.settings.slots, self.settings.memory)
        groups = self._groups.groups if self._groups is not None else [None] * self.settings.slots
        on_end = None if self._metrics is None else self._metrics.ended
        self._slots = [Slot(supply, self.settings, group, on_end) for group in groups]
        self._threads.start()
        return supply

    def _close_groups(self) -> None:
        if self._groups is not None:
            self._groups.close()
            self._groups = None

    def _warm(self, _: object) -> None:
        if self._draining:
            # For those who wait; there is nobody to have spares ready for.
            self._free.extend(self._slots)
            return self._dispatch()
        self._why_not_ready = ""
        for slot in self._slots:
            self._tidy(slot)

    def _cold(self, failure: Failure) -> Failure:
        self._why_not_ready = failure.getErrorMessage()
        # Each script that comes tries to warm up a template again: what was missing may have come.
        self._free.extend(self._slots)
        self._dispatch()
        return failure

    async def _stop(self, idle: Deferred[None], supply: SpareSupply) -> None:
        await idle
        while self._tidying:
            await DeferredList(list(self._tidying.values()))
        await DeferredList([self._renewing, *([self._teaching] if self._teaching else [])])
        await DeferredList([self._in_thread(slot.close) for slot in self._slots], consumeErrors=True)
        try:
            await self._in_thread(supply.close)
        except OSError:
            self._log.failure("Something that scripts have left could not be removed.")
        await self._in_thread(self._close_groups)
        self._threads.stop()

    # The way of a job

    def _in_thread(self, call: object, *args: object) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._threads, call, *args)  # type: ignore[arg-type]

    def _dispatch(self) -> None:
        """Bring those who wait and the slots that are free together."""
        while self._free and (job := self._line.take()) is not None:
            # A slot with a spare at hand first.
            slot = next((slot for slot in self._free if slot.has_spare), self._free[0])
            try:
                job.cancellation = Cancellation()
            except OSError:
                self._line.done(job, 0)
                self._tell(job, Failure())
                continue
            self._free.remove(slot)
            self._begin(job, slot, job.cancellation)
        self._tell_if_idle()

    def _begin(self, job: _Job, slot: Slot, cancellation: Cancellation) -> None:
        job.began = self._reactor.seconds()
        self._running.add(job)
        ran: Deferred[Ran] = self._in_thread(slot.render, self._watched(job.submission), cancellation)
        ran.addBoth(self._end, job, slot)

    def _watched(self, submission: Submission) -> Submission:
        """Return a submission whose reports are told in the reactor's thread."""
        if submission.on_progress is None:
            return submission
        return evolve(submission, on_progress=partial(self._reactor.callFromThread, submission.on_progress))

    def _end(self, ran: Ran | Failure, job: _Job, slot: Slot) -> None:
        self._running.discard(job)
        if job.cancellation is not None:
            job.cancellation.close()
        now = self._reactor.seconds()
        self._line.done(job, now - job.began)
        self._let_go(slot)
        self._tell(job, ran)
        if not (isinstance(ran, Failure) or self._draining):
            # Whatever it was that kept the template from warming up is over.
            self._why_not_ready = ""
        if len(self._line) or self._draining:
            self._free.append(slot)
            self._dispatch()
        else:
            self._tidy(slot)
            if not isinstance(ran, Failure):
                self._tidy_those_without()
        self._tell_if_idle()

    def _tell(self, job: _Job, ran: Ran | Failure) -> None:
        if job.answer.called:
            return  # It was cancelled.
        if isinstance(ran, Failure):
            self._tell_of_failure(job, ran)
        else:
            self._log_progress(ran)
            timing = evolve(ran.timing, queue=job.began - job.arrived)
            job.answer.callback(evolve(ran, timing=timing))

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
            job.answer.callback(Refused(reason="no interpreter can be had at the moment"))
        else:
            job.answer.errback(failure)

    def _tidy(self, slot: Slot) -> None:
        tidied = self._tidying[slot] = self._in_thread(slot.tidy)
        tidied.addErrback(self._not_tidied)
        tidied.addCallback(lambda _: self._tidied(slot))

    def _tidy_those_without(self) -> None:
        """Give slots a spare that could not have one before: what was lacking for it may have come."""
        for slot in [slot for slot in self._free if not slot.has_spare]:
            self._free.remove(slot)
            self._tidy(slot)

    def _tidied(self, slot: Slot) -> None:
        del self._tidying[slot]
        if slot.outdated:
            return self._tidy(slot)
        self._let_go(slot)
        self._free.append(slot)
        self._dispatch()
        self._teach()

    def _teach(self) -> None:
        """Let a new template learn, once it has its first spares."""
        if self._supply is not None and self._supply.untaught and self._teaching is None:
            self._teaching = self._in_thread(self._supply.teach)
            self._teaching.addErrback(lambda failure: self._log.failure("Teaching failed; this is a bug.", failure))
            self._teaching.addCallback(self._taught)

    def _taught(self, _: None) -> None:
        self._teaching = None

    def _let_go(self, slot: Slot) -> None:
        if self._renewal is not None:
            self._renewal.let_go(slot)

    def _not_tidied(self, failure: Failure) -> None:
        # The next script on this slot tries again, and its client is told if that fails as well.
        if failure.check(TemplateFailed, OSError):
            self._log.error("No spare can be had: {why}", why=failure.getErrorMessage())
        else:
            self._log.failure("A slot could not be tidied; this is a bug.", failure)

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
