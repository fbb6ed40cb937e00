"""Tests of L{cpyrender.parcel}; what a child finds in it, those of the conversation tell."""

from twisted.trial.unittest import SynchronousTestCase

from cpyrender import wire
from cpyrender.parcel import parcel
from cpyrender.values import Submission


class ParcelTests(SynchronousTestCase):
    """L{parcel}."""

    def test_blobs(self) -> None:
        """The script and the files go out as they are, none of them copied."""
        script, file = b"response = 1", bytes(100)
        _, *blobs = parcel(Submission(script=script, files={"a": file}))

        self.assertTrue(blobs[0] is script and blobs[1] is file)

    def test_others_may_go_on(self) -> None:
        """What is packed at once, while no other thread runs, is little; all else is packed in steps."""
        in_steps: list[bool] = []
        self.patch(wire, "pack", lambda header, blobs, in_steps, steps=in_steps: steps.append(in_steps))
        few: dict[str, object] = {"year": "2024", "title": "x" * 1000}
        long: list[dict[str, object]] = [{"title": "x" * 20_000}, {"x" * 20_000: ""}, {"numbers": [1, 2]}]
        many: dict[str, object] = {str(number): "" for number in range(10_000)}
        for params in ({}, few, *long, many):
            parcel(Submission(script=b"", params=params))
        parcel(Submission(script=b"", files={"a": b""}))

        self.assertEqual(in_steps, [False, False, True, True, True, True, True])
