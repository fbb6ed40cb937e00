"""Other ways to answer a posted script with its picture, each about as small as it can be written.

Each module but L{gateway} and L{gunicorn} serves by its C{serve(port, workers)}; none of them confines a script.
"""
