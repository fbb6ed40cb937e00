"""Where slots get their spares from, whatever happens to the template: a lost one is replaced by the next who asks."""

from __future__ import annotations

from threading import Lock

from twisted.logger import Logger

from cpyrender.pool.spare import Spare
from cpyrender.pool.template import RunningTemplate, TemplateFailed, TemplateLost, TemplateSettings

_ATTEMPTS = 3


class SpareSupply:
    """Hands out spares; thread-safe, and blocks.

    @ivar restarts: how often the template had to be replaced.
    @ivar quarantine: to be held while a script runs that was there when a template died. One of them may have killed
        it, and only that one must suffer when it does so again.
    """

    _log = Logger()

    def __init__(self, settings: TemplateSettings) -> None:
        self._settings = settings
        self._turn = Lock()
        self._template: RunningTemplate | None = None
        self._closed = False
        self.restarts = 0
        self.quarantine = Lock()

    def spare(self) -> Spare:
        """Have a spare forked, by a new template if need be.

        @raise TemplateFailed: no template can be had.
        @raise OSError: the machine has no room for another process.
        """
        for _ in range(_ATTEMPTS):
            template = self.warm()
            try:
                return template.spare()
            except TemplateLost as error:
                self._discard(template, error)
        raise TemplateFailed(f"{_ATTEMPTS} templates were lost, one after the other")

    def warm(self) -> RunningTemplate:
        """Return the running template; start one if there is none.

        @raise TemplateFailed: it cannot be started.
        """
        with self._turn:
            if self._closed:
                raise TemplateFailed("the pool has been stopped")
            if self._template is None:
                self._template = self._settings.start()
            return self._template

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
        if template is not None:
            template.close()
