"""Tests of L{cpyrender.pool.conversation}."""

import fcntl
import os
import resource
import select
import signal
import struct
import threading
import time
from collections.abc import Callable

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cpyrender import wire
from cpyrender.deposit import Deposit
from cpyrender.pool import conversation
from cpyrender.pool.cancellation import Cancellation, Cancelled
from cpyrender.pool.conversation import Conversation, ConversationLimits, Interrupted, NeverBegan
from cpyrender.values import Cause, Drawn, Failed, Output, Ran, Report, Submission, TimedOut, Wanted
from tests.deposits import limit, open_files
from tests.pool.played import PlayedChild

_LIMITS = ConversationLimits(seconds=60.0, cpu=60.0, output=1 << 20, log=1000)
_AT_ONCE = evolve(_LIMITS, seconds=0.02)
_SUBMISSION = Submission(script=b"response = 1")
_HEADER = {"kind": "drawn", "outputs": [{"size": 4, "media_type": "image/png", "name": "a.png"}]}
_LARGE = os.urandom(1 << 20)
_LARGE_HEADER = {"kind": "drawn", "outputs": [{"size": len(_LARGE), "media_type": "image/png", "name": ""}]}
_LARGE_FRAME = b"".join(wire.pack(_LARGE_HEADER, [_LARGE]))
_STACK = b"""\
Stack (most recent call first):
  File "/usr/lib/python3/re.py", line 500 in match
  File "script.py", line 7 in <module>
"""
_OUTPUTS = (Output(data=b"data", media_type="image/png", name="a.png"),)


_poll = select.poll


class LastFirst:
    """A poll object that tells of what was registered last before all else."""

    def __init__(self) -> None:
        self._real = _poll()
        self.register, self.unregister = self._real.register, self._real.unregister

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        return self._real.poll(milliseconds)[::-1]


class Thief:
    """A poll object that takes what has come out of the pipes of which it tells: who reads finds nothing there."""

    def __init__(self) -> None:
        self._real = _poll()
        self.register, self.unregister = self._real.register, self._real.unregister
        self.steals_from: list[int] = []

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        told = self._real.poll(milliseconds)
        for fd, _ in told:
            if fd in self.steals_from:
                os.read(fd, 1 << 16)
                self.steals_from.remove(fd)
        return told


class ConversationCase(SynchronousTestCase):
    """Talks to a child that is played."""

    def setUp(self) -> None:
        self.child = PlayedChild()
        self.addCleanup(self.child.close)
        self.threads: list[threading.Thread] = []
        self.addCleanup(self.join)
        # Closed first, so that no thread waits for a conversation that is over.
        self.addCleanup(self.child.spare.close)
        self.cancellation = Cancellation()
        self.addCleanup(self.cancellation.close)

    def talk(self, limits: ConversationLimits = _LIMITS, submission: Submission = _SUBMISSION) -> Ran:
        """Have the conversation."""
        return Conversation(self.child.spare, submission, limits, self.cancellation).run()

    def meanwhile(self, play: Callable[[], None]) -> None:
        """Play the child in a thread."""
        self.threads.append(threading.Thread(target=play))
        self.threads[-1].start()

    def join(self) -> None:
        """Wait for all that is played to end."""
        for thread in self.threads:
            thread.join()

    def assertFailed(self, outcome: Ran, cause: Cause, *words: str) -> None:
        """Check that a script failed for this cause, and that its client is told these words."""
        self.assertIsInstance(outcome, Failed)
        self.assertIs(outcome.cause, cause)
        for word in words:
            self.assertIn(word, outcome.message)


class ProgressTests(ConversationCase):
    """What a script reports while it runs."""

    def report(self, fraction: object, text: object = "") -> bytes:
        """Return a report as a child sends it."""
        return b"".join(wire.pack({"kind": "progress", "report": [fraction, text]}))

    def test_told_at_once(self) -> None:
        """Reports are told as they come, and the answer after them counts as ever."""
        told: list[Report] = []
        self.child.begin(self.report(0.25, "a") + self.report(0.5, "b"))
        self.child.say(*wire.pack(_HEADER, [b"data"]))
        outcome = self.talk(submission=evolve(_SUBMISSION, on_progress=told.append))

        self.assertIsInstance(outcome, Drawn)
        self.assertEqual(told, [Report(fraction=0.25, text="a"), Report(fraction=0.5, text="b")])
        self.assertEqual(outcome.progress, tuple(told))

    def test_of_the_killed(self) -> None:
        """Of a script that never answers, what it has reported is known nevertheless."""
        self.child.begin(self.report(0.5, "half"))

        self.assertEqual(self.talk(_AT_ONCE).progress, (Report(fraction=0.5, text="half"),))

    def test_before_the_end(self) -> None:
        """Reports that stand before the answer in the pipe of a child that has ended do not hide it."""
        self.child.begin(self.report(0.5), self.report(0.75))
        self.child.say(*wire.pack(_HEADER, [b"data"]))
        self.child.end(0)

        self.assertIsInstance(self.talk(), Drawn)

    def test_senseless(self) -> None:
        """A report that makes no sense ends the conversation as anything else does that is no answer."""
        self.child.begin(self.report(0.5, 7))

        self.assertFailed(self.talk(), Cause.CRASHED, "wrote into the channel of its answer")

    def test_too_many(self) -> None:
        """A child that does nothing but report is stopped."""
        self.patch(conversation, "_MOST_REPORTS", 10)
        self.child.begin(self.report(0.5) * 11)

        self.assertFailed(self.talk(), Cause.CRASHED)


class LastingTests(ConversationCase):
    """Who is told that a script is none of the light ones."""

    def told(self, lasting: float) -> list[float]:
        """Have a conversation, and return how long the script had run when it was told of."""
        self.patch(conversation, "LASTING", lasting)
        told: list[float] = []
        began = time.monotonic()

        def lasts() -> None:
            told.append(time.monotonic() - began)
            self.child.answer(_HEADER, b"data")

        if lasting > 1:
            self.child.answer(_HEADER, b"data")
        # What it prints is no answer.
        self.child.print(b"text")
        outcome = Conversation(self.child.spare, _SUBMISSION, _LIMITS, self.cancellation, lasts).run()
        self.assertIsInstance(outcome, Drawn)
        return told

    def test_lasting(self) -> None:
        """They are told once, after that time, whatever the script prints meanwhile."""
        (seconds,) = self.told(0.05)
        self.assertGreaterEqual(seconds, 0.05)

    def test_light(self) -> None:
        """They are not told of one that has ended by then."""
        self.assertEqual(self.told(60.0), [])


class SubmissionTests(ConversationCase):
    """The way in."""

    def received(self) -> tuple[dict[str, object] | None, bytes]:
        """Return the frame that has come to the child."""
        reader = wire.FrameReader(1 << 30)
        while reader.read(self.child.script):
            pass
        return reader.header, reader.body.tobytes()

    def test_whole_submission(self) -> None:
        """The child is sent the script, its parameters, its files and what is wanted of the picture."""
        self.child.answer(_HEADER, b"data")
        wanted = Wanted(format="svg", acceptable=("svg", "png"), dpi=72.5, width=3, height=4, figure=2)
        self.talk(
            submission=Submission(
                script=b"script",
                params={"a": "1", "b": ["2", "3"]},
                files={"x": b"xx", "y": b""},
                file_fields={"data": "x"},
                wanted=wanted,
            )
        )
        header, body = self.received()

        self.assertEqual(body, b"scriptxx")
        self.assertEqual(
            header,
            {
                "params": {"a": "1", "b": ["2", "3"]},
                "files": ["x", "y"],
                "file_fields": {"data": "x"},
                "sizes": [6, 2, 0],
                "wanted": {
                    "format": "svg",
                    "acceptable": ["svg", "png"],
                    "dpi": 72.5,
                    "width": 3,
                    "height": 4,
                    "figure": 2,
                },
            },
        )

    def test_more_than_a_pipe_holds(self) -> None:
        """A script of three megabytes reaches a child that reads it piece by piece."""
        script = os.urandom(3 << 20)
        arrived: list[bytes] = []

        def play() -> None:
            os.set_blocking(self.child.script, True)
            arrived.append(self.received()[1])
            self.child.answer(_HEADER, b"data")

        self.meanwhile(play)
        outcome = self.talk(submission=Submission(script=script))

        self.assertEqual((outcome.outputs, arrived), (_OUTPUTS, [script]))

    def test_child_that_does_not_read(self) -> None:
        """A child that closes its script unread may answer all the same."""
        self.child.shut("script")
        self.child.answer(_HEADER, b"data")

        self.assertEqual(self.talk(submission=Submission(script=bytes(3 << 20))).outputs, _OUTPUTS)


class AnswerTests(ConversationCase):
    """The way out."""

    def test_drawn(self) -> None:
        """A child's answer is the outcome."""
        self.child.answer(_HEADER, b"data")

        self.assertEqual(self.talk(), Drawn(outputs=_OUTPUTS))

    def test_child_is_killed(self) -> None:
        """A child that has answered is killed, though it would live on."""
        self.child.answer(_HEADER, b"data")
        self.talk()

        self.assertTrue(self.child.was_killed())

    def test_answer_in_pieces(self) -> None:
        """An answer of many pipes' capacity is put together from its pieces."""
        self.meanwhile(lambda: self.child.answer(_LARGE_HEADER, _LARGE))

        self.assertEqual([one.data for one in self.talk().outputs], [_LARGE])

    def test_large(self) -> None:
        """A large answer is not in the server's own memory, and goes with the outcome."""
        self.meanwhile(lambda: self.child.answer(_LARGE_HEADER, _LARGE))
        outcome = self.talk()

        self.assertIsInstance(outcome.outputs[0].data.obj, Deposit)
        self.assertEqual((bytes(outcome.outputs[0].data), open_files()), (_LARGE, 1))
        del outcome
        self.assertEqual(open_files(), 0)

    def test_large_cancelled(self) -> None:
        """A conversation that is cancelled in the middle of a large answer leaves nothing of it."""

        def half() -> None:
            self.child.begin(_LARGE_FRAME[: len(_LARGE_FRAME) // 2])
            self.cancellation.cancel()

        self.meanwhile(half)

        self.assertRaises(Cancelled, self.talk)
        self.assertEqual(open_files(), 0)

    def test_large_and_no_room(self) -> None:
        """Where there is no more room for a large answer that is on its way, that is no fault of the script's."""
        half = len(_LARGE_FRAME) // 2
        ended = threading.Event()

        def until_there_is_no_room() -> None:
            # More than the pipe holds: when it has been written, the answer is being received.
            self.child.begin(_LARGE_FRAME[:half])
            with limit(resource.RLIMIT_FSIZE, half // 2):
                self.child.say(_LARGE_FRAME[half : half + 100])
                ended.wait()

        self.meanwhile(until_there_is_no_room)
        self.addCleanup(ended.set)

        self.assertRaises(OSError, self.talk)
        self.assertEqual((self.child.was_killed(), open_files()), (True, 0))

    def test_answer_and_end(self) -> None:
        """An answer counts, however the child ended after it."""
        self.child.answer(_HEADER, b"data")
        self.child.end(signal.SIGSEGV)

        self.assertEqual(self.talk(), Drawn(outputs=_OUTPUTS))

    def test_end_is_heard_first(self) -> None:
        """An answer counts even where its child's end is heard of before it."""
        self.patch(select, "poll", LastFirst)
        self.child.answer(_HEADER, b"data")
        self.child.end(0)

        self.assertEqual(self.talk(), Drawn(outputs=_OUTPUTS))

    def test_two_frames(self) -> None:
        """Of two answers the first counts, and the second does no harm."""
        self.child.answer(_HEADER, b"data")
        self.child.say(*wire.pack({"kind": "failed", "cause": "raised", "message": "second"}))

        self.assertEqual(self.talk(), Drawn(outputs=_OUTPUTS))

    def test_forged_success_then_silence(self) -> None:
        """A script that forges an answer and falls silent has its say and is killed; nobody waits for more."""
        self.child.begin(*wire.pack(_HEADER, [b"data"]))

        self.assertEqual((self.talk().outputs, self.child.was_killed()), (_OUTPUTS, True))

    def test_forged_nonsense(self) -> None:
        """A frame that makes no sense is the script's failure."""
        self.child.answer({"kind": "drawn", "outputs": 5})

        self.assertFailed(self.talk(), Cause.CRASHED, "forged")

    def test_failed(self) -> None:
        """A child that says why the script failed is believed."""
        self.child.answer({"kind": "failed", "cause": "raised", "message": "no", "exception": "ValueError"})

        self.assertEqual(self.talk(), Failed(cause=Cause.RAISED, message="no", exception="ValueError"))

    def test_out_of_cpu(self) -> None:
        """A child that says it ran out of CPU time did so at the limit it was given."""
        self.child.answer({"kind": "out-of-cpu"})

        self.assertEqual(self.talk(evolve(_LIMITS, cpu=3.0)), TimedOut(seconds=3.0, of_cpu=True))


class HostileAnswerTests(ConversationCase):
    """What a script may do to the channel of its answer."""

    def test_junk(self) -> None:
        """Junk in the channel ends the conversation with a sentence, and the child."""
        self.child.begin(b"hello, world, this is no frame")

        self.assertFailed(self.talk(), Cause.CRASHED, "wrote into the channel")
        self.assertTrue(self.child.was_killed())

    def test_junk_before_anything(self) -> None:
        """Junk before an answer that would be a good one makes junk of all of it."""
        self.child.say(b"x")
        self.child.answer(_HEADER, b"data")

        self.assertFailed(self.talk(), Cause.CRASHED, "wrote into the channel")

    def test_huge_body(self) -> None:
        """An answer that announces 16 exabytes is refused by its size, not awaited."""
        self.child.begin(struct.pack("!4sIQ", b"CPYR", 2, (1 << 64) - 1))

        self.assertFailed(self.talk(), Cause.OUTPUT, "1048576 bytes")

    def test_one_byte_too_many(self) -> None:
        """An answer of one byte over the limit is refused, and one at the limit is not."""
        self.child.answer(_HEADER, b"data")

        self.assertFailed(self.talk(evolve(_LIMITS, output=3)), Cause.OUTPUT, "limit of 3 bytes")

    def test_at_the_limit(self) -> None:
        """An answer of just the size allowed is taken."""
        self.child.answer(_HEADER, b"data")

        self.assertEqual(self.talk(evolve(_LIMITS, output=4)).outputs, _OUTPUTS)

    def test_huge_header(self) -> None:
        """A header that announces four gigabytes is no frame."""
        self.child.begin(struct.pack("!4sIQ", b"CPYR", (1 << 32) - 1, 0))

        self.assertFailed(self.talk(), Cause.CRASHED, "wrote into the channel")

    def test_half_a_frame_then_end(self) -> None:
        """A child that ends in the middle of its answer ended without one."""
        self.child.begin(b"".join(wire.pack(_HEADER, [b"data"]))[:-2])
        self.child.end(3 << 8)

        self.assertFailed(self.talk(), Cause.CRASHED, "without an answer", "exit status 3")

    def test_half_a_frame_then_silence(self) -> None:
        """A child that falls silent in the middle of its answer runs into its time limit."""
        self.child.begin(b"".join(wire.pack(_HEADER, [b"data"]))[:-2])

        self.assertIsInstance(self.talk(_AT_ONCE), TimedOut)

    def test_closed_channel(self) -> None:
        """A script that closes the channel and lives on is told so after a moment, long before its time limit."""
        self.patch(conversation, "_SECONDS_TO_END", 0.02)
        self.child.begin()
        self.child.shut("result")

        self.assertFailed(self.talk(), Cause.CRASHED, "closed the channel")
        self.assertTrue(self.child.was_killed())

    def test_closed_channel_then_end(self) -> None:
        """A script that closes the channel and then crashes is told of the crash."""
        self.child.begin()
        self.child.end(signal.SIGSEGV)

        self.assertFailed(self.talk(), Cause.CRASHED, "crashed the interpreter", "SIGSEGV")

    def test_closed_everything(self) -> None:
        """A script that closes all it holds and lives on gets its sentence no less."""
        self.child.begin()
        self.child.shut("script", "result", "stdout", "stderr")

        self.assertFailed(self.talk(_AT_ONCE), Cause.CRASHED, "closed the channel")


class EndTests(ConversationCase):
    """How a conversation ends where there is no answer."""

    def test_ended_before_it_began(self) -> None:
        """A child that ends before it has the whole script never ran it."""
        self.child.end(signal.SIGKILL)

        self.assertRaises(NeverBegan, self.talk)

    def test_last_words_of_one_that_never_began(self) -> None:
        """Why a child never began is in the last line that it wrote."""
        self.child.print(stderr=b"Traceback\n  somewhere\nOSError: no Landlock\n")
        self.child.end(70 << 8)

        self.assertEqual(str(self.assertRaises(NeverBegan, self.talk)), "OSError: no Landlock")

    def test_template_gone_before_it_began(self) -> None:
        """A child that is lost with its template before it has the whole script never ran it."""
        self.child.lose_template()

        self.assertRaises(NeverBegan, self.talk)

    def test_template_gone(self) -> None:
        """A child that is lost with its template under the script was interrupted."""
        self.child.begin()
        self.child.lose_template()

        self.assertRaises(Interrupted, self.talk)

    def test_killed_when_lost(self) -> None:
        """A child whose template is gone is not left alive."""
        self.child.lose_template()
        self.assertRaises(NeverBegan, self.talk)

        self.assertTrue(self.child.was_killed())

    def test_exit_without_answer(self) -> None:
        """A script that ends the interpreter is told so, even with the status of success."""
        self.child.begin()
        self.child.end(0)

        self.assertFailed(self.talk(), Cause.CRASHED, "ended the interpreter", "exit status 0")

    def test_crash_names_its_line(self) -> None:
        """A script that crashes is told its signal, and the line that the dying interpreter wrote down."""
        self.child.begin()
        self.child.print(stderr=b'Fatal Python error: Segmentation fault\n\n  File "script.py", line 7 in <module>\n')
        self.child.end(signal.SIGSEGV)
        outcome = self.talk()

        self.assertFailed(outcome, Cause.CRASHED, "crashed the interpreter", "SIGSEGV")
        self.assertEqual(outcome.line, 7)

    def test_killed_over_its_cpu_limit(self) -> None:
        """A child that a signal ended after all its CPU seconds ran out of them."""
        self.child.begin()
        self.child.end(signal.SIGKILL, cpu=2.5)

        self.assertEqual(self.talk(evolve(_LIMITS, cpu=2.0)), TimedOut(seconds=2.0, of_cpu=True))

    def test_killed_within_its_cpu_limit(self) -> None:
        """A child that a signal ended with CPU seconds left crashed."""
        self.child.begin()
        self.child.end(signal.SIGKILL, cpu=1.5)

        self.assertFailed(self.talk(evolve(_LIMITS, cpu=2.0)), Cause.CRASHED, "SIGKILL")

    def test_exit_after_much_cpu(self) -> None:
        """A child that exited of itself did not run out of CPU time, however much it used."""
        self.child.begin()
        self.child.end(3 << 8, cpu=2.5)

        self.assertFailed(self.talk(evolve(_LIMITS, cpu=2.0)), Cause.CRASHED, "exit status 3")

    def test_timed_out(self) -> None:
        """A child that says nothing is killed at its time limit, which the outcome names."""
        self.child.begin()
        outcome = self.talk(_AT_ONCE)

        self.assertEqual((outcome.seconds, outcome.of_cpu, outcome.timing.run), (0.02, False, 0.02))
        self.assertTrue(self.child.was_killed())

    def test_timed_out_on_a_line(self) -> None:
        """A script that runs past its time is asked where it is, and killed no later for it."""
        self.child.begin()
        self.child.spare.asked = lambda: self.child.print(stderr=_STACK)
        outcome = self.talk(_AT_ONCE)

        self.assertEqual((type(outcome), outcome.line), (TimedOut, 7))
        self.assertEqual(
            outcome.log.stderr, 'Stack (most recent call first):\n  File "script.py", line 7 in <module>\n'
        )
        self.assertTrue(self.child.was_killed())

    def test_answer_when_asked(self) -> None:
        """A script that answers when it is asked where it is has run past its time all the same."""
        self.child.begin()
        self.child.spare.asked = lambda: self.child.answer(_HEADER, b"data")

        self.assertIsInstance(self.talk(_AT_ONCE), TimedOut)

    def test_ends_when_asked(self) -> None:
        """A script that ends when it is asked where it is has run past its time, and has not crashed."""
        self.child.begin()
        self.child.spare.asked = lambda: self.child.end(signal.SIGQUIT)

        self.assertIsInstance(self.talk(_AT_ONCE), TimedOut)

    def test_asked_only_when_timed_out(self) -> None:
        """A script that is done in time is not asked."""
        self.child.spare.asked = lambda: self.fail("it was asked")
        self.child.answer(_HEADER, b"data")

        self.assertIsInstance(self.talk(), Drawn)

    def test_timed_out_while_talking(self) -> None:
        """A child that prints without end is killed at its time limit no less."""
        self.child.begin()
        self.meanwhile(self.print_on_and_on)

        self.assertIsInstance(self.talk(_AT_ONCE), TimedOut)

    def print_on_and_on(self) -> None:
        """Print, as long as there is somebody to read it."""
        try:
            while True:
                self.child.print(b"again and again\n" * 100)
        except BrokenPipeError:
            pass

    def test_cancelled(self) -> None:
        """A conversation that is cancelled ends at once, and the child with it."""
        self.child.begin()
        self.cancellation.cancel()

        self.assertRaises(Cancelled, self.talk)
        self.assertTrue(self.child.was_killed())

    def test_cancelled_from_another_thread(self) -> None:
        """A conversation that waits for its child is ended by another thread."""
        self.child.begin()
        self.meanwhile(self.cancellation.cancel)

        self.assertRaises(Cancelled, self.talk)

    def test_cancelled_twice(self) -> None:
        """Cancelling a second time changes nothing."""
        self.cancellation.cancel()
        self.cancellation.cancel()

        self.assertRaises(Cancelled, self.talk)


class LogTests(ConversationCase):
    """What is kept of what a script prints."""

    def test_both_streams(self) -> None:
        """Each stream is kept on its own."""
        self.child.print("größer\n".encode(), b"warning\n")
        self.child.answer(_HEADER, b"data")
        log = self.talk().log

        self.assertEqual((log.stdout, log.stderr, log.lost), ("größer\n", "warning\n", 0))

    def test_limit(self) -> None:
        """Of each stream the first bytes up to the limit are kept, and the others counted."""
        self.child.print(b"o" * 1500, b"e" * 1001)
        self.child.answer(_HEADER, b"data")
        log = self.talk().log

        self.assertEqual((log.stdout, log.stderr, log.lost), ("o" * 1000, "e" * 1000, 501))

    def test_nothing_kept(self) -> None:
        """With a limit of nothing all is counted."""
        self.child.print(b"12345")
        self.child.answer(_HEADER, b"data")
        log = self.talk(evolve(_LIMITS, log=0)).log

        self.assertEqual((log.stdout, log.lost), ("", 5))

    def test_not_text(self) -> None:
        """What is not UTF-8, or is cut in the middle of a character, is marked where it stood."""
        self.child.print(b"\xff!", "ä".encode()[:1])
        self.child.answer(_HEADER, b"data")
        log = self.talk().log

        self.assertEqual((log.stdout, log.stderr), ("\ufffd!", "\ufffd"))

    def test_of_a_script_that_ran_too_long(self) -> None:
        """What a script printed is kept when it runs out of time."""
        self.child.begin()
        self.child.print(b"so far\n")

        self.assertEqual(self.talk(_AT_ONCE).log.stdout, "so far\n")

    def test_of_a_script_that_crashed(self) -> None:
        """What a script printed is kept when it crashes."""
        self.child.begin()
        self.child.print(b"so far\n", b"Fatal Python error\n")
        self.child.end(signal.SIGSEGV)
        log = self.talk().log

        self.assertEqual((log.stdout, log.stderr), ("so far\n", "Fatal Python error\n"))

    def test_of_a_script_that_reads_its_own(self) -> None:
        """A script that takes what it has printed out of the pipe again, before it is read, is answered like others."""
        thief = Thief()
        thief.steals_from = [self.child.spare.stdout, self.child.spare.stderr]
        self.patch(select, "poll", lambda: thief)
        self.child.print(b"gone", b"gone")
        self.meanwhile(lambda: self.child.answer(_HEADER, b"data"))
        outcome = self.talk()

        self.assertEqual(outcome, Drawn(outputs=_OUTPUTS))

    def test_frames_of_the_server(self) -> None:
        """Of what a dying interpreter says, the client is told the script's own frames."""
        self.child.begin()
        words = 'Stack (most recent call first):\n  File "/a/b.py", line 5 in g\n  File "script.py", line 3 in f\n'
        self.child.print(b"", words.encode())
        self.child.end(signal.SIGSEGV)

        self.assertEqual(self.talk().log.stderr, 'Stack (most recent call first):\n  File "script.py", line 3 in f\n')

    def test_printed_at_the_last(self) -> None:
        """What still lies in the pipes when the answer comes is kept."""
        # More than is read at once, less than a pipe holds.
        fcntl.fcntl(self.child.descriptor("stdout"), fcntl.F_SETPIPE_SZ, 1 << 18)
        self.child.print(b"o" * 200_000)
        self.child.answer(_HEADER, b"data")

        self.assertEqual(len(self.talk(evolve(_LIMITS, log=1 << 20)).log.stdout), 200_000)


class LargeTests(ConversationCase):
    """A submission that is larger than a pipe usually is."""

    def test_wide(self) -> None:
        """Its pipe is widened, so that more goes through at a time; that of a small one stays as it is."""
        self.child.answer(_HEADER, b"data")
        narrow = fcntl.fcntl(self.child.script, fcntl.F_GETPIPE_SZ)
        self.talk()
        for size, wide in ((1 << 10, False), (1 << 20, True)):
            child = PlayedChild()
            self.addCleanup(child.close)
            self.addCleanup(child.spare.close)
            child.answer(_HEADER, b"data")
            Conversation(child.spare, Submission(script=b"x" * size), _LIMITS, self.cancellation).run()
            self.assertEqual(fcntl.fcntl(child.script, fcntl.F_GETPIPE_SZ) > narrow, wide, size)


class GoingOnTests(ConversationCase):
    """Which child lives on after its script."""

    def goes_on(self, runs: int = 2, **header: object) -> bool:
        """Have a conversation in which this is answered, and return whether the child is to be given another script."""
        child = PlayedChild()
        self.addCleanup(child.close)
        self.addCleanup(child.spare.close)
        child.spare.runs = runs
        child.answer(header, b"data")
        conversation = Conversation(child.spare, _SUBMISSION, _LIMITS, self.cancellation)
        conversation.run()
        if not conversation.may_go_on:
            self.assertTrue(child.was_killed())
        return conversation.may_go_on

    def test_says_so(self) -> None:
        """A child that answers, says that it takes more, and has some left to take is not killed."""
        self.assertTrue(self.goes_on(**_HEADER, again=True))
        self.assertTrue(self.goes_on(kind="failed", cause="raised", message="no", again=True))

    def test_last(self) -> None:
        """A child that is to be given no more is killed, whatever it says."""
        self.assertFalse(self.goes_on(runs=1, **_HEADER, again=True))

    def test_does_not_say_so(self) -> None:
        """A child that does not say it in so many words is killed."""
        for said in ({}, {"again": False}, {"again": 1}, {"again": "true"}):
            self.assertFalse(self.goes_on(**_HEADER, **said), said)

    def test_not_sound(self) -> None:
        """A child that makes no sense, is broken, or has used up a script's time, is killed though it says so."""
        for said in (
            {"kind": "drawn", "outputs": 5},
            {"kind": "failed", "cause": "crashed", "message": "broken"},
            {"kind": "out-of-cpu"},
        ):
            self.assertFalse(self.goes_on(**said, again=True), said)

    def test_has_not_read_all(self) -> None:
        """A child that has answered without reading the whole script is killed: the next would begin in its middle."""
        self.child.spare.runs = 2
        self.child.answer({**_HEADER, "again": True}, b"data")
        long = Submission(script=b"x" * (1 << 20))
        conversation = Conversation(self.child.spare, long, _LIMITS, self.cancellation)
        conversation.run()

        self.assertFalse(conversation.may_go_on)
        self.assertTrue(self.child.was_killed())

    def test_cpu_of_all_its_scripts(self) -> None:
        """A child that dies with less CPU seconds used than all of its scripts have together has crashed."""
        for cpu, kind in ((9.0, Failed), (10.0, TimedOut)):
            self.child = PlayedChild()
            self.addCleanup(self.child.close)
            self.addCleanup(self.child.spare.close)
            self.child.begin()
            self.child.end(signal.SIGKILL, cpu)
            self.assertIsInstance(self.talk(evolve(_LIMITS, cpu=5.0, runs=2)), kind)


class DescriptorTests(SynchronousTestCase):
    """What a conversation holds."""

    def test_nothing_is_left_open(self) -> None:
        """A conversation opens no descriptor that it does not close."""
        before = os.listdir("/proc/self/fd")
        child, cancellation = PlayedChild(), Cancellation()
        child.answer(_HEADER, b"data")
        Conversation(child.spare, _SUBMISSION, _LIMITS, cancellation).run()
        child.spare.close()
        child.close()
        cancellation.close()

        self.assertEqual(os.listdir("/proc/self/fd"), before)
