"""Tests of L{cpyrender.child.whereabouts}, in processes that are asked."""

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.child.apart import run_apart

_ASK = """
import json, os, re, signal
from cpyrender.child import whereabouts

unheard, into = os.pipe()
os.set_blocking(unheard, False)
stderr = os.dup(2)
os.dup2(into, 2)

def told():
    os.kill(os.getpid(), whereabouts.ASKED)
    try:
        return os.read(unheard, 1 << 16).decode()
    except BlockingIOError:
        return ""

heard = []
"""


class TellTests(SynchronousTestCase):
    """L{cpyrender.child.whereabouts.tell}."""

    def heard(self, script: str) -> list[str]:
        """Return what a process has to say that does this."""
        return list(json.loads(run_apart(f"{_ASK}{script}\nos.dup2(stderr, 2)\nprint(json.dumps(heard))")))

    def test_asked(self) -> None:
        """A process that is asked writes down its calls, innermost first, and goes on, as do those forked from it."""
        (own, childs) = self.heard(
            "whereabouts.tell()\nheard.append(told())\n"
            "if os.fork() == 0:\n    os.write(into, told().encode())\n    os._exit(0)\n"
            "os.wait(); heard.append(os.read(unheard, 1 << 16).decode())"
        )
        for said in (own, childs):
            self.assertRegex(said, r'^Stack \(most recent call first\):\n  File ".*", line \d+ in told\n')

    def test_again(self) -> None:
        """It tells once more, whatever a script has done about that: its own handler, another file, none at all."""
        for undo in (
            "signal.signal(whereabouts.ASKED, signal.SIG_IGN)",
            "faulthandler.unregister(whereabouts.ASKED)",
            "faulthandler.register(whereabouts.ASKED, file=stderr, all_threads=True, chain=True)",
            "signal.signal(whereabouts.ASKED, print); faulthandler.unregister(whereabouts.ASKED)",
        ):
            (said,) = self.heard(
                f"import faulthandler\nwhereabouts.tell()\n{undo}\nwhereabouts.tell()\nheard.append(told())"
            )
            self.assertRegex(said, r"^Stack .*\n.* in told\n", undo)
