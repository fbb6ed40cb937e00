"""Tests of L{cpyrender.child.seeds}."""

import random
from itertools import pairwise

import numpy
from numpy.random import mtrand
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import seeds


class Numbers(SynchronousTestCase):
    """Both generators, which are put back after each test."""

    def setUp(self) -> None:
        self.addCleanup(random.setstate, random.getstate())
        self.addCleanup(numpy.random.set_state, numpy.random.get_state())

    def drawn(self) -> tuple[list[float], list[float]]:
        """Return some numbers of each."""
        return [random.random() for _ in range(1000)], list(map(float, numpy.random.random(1000)))

    def assert_differ(self, one: tuple[list[float], list[float]], other: tuple[list[float], list[float]]) -> None:
        """Check that hardly any number of a generator comes twice."""
        for some, others in zip(one, other, strict=True):
            self.assertGreater(len({*some, *others}), 1990)


class ReseedTests(Numbers):
    """L{seeds.reseed}."""

    def test_differ(self) -> None:
        """Two processes that inherit the same generators draw different numbers from each of them."""
        drawn = []
        for _ in range(2):
            random.seed(1)
            numpy.random.seed(1)
            seeds.reseed()
            drawn.append(self.drawn())

        self.assert_differ(*drawn)


class ToReseedTests(Numbers):
    """L{seeds.to_reseed}."""

    def test_differ(self) -> None:
        """What is called instead has the same effect, as often as it is called."""
        seeds.reseed()
        calls = seeds.to_reseed()
        assert calls is not None
        drawn = []
        for _ in range(3):
            seeds.reseed()
            inherited = random.getstate(), numpy.random.get_state()
            calls.make()
            drawn.append(self.drawn())
            random.setstate(inherited[0])
            numpy.random.set_state(inherited[1])
            drawn.append(self.drawn())

        for one, other in pairwise(drawn):
            self.assert_differ(one, other)

    def test_evenly(self) -> None:
        """The numbers are spread as random ones are."""
        seeds.reseed()
        calls = seeds.to_reseed()
        assert calls is not None
        calls.make()

        for some in self.drawn():
            self.assertTrue(0.4 < sum(some) / len(some) < 0.6, sum(some))

    def test_used(self) -> None:
        """There are no such calls once a number has been drawn: what is left of the old ones would come first."""
        for draw in (random.random, numpy.random.random):
            seeds.reseed()
            draw()
            self.assertIsNone(seeds.to_reseed())

    def test_elsewhere(self) -> None:
        """Nor where a generator is not what was expected."""
        seeds.reseed()
        self.patch(random, "random", lambda: 4)
        self.assertIsNone(seeds.to_reseed())

    def test_another(self) -> None:
        """Nor where a module that is preloaded has given numpy another generator."""
        seeds.reseed()
        self.addCleanup(numpy.random.set_bit_generator, mtrand.get_bit_generator())
        numpy.random.set_bit_generator(numpy.random.PCG64())
        self.assertIsNone(seeds.to_reseed())
