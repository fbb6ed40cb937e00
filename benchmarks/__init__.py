"""What cpyrender costs, beside what it stands in for: C{python -m benchmarks}.

C{python -m benchmarks.isolation} measures what the layers of isolation add to a script.
"""
