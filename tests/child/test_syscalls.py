"""Tests of L{cpyrender.child.syscalls}. The filter at work is tried in L{tests.child.test_confine}."""

import struct

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.syscalls import OWN_PID, Filter

_constants = st.integers(0, (1 << 32) - 1) | st.just(OWN_PID)
_instructions = st.tuples(st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 255), _constants)


def packed(instructions: list[tuple[int, ...]]) -> bytes:
    """Return instructions as the kernel reads them."""
    return b"".join(struct.pack("=HBBI", *each) for each in instructions)


class FilterTests(SynchronousTestCase):
    """L{Filter}."""

    @given(st.lists(_instructions), st.integers(1, 1 << 22))
    def test_any_filter(self, instructions: list[tuple[int, ...]], pid: int) -> None:
        """Where the id is to be it is put, and nothing else is changed."""
        wanted = [(*jump, pid if constant == OWN_PID else constant) for *jump, constant in instructions]

        self.assertEqual(Filter.parse(packed(instructions)).with_pid(pid), packed(wanted))
