"""What is asked of cpyrender alone: each module but L{figure} and L{comparison} tries one thing on a running server."""
