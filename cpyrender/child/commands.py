"""What a server tells its template: words that both have, and the server without all that makes a template."""

#: Fork a child that waits for a script.
COMMAND_SPARE = b"spare"

#: Fork a child that waits for a script, and has few pages ready for it: those that each script uses.
COMMAND_LEAN = b"lean"

#: Fork a child that runs a script of our own.
COMMAND_LESSON = b"lesson"

#: Say whether all is done that is done while nobody wants a child.
COMMAND_RIPE = b"ripe"

#: What follows are pages for each spare to have ready, as in C{Pages.packed}.
COMMAND_PAGES = b"pages:"

#: Likewise, for each of those that are to be lean.
COMMAND_FEW_PAGES = b"few pages:"

#: Written by a child that is there for a lesson.
THERE = b"\x06"

#: Written by a child that has run the lesson that it was told to.
DONE = b"\x04"
