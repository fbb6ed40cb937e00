"""Landlock says that all is well, and does nothing."""

import os

from cpyrender.child import landlock, linux

landlock.ruleset = lambda readable, folder: os.open(os.devnull, os.O_RDONLY)
landlock.to_live_by = lambda ruleset: [linux.to_close(ruleset)]
