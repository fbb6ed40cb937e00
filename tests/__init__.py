"""The tests. No verdict hangs on the speed of the machine, so Hypothesis has no deadline."""

from hypothesis import settings

settings.register_profile("cpyrender", database=None, deadline=None)
settings.load_profile("cpyrender")
