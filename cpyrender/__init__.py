"""cpyrender: POST a Python script, get its picture.

Nothing heavy is imported here: the public names resolve on first use, so that a script's ``from cpyrender import
progress`` never pulls Twisted into the process that runs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cpyrender.embed import RenderResource as RenderResource
    from cpyrender.pool.local import LocalPool as LocalPool
    from cpyrender.reporting import progress as progress
    from cpyrender.settings import RenderSettings as RenderSettings
    from cpyrender.web.protection import protect as protect

__version__ = "0.1.0"

_HOMES = {
    "LocalPool": "cpyrender.pool.local",
    "RenderResource": "cpyrender.embed",
    "RenderSettings": "cpyrender.settings",
    "progress": "cpyrender.reporting",
    "protect": "cpyrender.web.protection",
}

__all__ = ["LocalPool", "RenderResource", "RenderSettings", "__version__", "progress", "protect"]


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
