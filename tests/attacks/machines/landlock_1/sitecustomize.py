"""This kernel's Landlock is of version 1, as Linux 5.13's: it bars neither truncation, nor ports, nor signals."""

from cpyrender.child import linux

linux.landlock_version = lambda: 1
