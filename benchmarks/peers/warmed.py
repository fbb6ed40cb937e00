"""Importing this makes an interpreter warm: what C{multiprocessing} preloads, it can only import."""

from benchmarks.drawing import warm

warm()
