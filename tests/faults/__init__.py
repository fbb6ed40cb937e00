"""Things that break at the worst moment: what was promised holds, and afterwards all is as before."""
