"""What Python cannot read because it was copied from elsewhere: a notebook, a prompt, a page."""

from __future__ import annotations

import linecache
import re

# What Python stumbles over where a line begins, and what may be said of it.
_MARKS = (
    ("%", "Lines that begin with % are for IPython; leave them out"),
    ("!", "Lines that begin with ! are for IPython; leave them out"),
    (">>>", "Leave the prompts (>>>) out"),
    ("```", "Leave the marks of Markdown (```) out"),
    ("<", "This is no Python; it looks like HTML or XML"),
)
_PROMPT = re.compile(r"In \[\d*\]:")
_NOTEBOOK = "This is a Jupyter notebook; save it as a script: jupyter nbconvert --to script"
# Names of JSON that are none of Python's.
_JSON = {"null", "true", "false"}


def origin(error: BaseException, script: str) -> str:
    """Return what to say behind an exception's own text where a script shows what it was copied from, or C{""}.

    @param script: the file name under which the script was compiled.
    """
    said = None
    if type(error) is SyntaxError and error.filename == script and isinstance(error.text, str):
        said = _of_line(error.text, error.offset)
    elif type(error) is NameError and isinstance(error.name, str) and error.name in _JSON and _is_notebook(script):
        said = _NOTEBOOK
    return f". {said}" if said else ""


def _of_line(text: str, column: int | None) -> str | None:
    begins = text.lstrip()
    if _PROMPT.match(begins):
        return "Leave the prompts (In [1]:) out"
    if column != len(text) - len(begins) + 1:
        return None
    return next((said for mark, said in _MARKS if begins.startswith(mark)), None)


def _is_notebook(script: str) -> bool:
    source = "".join(linecache.getlines(script))
    return source.lstrip().startswith("{") and '"cells"' in source
