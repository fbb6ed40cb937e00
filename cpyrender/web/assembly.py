"""Putting together the site of a server: all its doors, and what guards them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cpyrender.bearer import Token
from cpyrender.metrics import Metrics
from cpyrender.pool.local import LocalPool
from cpyrender.settings import ServerSettings
from cpyrender.web.aside import Aside
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.guard import Guard
from cpyrender.web.metrics import MetricsDoor
from cpyrender.web.page import put_page
from cpyrender.web.quitting import QuitDoor
from cpyrender.web.site import RenderSite


def assemble(
    reactor: Any,
    settings: ServerSettings,
    pool: LocalPool,
    metrics: Metrics,
    token: Token | None,
    quit_server: Callable[[], None],
) -> RenderSite:
    """Return a site that hands scripts to a pool.

    @param token: what clients have to show; C{None}: nothing.
    @param quit_server: is called when a client ends the server, where the settings allow that.
    """
    max_body = settings.render.max_body
    guard = Guard(max_body=max_body, public_names=settings.public_names, token=token, page=not settings.no_page)
    root = ClassicDoor(pool, max_body, guard, Aside(reactor))
    if not settings.no_page:
        put_page(root)
    if settings.allow_quit:
        root.putChild(b"quit", QuitDoor(quit_server))
    root.putChild(b"metrics", MetricsDoor(metrics, guard))
    site = RenderSite(root, reactor, max_body, guard, settings.http, metrics)
    metrics.look_at(pool.health, lambda: len(site.crowd))
    return site
