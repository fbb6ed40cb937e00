"""A notebook that Jupyter's kernel gateway serves in its http mode.

A kernel hears and says text alone, so the picture goes out in base64, and the client takes it back.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from benchmarks import drawing

_WARM = "from benchmarks.peers import notebook"
_RENDER = "# POST /\nnotebook.render(REQUEST)"


def write(path: Path) -> None:
    """Write the notebook."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": [], "source": source}
        for name, source in (("warm", _WARM + "\nnotebook.drawing.warm()"), ("render", _RENDER))
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
    )


def render(request: str) -> None:
    """Print what the request's script makes."""
    print(base64.b64encode(drawing.draw(json.loads(request)["body"].encode())).decode(), end="")  # noqa: T201  # as told
