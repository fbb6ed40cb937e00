"""Where slots get their spares from, whatever happens to the template: a lost one is replaced by the next who asks."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock

from attrs import evolve, frozen
from twisted.logger import Logger

from cpyrender.child import placement
from cpyrender.pool.isolation import settings_for, strongest, try_level
from cpyrender.pool.learning import learn
from cpyrender.pool.machine import free_memory
from cpyrender.pool.running_template import CannotLearn, RunningTemplate, TemplateLost
from cpyrender.pool.spare import Spare
from cpyrender.pool.template import TemplateFailed, TemplateSettings
from cpyrender.settings import RenderSettings

_ATTEMPTS = 3
_SECONDS_BETWEEN_LOOKS = 0.05
# So much memory has to be free, in bytes, for two more templates beside the one there is.
_ROOM_TO_LEARN = 512 << 20
_SECONDS_TO_LEARN = 60.0
# Seconds: it takes five, but may have to wait for a processor.
_PATIENCE = 600.0


@frozen
class Retired:
    """A template that hands out no more spares, and has children who may be at work."""

    _settings: TemplateSettings
    _template: RunningTemplate | None

    def end(self) -> None:
        """End it, and with it all its children."""
        if self._template is not None:
            self._template.close()
        self._settings.forget()


class SpareSupply:
    """Hands out spares; thread-safe, and blocks.

    @ivar restarts: how often the template had to be replaced because it was lost.
    @ivar generation: how often it has been replaced by a fresh one that was asked for.
    @ivar unplaced: whether it has not been tried yet to L{place}.
    @ivar quarantine: to be held while a script runs that was there when a template died. One of them may have killed
        it, and only that one must suffer when it does so again.
    """

    _log = Logger()

    def __init__(self, render: RenderSettings) -> None:
        self._render = render
        self._settings: TemplateSettings | None = None
        self._turn = Lock()
        self._template: RunningTemplate | None = None
        self._closed = False
        self.restarts = 0
        self.generation = 0
        self._retired: list[Retired] = []
        self.quarantine = Lock()
        self._leaving = Event()
        self._placement = b""
        self._learner: RunningTemplate | None = None
        self.unplaced = placement.possible()

    def spare(self, lean: bool = False) -> Spare:
        """Have a spare forked, by a new template if need be.

        @param lean: have few pages ready for its script.
        @raise TemplateFailed: no template can be had.
        @raise OSError: the machine has no room for another process.
        """
        for _ in range(_ATTEMPTS):
            template = self.warm()
            try:
                return template.spare(lean)
            except TemplateLost as error:
                self._discard(template, error)
        raise TemplateFailed(f"{_ATTEMPTS} templates were lost, one after the other")

    def warm(self, meanwhile: Callable[[], object] | None = None) -> RunningTemplate:
        """Return the running template; start one if there is none.

        @param meanwhile: is called while the first one warms up.
        @raise TemplateFailed: it cannot be started.
        """
        with self._turn:
            if self._closed:
                raise TemplateFailed("the pool has been stopped")
            if self._template is None:
                self._template = self._start(meanwhile)
            return self._template

    def _start(self, meanwhile: Callable[[], object] | None) -> RunningTemplate:
        if self._settings is not None:
            # At the level that was chosen, or not at all.
            return self._settings.start()
        isolation = strongest(self._render, meanwhile=meanwhile)
        self._settings = isolation.settings
        return isolation.template

    def renew(self) -> Retired | None:
        """Hand out spares of a fresh template from now on, which is started, attacked and taught beside the old one.

        @return: the old one, to be L{retire}d when none of its children is at work; C{None}: there was none.
        @raise TemplateFailed: a fresh one cannot be had; the old one goes on.
        @raise OSError: the machine has no room for it.
        """
        before = self._settings
        if before is None:
            self.warm()
            return None
        fresh = try_level(before.level, self._render, placement=self._placement)
        # Not later: while it gets warm, each of its children would have to wait.
        self._teach(fresh.template)
        with self._turn:
            if not self._closed:
                retired = Retired(before, self._template)
                self._settings, self._template = fresh.settings, fresh.template
                self.generation += 1
                self._retired.append(retired)
                return retired
        Retired(fresh.settings, fresh.template).end()
        raise TemplateFailed("the pool has been stopped")

    def retire(self, retired: Retired) -> None:
        """End a template that has been replaced."""
        with self._turn:
            if retired not in self._retired:
                return
            self._retired.remove(retired)
        retired.end()

    @property
    def untaught(self) -> bool:
        """Whether there is a template whose spares could be made more ready than they are."""
        template = self._template
        return template is not None and not template.taught

    @property
    def gives_pages(self) -> bool:
        """Whether spares that are not lean have the pages ready that scripts write to."""
        template = self._template
        return template is not None and template.gives_pages

    def teach(self) -> None:
        """Find out which pages scripts write to, and have each spare from now on own them before its script comes.

        It takes some tenths of a second, once the template is as warm as it gets. Where it cannot be done, scripts run
        all the same, only slower.
        """
        template = self._template
        if template is not None and not template.taught:
            self._teach(template)

    def _teach(self, template: RunningTemplate) -> None:
        template.taught = True
        try:
            if self._ripened(template):
                template.teach(learn(template))
                self._log.info("From now on, spares are given their pages ahead of time.")
        except (CannotLearn, TemplateLost, OSError) as error:
            self._log.info("Spares are not given their pages ahead of time: {why}", why=error)

    def _ripened(self, template: RunningTemplate) -> bool:
        """Wait until a template is as warm as it gets; return whether that still matters."""
        while not template.ripe():
            if self._leaving.wait(_SECONDS_BETWEEN_LOOKS):
                return False
        return True

    def place(self) -> bool:
        """Find out what scripts write to, for the next template to put it together: see L{cpyrender.child.placement}.

        It takes some seconds. Where it cannot be done, scripts run all the same, only slower.

        @return: whether a fresh template would be better than the one there is.
        """
        self.unplaced = False
        before = self._settings
        if before is None:
            return False
        free = free_memory()
        if free is not None and free < _ROOM_TO_LEARN:
            self._log.info("What scripts write to is not put together: {free} bytes of memory are free.", free=free)
            return False
        try:
            # In a folder of its own: it begins as the next one will, without what others have left.
            settings = settings_for(before.level, self._render)
            # Its scripts run several times as long as others, and write down what they do.
            self._placement = self._learned(
                evolve(settings, learning=True, cpu=_SECONDS_TO_LEARN, memory=_ROOM_TO_LEARN)
            )
        except (CannotLearn, TemplateFailed, TemplateLost, OSError) as error:
            self._log.info("What scripts write to is not put together: {why}", why=error)
        return bool(self._placement)

    def _learned(self, learning: TemplateSettings) -> bytes:
        try:
            self._learner = learner = learning.start()
            try:
                if self._leaving.is_set():
                    raise CannotLearn("the server is about to end")
                return learner.written(_PATIENCE)
            finally:
                self._learner = None
                learner.close()
        finally:
            learning.forget()

    def teach_no_more(self) -> None:
        """Let go of what L{teach} and L{place} wait for: the server is about to end."""
        self._leaving.set()
        learner = self._learner
        if learner is not None:
            learner.kill()

    @property
    def level(self) -> str | None:
        """The level of isolation that was chosen; C{None} before that."""
        return None if self._settings is None else self._settings.level

    def _discard(self, template: RunningTemplate, why: TemplateLost) -> None:
        with self._turn:
            if self._template is not template:
                return
            self._template = None
            self.restarts += 1
        self._log.warn("The template {pid} was lost ({why}); it is replaced.", pid=template.pid, why=why)
        template.kill()

    def close(self) -> None:
        """End the template, and with it all its children."""
        with self._turn:
            self._closed = True
            template, self._template = self._template, None
            ending, self._retired = self._retired, []
        if self._settings is not None:
            ending.append(Retired(self._settings, template))
        for retired in ending:
            retired.end()
