"""Where a process is: which calls of Python it is in the midst of. It says so on stderr when it crashes, and if asked.

It does so in C, and so also in the midst of a long call of a library's.
"""

from __future__ import annotations

import faulthandler
import signal

_STDERR = 2

#: The signal that asks. Without what is done here it would end a process.
ASKED = signal.SIGQUIT


def tell() -> None:
    """Have this process tell, and all that are forked from it, whatever has been done about that before."""
    faulthandler.enable(_STDERR, all_threads=False)
    # What is registered already would not be put back where another handler has taken its place.
    faulthandler.unregister(ASKED)
    faulthandler.register(ASKED, file=_STDERR, all_threads=False)
