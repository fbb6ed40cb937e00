"""Learning which pages of memory scripts use that a fork does not give them, from outside: a jail has no /proc.

Those are the ones that they write to, and those of libraries' code, which each child has to look up in the system's
cache.

Children of a template run something typical, and the kernel tells which of their pages are no longer shared; see
C{pagemap} in proc_pid_pagemap(5) and C{maps} in proc_pid_maps(5).
"""

from __future__ import annotations

import mmap
import os
from array import array
from collections.abc import Iterable

from attrs import frozen

from cpyrender.child.commands import DONE, THERE
from cpyrender.child.lesson import GIVEN
from cpyrender.child.pages import Pages, Stock
from cpyrender.pool.running_template import CannotLearn, RunningTemplate
from cpyrender.pool.spare import Spare, pid_of, wait_for

_PRESENT = 1 << 63
_EXCLUSIVE = 1 << 56
_OF_A_FILE = 1 << 61
_ENTRY = 8
_MS_TO_RUN = 30_000
# Where a page of a file is looked up, the kernel looks up its neighbours as well, where it has them: all of such a
# group of pages, and within one part of memory; see do_fault_around in its mm/memory.c.
_NEIGHBOURS = 16


@frozen
class _Used:
    """Pages that a lesson used, by their numbers, and the parts of memory that are of files."""

    written: set[int]
    read: set[int]
    files: list[range]


def learn(template: RunningTemplate) -> Stock:
    """Return the pages that all typical scripts use, and any script, of those that a fork does not give them.

    @raise CannotLearn: this cannot be found out here.
    @raise cpyrender.pool.running_template.TemplateLost: the template is gone.
    @raise OSError: it could not fork, or the server may not look into its children.
    """
    *used, by_any = (_used_by(template, number) for number, _ in enumerate(GIVEN))
    written = set.intersection(*(one.written for one in used))
    read = set.intersection(*(one.read for one in used))
    return Stock(
        few=joined(by_any.written | asked_for(by_any.read, by_any.files)),
        many=joined(written | by_any.written | asked_for(read | by_any.read, by_any.files)),
    )


def asked_for(pages: set[int], files: Iterable[range]) -> set[int]:
    """Return, of pages of files, those that have to be asked for to get all: not those that come with a neighbour.

    @param files: the parts of memory that they are in.
    """
    asked = set(pages)
    for part in files:
        for first in range(part.start // _NEIGHBOURS * _NEIGHBOURS, part.stop, _NEIGHBOURS):
            group = range(max(first, part.start), min(first + _NEIGHBOURS, part.stop))
            if pages.issuperset(group):
                asked.difference_update(group[1:])
    return asked


def joined(pages: Iterable[int]) -> Pages:
    """Return pages, given by their numbers, as ranges of addresses."""
    ranges: list[list[int]] = []
    for page in sorted(pages):
        if ranges and ranges[-1][1] == page:
            ranges[-1][1] += 1
        else:
            ranges.append([page, page + 1])
    return Pages.of((first * mmap.PAGESIZE, (after - first) * mmap.PAGESIZE) for first, after in ranges)


def _used_by(template: RunningTemplate, number: int) -> _Used:
    """Return the pages that one lesson has to get, of those that each child of the template has."""
    child = template.lesson()
    try:
        _await(child, THERE)
        process = _process_of(child)
        # Before it runs: what it maps later, no spare has yet.
        written, read = _mapped(process, "rw-p"), _mapped(process, "r-xp", "r--p")
        os.write(child.script, bytes([number]))
        _await(child, DONE)
        return _Used(
            _there(process, written, _PRESENT | _EXCLUSIVE), _there(process, read, _PRESENT | _OF_A_FILE), read
        )
    finally:
        child.remove()


def _await(child: Spare, word: bytes) -> None:
    if not wait_for(child.result, _MS_TO_RUN) or os.read(child.result, 1) != word:
        raise CannotLearn("a child did not run its script")


def _process_of(child: Spare) -> str:
    """Return where /proc tells of a child, whose number in a namespace of its own says nothing here."""
    pid = pid_of(child.pidfd)
    if pid <= 0:
        raise CannotLearn("children of the template cannot be seen from here")
    return f"/proc/{pid}"


def _mapped(process: str, *wanted: str) -> list[range]:
    """Return the parts of a process' memory with one of these rights, by the numbers of their pages."""
    found = []
    with open(f"{process}/maps") as lines:
        for line in lines:
            span, rights = line.split(maxsplit=2)[:2]
            if rights in wanted:
                start, end = (int(address, 16) // mmap.PAGESIZE for address in span.split("-"))
                found.append(range(start, end))
    return found


def _there(process: str, parts: Iterable[range], how: int) -> set[int]:
    """Return the numbers of the pages of which the kernel says so: proc_pid_pagemap(5)."""
    pages: set[int] = set()
    pagemap = os.open(f"{process}/pagemap", os.O_RDONLY | os.O_CLOEXEC)
    try:
        for part in parts:
            entries = array("Q", os.pread(pagemap, len(part) * _ENTRY, part.start * _ENTRY))
            pages.update(page for page, entry in zip(part, entries, strict=False) if entry & how == how)
    finally:
        os.close(pagemap)
    return pages
