"""Machines that lack something, or on which a layer is silently broken.

Each folder holds a module that Python imports by itself where it finds it on its path: on the server's and on the
template's, which gets the server's path.
"""
