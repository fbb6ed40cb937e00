"""L{Lives}: what the children of a template do, from their fork to their end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

from attrs import evolve

from cpyrender.child import linux, practice, script
from cpyrender.child.calls import Calls
from cpyrender.child.commands import COMMAND_LEAN, COMMAND_LESSON, COMMAND_SPARE
from cpyrender.child.confine import Confinement, confine
from cpyrender.child.pages import Pages
from cpyrender.child.pipes import Keeping
from cpyrender.child.pupil import give_one

_NO_PAGES = Pages()
_DIE_WITH_PARENT = Calls([linux.to_prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)])

#: What a child does, given the folder that it is to have as its own.
Life = Callable[[str], NoReturn]


class Lives:
    """The lives that children can have, and what all of them begin with.

    @ivar legacy: whether scripts find the names of 2005.
    @ivar confinement: how they are confined from now on.
    @ivar pages: what children have ready, from now on.
    @ivar few_pages: what those have ready that are to be lean.
    @ivar of: which life a child has, by the command on which it is forked.
    """

    def __init__(self, confinement: Confinement, keeping: Keeping, legacy: bool) -> None:
        """
        @param keeping: has them keep their own descriptors.
        """
        self.legacy = legacy
        self.confinement = confinement
        self.pages = self.few_pages = _NO_PAGES
        self._keeping = keeping
        self.of: Mapping[bytes, Life] = {
            COMMAND_SPARE: self._get_ready,
            COMMAND_LEAN: self._get_ready_for_little,
            COMMAND_LESSON: self._give_lesson,
        }

    def live(self, life: Life, template: int, folder: str) -> NoReturn:
        """Be a child, and end. Nothing of the template's loop is ever reached again.

        @param template: the process id of the parent.
        """
        try:
            self._begin(template)
            life(folder)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(70)

    def rehearse(self) -> None:
        """Do what children do before their script, to no effect: they inherit what Python remembers of it.

        See L{cpyrender.child.practice}.
        """
        how = self.confinement
        with how.calls.to_no_effect():
            for _ in range(practice.ENOUGH):
                script.practise(b"response = b''", legacy=self.legacy, refusing=how.shuts_in)
                self.rehearse_beginning()
                if how.folder is not None:
                    self._shut_in(how.folder, _NO_PAGES, how)

    def rehearse_beginning(self) -> None:
        """Do, to no effect, what children do first of all."""
        with _DIE_WITH_PARENT.to_no_effect(), self._keeping.to_no_effect():
            self._begin(os.getppid())

    def afresh(self, keeping: Keeping) -> Lives:
        """Return the same lives, in another place, and with their descriptors kept by this."""
        fresh = Lives(evolve(self.confinement), keeping, self.legacy)
        fresh.pages, fresh.few_pages = self.pages, self.few_pages
        return fresh

    def _begin(self, template: int) -> None:
        _DIE_WITH_PARENT.make()
        # From a pid namespace of its own, a child sees its parent as 0.
        if os.getppid() not in {0, template}:
            os._exit(1)
        self._keeping.keep()

    def _get_ready(self, folder: str) -> NoReturn:
        self._wait_for_script(folder, self.pages)

    def _get_ready_for_little(self, folder: str) -> NoReturn:
        self._wait_for_script(folder, self.few_pages)

    def _wait_for_script(self, folder: str, pages: Pages) -> NoReturn:
        """Have this child's memory ready, confine it, and run one script, or several where they may share a process."""
        how = self.confinement
        self._shut_in(folder, pages, how)
        if how.runs == 1:
            script.serve_one(result=3, legacy=self.legacy, refusing=how.shuts_in)
        # Heavy: the template must have become who it is to be before it imports this.
        from cpyrender.child.series import serve_many

        serve_many(result=3, runs=how.runs, cpu=how.cpu, memory=how.memory, legacy=self.legacy, refusing=how.shuts_in)

    @staticmethod
    def _shut_in(folder: str, pages: Pages, how: Confinement) -> None:
        # First of all: what is written to before that costs a fault for each page.
        pages.populate()
        confine(folder, how)

    def _give_lesson(self, folder: str) -> NoReturn:
        give_one(result=3, legacy=self.legacy, refusing=self.confinement.shuts_in)
