"""Interactive backends, which scripts from a desk begin by choosing: they stay with Agg, without an error."""

from __future__ import annotations

import functools
from typing import Any

# Names that matplotlib once took, or that notebooks bring along.
_FORMER = (
    "cocoaagg", "emf", "fltkagg", "gdk", "gtk", "gtkagg", "gtkcairo", "inline", "ipympl", "qt4agg", "qt4cairo",
    "qtagg4", "tk", "widget",
)  # fmt: skip
_MODULES = ("module://matplotlib_inline", "module://ipykernel", "module://ipympl")


def stay_with_agg() -> None:
    """Let C{matplotlib.use} and C{pyplot.switch_backend} pass over interactive backends from here on."""
    import matplotlib
    from matplotlib import pyplot

    pyplot.switch_backend = _automatic(_passing_over(pyplot.switch_backend))
    matplotlib.use = _passing_over(matplotlib.use)


def _passing_over(choose: Any) -> Any:
    interactive = _interactive()

    @functools.wraps(choose)
    def chosen(*args: Any, **kwargs: Any) -> None:
        # Both call it differently, and scripts may name it.
        name = next(iter((*args, *kwargs.values())), None)
        if not isinstance(name, str) or not (name.lower() in interactive or name.startswith(_MODULES)):
            choose(*args, **kwargs)

    return chosen


def _automatic(switch: Any) -> Any:
    """Let matplotlib's mark for "whichever works", which is no text, mean Agg."""

    @functools.wraps(switch)
    def switched(newbackend: Any) -> None:
        switch(newbackend if isinstance(newbackend, str) else "agg")

    return switched


def _interactive() -> set[str]:
    try:
        from matplotlib.backends.registry import BackendFilter, backend_registry

        known = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    except ImportError:
        from matplotlib import rcsetup

        known = rcsetup.interactive_bk  # type: ignore[attr-defined]  # matplotlib 3.8 has it
    return {name.lower() for name in known}.union(_FORMER)
