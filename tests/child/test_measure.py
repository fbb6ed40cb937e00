"""Tests of L{cpyrender.child.measure}, in a process that limits itself by what it measured."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_MEASURE = """
import json, mmap, resource
from cpyrender.child import measure

def can_take(size):
    try:
        mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (MemoryError, OSError):
        return False
    return True

found = {}
for name in ("DATA", "AS"):
    which = getattr(resource, f"RLIMIT_{name}")
    before = resource.getrlimit(which)
    held = measure.counted(which)
    restored = resource.getrlimit(which) == before
    resource.setrlimit(which, (held + (16 << 20), before[1]))
    found[name] = [restored, can_take(12 << 20), can_take(20 << 20)]
    resource.setrlimit(which, before)
print(json.dumps(found))
"""


class CountedTests(SynchronousTestCase):
    """L{cpyrender.child.measure.counted}."""

    def test_limits(self) -> None:
        """A limit of what is held and 16 megabytes lets 12 be taken, and not 20; measuring changes no limit."""
        self.assertEqual(json.loads(run_apart(_MEASURE)), {name: [True, True, False] for name in ("DATA", "AS")})
