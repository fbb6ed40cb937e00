"""Makes this machine lack something, for a program that is run by it: C{python denying.py LACK[,LACK] COMMAND...}.

    landlock      the kernel has none
    pidns         no new pid namespaces below those that bubblewrap makes, as where capabilities inside it are stripped
    namespaces    no namespaces at all, as under the default profiles of Docker and Kubernetes

A system call filter does it, which no program can take off again.
"""

from __future__ import annotations

import errno
import os
import sys

import pyseccomp

_NEW_PID = 0x20000000
_NEW_ANY = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, _NEW_PID, 0x40000000)


def deny(lacks: list[str]) -> None:
    """Put the filter on this process."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    if "landlock" in lacks:
        for name in ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"):
            rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), name)
    if "pidns" in lacks:
        _deny_flag(rules, "unshare", _NEW_PID)
    if "namespaces" in lacks:
        for flag in _NEW_ANY:
            _deny_flag(rules, "unshare", flag)
            _deny_flag(rules, "clone", flag)
        for name in ("mount", "setns", "umount2", "pivot_root"):
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.load()


def _deny_flag(rules: pyseccomp.SyscallFilter, name: str, flag: int) -> None:
    rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name, pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))


if __name__ == "__main__":
    deny(sys.argv[1].split(","))
    os.execvp(sys.argv[2], sys.argv[2:])
