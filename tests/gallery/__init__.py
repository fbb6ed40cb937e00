"""The charts of matplotlib's own documentation, drawn here and in plain Python, and compared."""
