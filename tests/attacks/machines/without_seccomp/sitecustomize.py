"""The system call filter is put on, and lets everything through."""

from cpyrender.child import syscalls

syscalls.Filter.restrict = lambda self: None
