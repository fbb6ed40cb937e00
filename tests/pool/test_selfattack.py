"""Tests of L{cpyrender.pool.selfattack}, with a template whose child is played."""

import json
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool.selfattack import attack
from cpyrender.pool.spare import Spare
from cpyrender.pool.template import LayerMissing
from tests.pool.played import PlayedChild


class PlayedTemplate:
    """A template that hands out one child."""

    def __init__(self, child: PlayedChild) -> None:
        self._child = child

    def spare(self) -> Spare:
        return self._child.spare


class AttackTests(SynchronousTestCase):
    """L{attack}."""

    def attack(self, play: Callable[[PlayedChild], object]) -> PlayedChild:
        """Attack a child that plays its part like this."""
        child = PlayedChild()
        self.addCleanup(child.close)
        play(child)
        attack(PlayedTemplate(child), "full")
        return child

    def missing(self, play: Callable[[PlayedChild], object]) -> str:
        """Return why a level is not taken for one that works."""
        return str(self.assertRaises(LayerMissing, self.attack, play))

    def outcomes(self, **outcomes: str) -> Callable[[PlayedChild], object]:
        """Return how to play a child in which the attacks ended like this."""
        data = json.dumps(outcomes).encode()
        header = {"kind": "drawn", "outputs": [{"size": len(data), "media_type": "application/json", "name": ""}]}
        return lambda child: child.answer(header, data)

    def test_all_refused(self) -> None:
        """A level at which every attack is refused is one that works, and the child that tried is dead."""
        child = self.attack(self.outcomes(fork="refused: EPERM", connect="refused: EACCES"))

        self.assertTrue(child.was_killed())

    def test_one_worked(self) -> None:
        """A level at which one attack works is none, and the attack is named."""
        why = self.missing(self.outcomes(fork="refused: EPERM", connect="worked: None"))

        self.assertIn("connect", why)
        self.assertNotIn("fork", why)

    def test_no_answer(self) -> None:
        """A level at which the attacker does not answer is none: it may have got out."""
        self.assertIn("attacks", self.missing(lambda child: child.begin(b"junk that is no frame at all")))

    def test_child_that_cannot_be_shut_in(self) -> None:
        """A level whose child ends before it begins is none, for the reason that the child gave."""

        def play(child: PlayedChild) -> None:
            child.print(stderr=b"OSError: landlock_create_ruleset: Function not implemented\n")
            child.end(70 << 8)

        self.assertIn("landlock_create_ruleset", self.missing(play))

    def test_template_that_dies(self) -> None:
        """A level whose template dies under the attack is none."""

        def play(child: PlayedChild) -> None:
            child.begin()
            child.lose_template()

        self.assertIn("died", self.missing(play))
