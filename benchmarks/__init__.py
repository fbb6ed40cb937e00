"""What cpyrender costs, measured. Each module is a command of its own: C{python -m benchmarks.isolation}."""
