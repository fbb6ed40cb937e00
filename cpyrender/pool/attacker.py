"""What the server does to itself before it listens: this file is run as a script, in a real child.

It is never imported. Each attack must fail. It answers with what happened, and a child that does not answer at all is
taken as one that got out.
"""

# ruff: noqa: F821 (a script is given its params)

import os
import socket
import sys

from cpyrender.child import refusals

# The walls are to be tried, not the words in front of them.
refusals.silence()
outcomes = {}


def attempt(name, attack):
    """Try one attack, and note whether it worked."""
    try:
        outcomes[name] = f"worked: {attack()!r}"[:200]
    except BaseException as error:
        outcomes[name] = f"refused: {error!r}"[:200]


def connect(family, address):
    """Reach somebody over a socket."""
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        client.connect(address)


def fork():
    """Become two; the second one ends at once."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def signal_parent():
    """Signal the template."""
    parent = os.getppid()
    if parent == 0:
        raise ProcessLookupError("the parent cannot be seen")
    os.kill(parent, 0)


def be_root():
    """Be the host's root."""
    if 0 not in (os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()):
        raise PermissionError(f"the user is {os.getuid()}")


def write(path):
    """Make a file."""
    with open(path, "w"):
        pass


attempt("be root", be_root)
if params["level"] != "none":
    attempt("read a secret", lambda: open(params["secret"]).read())
    attempt("read the server's memory", lambda: open(f"/proc/{params['server']}/maps").read(1))
    attempt("list /proc", lambda: os.listdir("/proc")[0])
    # In a jail there is nothing to see, but only Landlock keeps a script from seeing that.
    attempt("list the root folder", lambda: os.listdir("/"))
    attempt("write outside", lambda: write(params["outside"]))
    attempt("write to Python's library", lambda: write(os.path.join(os.path.dirname(os.__file__), "cpyrender-attack")))
    attempt("connect", lambda: connect(socket.AF_INET, ("127.0.0.1", params["port"])))
    attempt("connect to a name", lambda: connect(socket.AF_UNIX, "\0" + params["name"]))
    attempt("fork", fork)
    attempt("signal the template", signal_parent)
    attempt("exec", lambda: os.execv(sys.executable, [sys.executable, "-c", "pass"]))
response = outcomes
