"""What runs behind the wall: the warm template, the children it forks, and what a child does with a script.

Nothing in here may import Twisted or anything of the server's.
"""
