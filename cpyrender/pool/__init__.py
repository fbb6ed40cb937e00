"""Slots, queue, deadlines, the template process and its spares. Knows nothing of HTTP, nor of matplotlib."""
