"""Tests of L{cpyrender.child.task}."""

import tempfile

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child.task import Task
from cpyrender.parcel import parcel
from cpyrender.values import Submission, Wanted

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(), some, max_size=3),
    max_leaves=10,
)
_wanted = st.builds(
    Wanted,
    format=st.none() | st.sampled_from(["png", "svg"]),
    acceptable=st.lists(st.sampled_from(["png", "svg", "pdf"])).map(tuple),
    dpi=st.none() | st.floats(1, 2400),
    width=st.none() | st.integers(1, 20_000),
    height=st.none() | st.integers(1, 20_000),
    figure=st.integers(1, 100),
)
_submissions = st.builds(
    Submission,
    script=st.binary(),
    params=st.dictionaries(st.text(), _json, max_size=4),
    files=st.dictionaries(st.text(), st.binary(), max_size=4),
    file_fields=st.dictionaries(st.text(), st.text(), max_size=4),
    wanted=_wanted,
)


def read(data: bytes) -> Task | None:
    """Return what a child makes of the bytes that it is sent."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return Task.read(file.fileno())


class TaskTests(SynchronousTestCase):
    """How a submission arrives."""

    @given(_submissions)
    def test_round_trip(self, sent: Submission) -> None:
        """What the server sends is what the child reads."""
        task = read(b"".join(parcel(sent)))

        self.assertEqual(
            (task.source, task.params, task.files, task.file_fields, task.wanted),
            (sent.script, sent.params, sent.files, sent.file_fields, sent.wanted),
        )

    def test_many_parameters(self) -> None:
        """Parameters of two megabytes arrive."""
        params = {"csv": "1,2\n" * (1 << 19)}
        task = read(b"".join(parcel(Submission(script=b"", params=params))))

        self.assertEqual(task.params, params)

    def test_none(self) -> None:
        """Where the server closes its end instead, or in the middle, there is no task."""
        for length in (0, 1, -1):
            self.assertIsNone(read(b"".join(parcel(Submission(script=b"script")))[:length]))
