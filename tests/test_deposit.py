"""Tests of L{cpyrender.deposit}."""

from __future__ import annotations

import mmap
import os
import resource

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.deposit import Delivery, Deposit, let_go
from tests.deposits import deposit_of, limit, open_files, resident

SIZE = 3 << 20


class DeliveryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.pipe, self.far_end = os.pipe()
        self.addCleanup(os.close, self.pipe)
        self.delivery = Delivery(10)
        self.addCleanup(self.delivery.close)

    def tearDown(self) -> None:
        if self.far_end >= 0:
            os.close(self.far_end)

    def test_pieces(self) -> None:
        """What comes in pieces is put together, and says all the while how much is missing."""
        missing = []
        for piece in (b"abc", b"", b"d", b"efghij"):
            os.write(self.far_end, piece)
            if piece:
                self.delivery.take(self.pipe)
            missing.append(self.delivery.missing)
        self.assertEqual((missing, self.delivery.view().tobytes()), ([7, 7, 6, 0], b"abcdefghij"))

    def test_no_more(self) -> None:
        """What follows is left in the pipe."""
        os.write(self.far_end, b"0123456789abc")
        self.assertEqual((self.delivery.take(self.pipe), self.delivery.missing), (10, 0))
        self.assertEqual(os.read(self.pipe, 10), b"abc")

    def test_nothing_yet(self) -> None:
        """A pipe that is empty is not waited for, whether its own descriptor waits or not."""
        for blocking in (True, False):
            os.set_blocking(self.pipe, blocking)
            self.assertRaises(BlockingIOError, self.delivery.take, self.pipe)

    def test_end(self) -> None:
        """Of a pipe that has been closed there is nothing to be taken."""
        os.write(self.far_end, b"abc")
        os.close(self.far_end)
        self.far_end = -1
        self.assertEqual([self.delivery.take(self.pipe), self.delivery.take(self.pipe)], [3, 0])

    def test_close(self) -> None:
        """A delivery that is closed, once or twice, leaves no descriptor; nor does one that has become a deposit."""
        self.assertEqual(open_files(), 1)
        self.delivery.close()
        self.delivery.close()
        self.assertEqual(open_files(), 0)
        view = deposit_of(b"abc")
        # That of the mapping itself.
        self.assertEqual(open_files(), 1)
        view.release()
        self.assertEqual(open_files(), 0)

    def test_too_large(self) -> None:
        """Where no file may become so large, that is said at once, and no descriptor is left."""
        with limit(resource.RLIMIT_FSIZE, SIZE - 1):
            self.assertRaises(OSError, Delivery, SIZE)
        self.assertEqual(open_files(), 1)

    def test_no_room(self) -> None:
        """Where there is no room for what has come, that is an error, and no signal ends the process."""
        os.write(self.far_end, b"abc")
        with limit(resource.RLIMIT_FSIZE, 0):
            self.assertRaises(OSError, self.delivery.take, self.pipe)

    def test_no_memory_ahead(self) -> None:
        """What has only been announced takes no memory, however much it is."""
        delivery = Delivery(1 << 40)
        self.addCleanup(delivery.close)
        os.write(self.far_end, b"abc")
        delivery.take(self.pipe)
        (name,) = (fd for fd in os.listdir("/proc/self/fd") if _size(int(fd)) == 1 << 40)
        self.assertLessEqual(os.fstat(int(name)).st_blocks * 512, 1 << 21)


def _size(fd: int) -> int:
    try:
        return os.fstat(fd).st_size
    except OSError:
        return 0


class DepositTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.data = os.urandom(SIZE)
        self.view = deposit_of(self.data)

    def tearDown(self) -> None:
        # The case itself is kept.
        del self.view, self.data

    def test_not_here(self) -> None:
        """What has come is not in this process' memory until somebody looks at it."""
        self.assertEqual(resident(), 0)
        self.assertEqual(self.view.tobytes(), self.data)
        self.assertEqual(resident(), SIZE)

    def test_let_go(self) -> None:
        """After it has been let go of it is not in this process' memory, and still there for who looks again."""
        for part in (self.view, self.view[SIZE // 2 :].toreadonly(), memoryview(self.view[1:])):
            self.assertEqual(self.view.tobytes(), self.data)
            let_go(part)
            self.assertEqual(resident(), 0)
        self.assertEqual(self.view.tobytes(), self.data)

    def test_others(self) -> None:
        """What is no deposit stays as it is: other memory would be lost."""
        with mmap.mmap(-1, SIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as own:
            own.write(self.data)
            with memoryview(own) as view:
                for data in (view, memoryview(self.data), self.data):
                    let_go(data)
                    self.assertEqual(bytes(data), self.data)

    def test_read_only(self) -> None:
        """Nobody can write into it."""
        self.assertTrue(self.view.readonly)

    def test_gone(self) -> None:
        """It goes with the last who has a part of it, with no garbage collector."""
        part = self.view[5:10]
        self.view = memoryview(b"")
        self.assertEqual((bytes(part), open_files()), (self.data[5:10], 1))
        self.assertIsInstance(part.obj, Deposit)
        del part
        self.assertEqual(open_files(), 0)
