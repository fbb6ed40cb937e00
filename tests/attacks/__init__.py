"""The attack suite: hostile scripts against a real server, at every level of isolation that this machine reaches.

Each module in C{cases} is a table of attacks, one for each line of what design/isolation.md wants tried. After each
attack an honest script has to draw the very picture that it drew before. C{python -m tests.attacks} runs all of it and
prints a table of what was tried, refused and unharmed.
"""
