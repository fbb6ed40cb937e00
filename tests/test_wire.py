"""Tests of L{cpyrender.wire}."""

import gc
import os
import resource
import struct
import threading
import weakref
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender import wire
from cpyrender.deposit import Deposit
from tests.deposits import limit, open_files

_LIMIT = 1000
_LARGE = 1 << 20
# Less than a pipe holds.
_PIPE = 1 << 15

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(), some, max_size=4),
    max_leaves=20,
)
_headers = st.dictionaries(st.text(), _json, max_size=6)
_blobs = st.lists(st.binary(max_size=_LIMIT // 5), max_size=5)
_lengths = st.integers(0, 20) | st.integers(0, (1 << 32) - 1)
_near_frames = st.builds(
    lambda header, body, rest: struct.pack("!4sIQ", b"CPYR", header, body) + rest, _lengths, _lengths, st.binary()
)


def read_in_pieces(data: bytes, cuts: list[int]) -> wire.FrameReader:
    """Send the data through a pipe, cut at these places, to a reader that never waits."""
    reader = wire.FrameReader(_LIMIT)
    there, here = os.pipe()
    try:
        os.set_blocking(there, False)
        edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
        for start, end in pairwise(edges):
            wire.write_all(here, [data[start:end]])
            read_all_there_is(reader, there)
        return reader
    finally:
        os.close(there)
        os.close(here)


def read_all_there_is(reader: wire.FrameReader, fd: int) -> None:
    """Read until there is nothing more, or nothing more is wanted."""
    try:
        while reader.read(fd):
            pass
    except BlockingIOError:
        pass


def frame(header: bytes, body: bytes = b"") -> bytes:
    """Return a frame whose header is whatever these bytes are."""
    return struct.pack("!4sIQ", b"CPYR", len(header), len(body)) + header + body


class FrameTests(SynchronousTestCase):
    """L{wire.pack} and L{wire.FrameReader}."""

    @given(_headers, _blobs, st.lists(st.integers(0, 1 << 20), max_size=8), st.booleans())
    def test_round_trip(self, header: dict[str, object], blobs: list[bytes], cuts: list[int], in_steps: bool) -> None:
        """A frame comes out of a pipe as it was packed, at once or in steps, in whatever pieces it travels."""
        reader = read_in_pieces(b"".join(wire.pack(header, blobs, in_steps=in_steps)), cuts)

        self.assertTrue(reader.complete)
        self.assertEqual((reader.header, reader.body.tobytes()), (header, b"".join(blobs)))

    @given(st.binary(max_size=200) | _near_frames, st.lists(st.integers(0, 1 << 20), max_size=3))
    def test_junk(self, junk: bytes, cuts: list[int]) -> None:
        """Whatever comes, the reader takes it for a frame or raises one of its own two exceptions."""
        try:
            reader = read_in_pieces(junk, cuts)
        except (wire.BadFrame, wire.FrameTooLarge):
            return
        self.assertIsInstance(reader.header, dict if reader.complete else type(None))

    def test_incomplete(self) -> None:
        """A frame that lacks its last byte is not complete, and has no header yet."""
        reader = read_in_pieces(frame(b"{}", b"body")[:-1], [])

        self.assertFalse(reader.complete)
        self.assertIsNone(reader.header)

    def test_end_of_stream(self) -> None:
        """At the end of the stream nothing more follows, whether the frame is complete or not."""
        there, here = os.pipe()
        self.addCleanup(os.close, there)
        os.write(here, frame(b"{}")[:5])
        os.close(here)
        reader = wire.FrameReader(_LIMIT)

        self.assertEqual([reader.read(there), reader.read(there), reader.complete], [True, False, False])

    def test_second_frame_is_left(self) -> None:
        """What follows a frame stays in the pipe."""
        there, here = os.pipe()
        self.addCleanup(os.close, there)
        self.addCleanup(os.close, here)
        os.write(here, frame(b"{}", b"one") + b"two")
        read_all_there_is(reader := wire.FrameReader(_LIMIT), there)

        self.assertEqual((reader.body.tobytes(), os.read(there, 100)), (b"one", b"two"))

    def test_body_over_the_limit(self) -> None:
        """A body of one byte more than allowed is refused by its announcement alone."""
        head = struct.pack("!4sIQ", b"CPYR", 2, _LIMIT + 1)

        self.assertRaises(wire.FrameTooLarge, read_in_pieces, head, [])

    def test_body_at_the_limit(self) -> None:
        """A body of just the size allowed is taken."""
        self.assertTrue(read_in_pieces(frame(b"{}", bytes(_LIMIT)), []).complete)

    def test_header_over_the_limit(self) -> None:
        """A header of one byte more than allowed is refused by its announcement alone."""
        head = struct.pack("!4sIQ", b"CPYR", wire.MAX_HEADER + 1, 0)

        self.assertRaises(wire.BadFrame, read_in_pieces, head, [])

    def test_header_is_no_object(self) -> None:
        """JSON that is not an object is not a header."""
        self.assertRaises(wire.BadFrame, read_in_pieces, frame(b"[1]"), [])

    def test_header_is_not_json(self) -> None:
        """A header that is not JSON, or no text at all, is refused as a bad frame."""
        for header in (b"{]", b"\xff\xfe\xfd", b'{"a": ' + b"9" * 5000 + b"}"):
            self.assertRaises(wire.BadFrame, read_in_pieces, frame(header), [])

    def test_something_after_the_header(self) -> None:
        """A header that its own end does not end is refused."""
        self.assertRaises(wire.BadFrame, read_in_pieces, frame(b"{}{}"), [])

    def test_header_of_a_million_brackets(self) -> None:
        """A header that nests deeper than Python recurses is refused as a bad frame."""
        there, here = os.pipe()
        self.addCleanup(os.close, here)
        brackets = threading.Thread(target=wire.write_all, args=(here, [frame(b"[" * wire.MAX_HEADER)]))
        brackets.start()
        self.addCleanup(brackets.join)
        self.addCleanup(os.close, there)

        self.assertRaises(wire.BadFrame, read_all_there_is, wire.FrameReader(_LIMIT), there)

    def test_lets_go(self) -> None:
        """A reader that is done keeps nothing: its body goes with it, with no garbage collector."""
        there, here = os.pipe()
        self.addCleanup(os.close, there)
        with open(here, "wb") as written:
            written.write(frame(b"{}"))
        reader = wire.FrameReader(_LIMIT)
        read_all_there_is(reader, there)
        self.assertTrue(reader.complete)
        gone = weakref.ref(reader)
        gc.disable()
        self.addCleanup(gc.enable)
        del reader
        self.assertIsNone(gone())

    def test_blobs_are_not_copied(self) -> None:
        """The pieces to be written hold each blob itself."""
        blob = bytes(100)

        self.assertIs(wire.pack({}, [blob])[1], blob)


class DepositedTests(SynchronousTestCase):
    """What L{wire.FrameReader} does with a large body, where it may."""

    def setUp(self) -> None:
        self.there, self.here = os.pipe()
        self.addCleanup(os.close, self.there)
        self.addCleanup(os.close, self.here)
        os.set_blocking(self.there, False)

    def read(self, data: bytes, deposits: bool = True) -> wire.FrameReader:
        """Return a reader that has been sent this."""
        reader = wire.FrameReader(1 << 30, deposits=deposits)
        self.addCleanup(reader.close)
        for start in range(0, len(data), _PIPE):
            wire.write_all(self.here, [data[start : start + _PIPE]])
            read_all_there_is(reader, self.there)
        return reader

    def test_around_the_size(self) -> None:
        """A body of 1 MB or more is a deposit, a smaller one is not; either comes as it was sent."""
        for size in (_LARGE - 1, _LARGE, _LARGE + 1, 3 * _LARGE):
            data = os.urandom(size)
            reader = self.read(frame(b"{}", data))
            self.assertEqual((reader.complete, reader.body.tobytes()), (True, data), size)
            self.assertEqual(isinstance(reader.body.obj, Deposit), size >= _LARGE, size)

    def test_unasked(self) -> None:
        """Who has not asked for a deposit gets none."""
        data = os.urandom(_LARGE)
        reader = self.read(frame(b"{}", data), deposits=False)
        self.assertEqual((reader.body.tobytes(), open_files()), (data, 0))

    def test_cannot_be(self) -> None:
        """Where there cannot be a deposit, the body comes into this process' own memory."""
        data = os.urandom(_LARGE)
        for which, most in ((resource.RLIMIT_FSIZE, _LARGE - 1), (resource.RLIMIT_NOFILE, 0)):
            with limit(which, most):
                reader = self.read(frame(b"{}", data))
            self.assertEqual((reader.body.tobytes(), open_files()), (data, 0))

    def test_closed_in_the_middle(self) -> None:
        """A reader that is closed before its frame is complete leaves no descriptor."""
        reader = self.read(frame(b"{}", bytes(_LARGE))[:-1])
        self.assertEqual((reader.complete, open_files()), (False, 1))
        reader.close()
        self.assertEqual(open_files(), 0)

    def test_what_follows(self) -> None:
        """What follows a large body stays in the pipe, also where the reader is asked once more."""
        reader = self.read(frame(b"{}", bytes(_LARGE)) + b"two")
        self.assertEqual((reader.read(self.there), os.read(self.there, 10)), (False, b"two"))

    def test_header_is_not_json(self) -> None:
        """A header that is not JSON is refused, and what came with it is let go of when the reader is closed."""
        self.assertRaises(wire.BadFrame, self.read, frame(b"{]", bytes(_LARGE)))
        self.doCleanups()
        self.assertEqual(open_files(), 0)

    def test_header_is_read_first(self) -> None:
        """A large body whose header makes no sense is not even waited for."""
        self.assertRaises(wire.BadFrame, self.read, frame(b"{]", bytes(_LARGE))[:100])


class WriteAllTests(SynchronousTestCase):
    """L{wire.write_all}."""

    def test_more_than_a_pipe_holds(self) -> None:
        """Pieces of more than a pipe's capacity arrive whole and in order."""
        there, here = os.pipe()
        pieces = [b"a" * 200_000, b"", b"b" * 100_000]

        def write() -> None:
            wire.write_all(here, pieces)
            os.close(here)

        writer = threading.Thread(target=write)
        writer.start()
        self.addCleanup(writer.join)
        with open(there, "rb") as received:
            self.assertEqual(received.read(), b"".join(pieces))

    def test_together(self) -> None:
        """Who reads is woken once for all pieces: they go out in one call, which makes one packet in such a pipe."""
        there, here = os.pipe2(os.O_DIRECT)
        self.addCleanup(os.close, there)
        self.addCleanup(os.close, here)
        wire.write_all(here, [b"head", b"", b"body"])

        self.assertEqual(os.read(there, 100), b"headbody")
