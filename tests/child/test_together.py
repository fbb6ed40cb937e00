"""Tests of L{cpyrender.child.together}, in a process whose functions are given other code."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_TOGETHER = """
import functools, json
from cpyrender.child import together

def plain(a, b=2, *rest, c=3, **more):
    "What it says."
    return a, b, rest, c, more

def outer(n):
    free = n * 10
    def inner(m):
        return free + sum(x for x in range(m))
    return inner

class Thing:
    def __init__(self, n):
        self.n = n
    @property
    def twice(self):
        return 2 * self.n
    @staticmethod
    def of(n):
        return Thing(n)
    @functools.lru_cache
    def cached(self):
        return super().__hash__() is not None

def going():
    yield 1
    yield 2

def twin_one(): return "same"
def twin_two(): return "same"
def never_run(): return "as it was"

def all_of_it():
    thing = Thing.of(4)
    return [plain(1), plain(1, 5, 6, c=7, d=8), outer(2)(4), thing.twice, thing.cached(), list(going()),
            (lambda x: x + 1)(1), twin_one(), twin_two(), plain.__doc__, plain.__name__]

kept = outer(3)
half_way = going()
next(half_way)
before = all_of_it()
with together.noticed() as run:
    all_of_it()
quiet = len(run)
never_run()
functions = [plain, outer, Thing.__init__, Thing.twice.fget, Thing.of, going, twin_one, twin_two, all_of_it]
old = [function.__code__ for function in functions]
untouched = never_run.__code__
together.lay_together(run)
print(json.dumps({
    "same": [before == all_of_it(), kept(4) == 36, next(half_way) == 2, len(run) == quiet],
    "moved": [function.__code__ is not code for function, code in zip(functions, old)],
    "equal": [function.__code__ == code for function, code in zip(functions, old) if function is not outer][:5],
    "kept": kept.__code__ is outer(1).__code__,
    "others": never_run.__code__ is untouched,
}))
"""


class TogetherTests(SynchronousTestCase):
    """L{cpyrender.child.together.lay_together}."""

    def test_all_as_before(self) -> None:
        """Functions that were run have copies of their code, of all kinds, and do what they did; others are left."""
        found = json.loads(run_apart(_TOGETHER))

        self.assertEqual(found["same"], [True] * 4)
        self.assertEqual((set(found["moved"]), set(found["equal"])), ({True}, {True}))
        self.assertEqual((found["kept"], found["others"]), (True, True))
