"""Tests of what runs in the jail. As there, matplotlib opens no windows."""

import os

os.environ.setdefault("MPLBACKEND", "agg")
