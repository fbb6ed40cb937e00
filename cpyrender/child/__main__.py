"""``python -m cpyrender.child FD``: the template process. The server starts it; it is of no use to a person."""

from cpyrender.child.template import main

if __name__ == "__main__":
    main()
