"""L{Learner}: finds out what scripts write to of all that their template has made, and is done.

It is a template like the one that is to come, and does all that one does, while what it makes is recorded. Its children
run typical scripts of our own, and say what they have written to. What it writes to itself, whenever it forks, counts
as well: that is copied too.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from typing import NoReturn

from cpyrender import wire
from cpyrender.child import placement
from cpyrender.child.commands import COMMAND_LEAN
from cpyrender.child.confine import confine
from cpyrender.child.lesson import EMPTY, LESSONS, MORE_LESSONS
from cpyrender.child.pipes import close
from cpyrender.child.script import practise
from cpyrender.child.seeds import reseed
from cpyrender.child.template import Template

# What is done once is done differently than what is done again.
_FORKS = 3
_RESULT = 3


class DidNotLearn(Exception):
    """A script did not do as it should, or was kept from it; what it writes to is not known."""


class Learner(Template):
    """A template that does not serve."""

    def learn(self, given_up: Callable[[], bool]) -> bytes:
        """Return the names of what scripts write to, as L{placement.begin} takes them.

        @param given_up: is asked before each script whether nobody wants to know any more.
        @raise DidNotLearn: this cannot be found out.
        """

        def written_by_all(sources: Iterable[bytes]) -> set[bytes]:
            names = set[bytes]()
            for source in sources:
                if given_up():
                    raise DidNotLearn("nobody wants to know any more")
                names |= self._written_by(source)
            return names

        empty, simple, more = map(written_by_all, ((EMPTY,), LESSONS, MORE_LESSONS))
        own = self._written_by_itself() if self._begin_loop() is None else self._written_in_c()
        return placement.pack(empty | own, simple, more)

    def _written_by(self, source: bytes) -> set[bytes]:
        """Return the names of what a child writes to that runs this script."""
        _, (script, result, *others) = self._have_child(functools.partial(self._be_watched, source))
        close(script)
        # The server's ends do not block.
        os.set_blocking(result, True)
        with os.fdopen(result, "rb") as end:
            names = placement.separate(end.read())
        close(*others)
        self._clear_up()
        if not names:
            raise DidNotLearn(f"a child did not run its script: {source[:30]!r}")
        return names

    def _be_watched(self, source: bytes, folder: str) -> NoReturn:
        """Be a child, and instead of an answer say what was written to since the fork."""
        placement.watch()
        self._lives.rehearse_beginning()
        confine(folder, self._lives.confinement)
        if practise(source, legacy=self._lives.legacy, refusing=self._lives.confinement.shuts_in):
            wire.write_all(_RESULT, [b"".join(placement.written())])
        os._exit(0)

    def _written_by_itself(self) -> set[bytes]:
        placement.watch()
        for _ in range(_FORKS):
            self._obey(COMMAND_LEAN)
            self._clear_up()
        return placement.written()

    def _written_in_c(self) -> set[bytes]:
        # All that is written to there and has been made before: random numbers.
        placement.watch()
        reseed()
        return placement.written()

    def _clear_up(self) -> None:
        folders = [child.folder for child in self._children.values()]
        self._end_children()
        if self._lives.confinement.level != "full":
            for folder in folders:
                self._cleaners.clear_away(folder)
