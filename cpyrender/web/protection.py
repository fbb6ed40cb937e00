"""L{protect}: the guard, in a site that is not ours."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import unquote_to_bytes

from twisted.web.http import HTTPChannel
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from cpyrender.web.door import Door
from cpyrender.web.guard import Guard
from cpyrender.web.refusal import EarlyRefusal


class ProtectedRequest(EarlyRefusal):
    """A request of somebody else's site, parts of which are guarded.

    @cvar guards: the rules below each prefix, which is given as its path segments.
    """

    guards: ClassVar[tuple[tuple[list[bytes], Guard], ...]] = ()

    def guard_for(self) -> Guard | None:
        """Return the rules of the longest prefix that the target is below; C{None}: it is below none."""
        if not isinstance(self.channel, HTTPChannel):
            return None  # Over HTTP/2 the head is not to be had here; the resource checks all by itself.
        place = self._place(self.channel._path.partition(b"?")[0])
        return None if place is None else place[1]

    def json_first(self) -> bool:
        """Return whether this is for the C{/render} of a resource."""
        place = self._place(self.path)
        return place is not None and segments(self.path)[len(place[0]) :] in ([b"render"], [b"render", b""])

    def _place(self, path: bytes) -> tuple[list[bytes], Guard] | None:
        """Return the longest prefix that a path is below, and its rules."""
        asked = segments(path)
        below = [place for place in self.guards if asked[: len(place[0])] == place[0]]
        return max(below, key=lambda place: len(place[0])) if below else None


def protect(site: Site, prefix: str, resource: IResource | None = None) -> None:
    """Let the rules of a L{cpyrender.RenderResource} be kept before the body of a request is read.

    The resource itself keeps them as well, but only when a site has received a request whole. Call this before the site
    listens; requests for other places of the site are left as they were.

    >>> root.putChild(b"draw", RenderResource(public_names=["example.org"]))
    >>> protect(site, "/draw")

    @param prefix: the path at which the resource is; C{"/"}: the whole site.
    @param resource: the resource, where the site's tree does not show it, as below another framework's.
    @raise ValueError: there is none at the prefix.
    @raise TypeError: the site's C{requestFactory} is not a subclass of L{twisted.web.server.Request}.
    """
    place = [segment for segment in segments(prefix.encode()) if segment]
    door = _at(site.resource, place) if resource is None else resource
    if not isinstance(door, Door):
        raise ValueError(f"there is no RenderResource at {prefix!r}; give it as `resource`")
    factory = site.requestFactory
    if not (isinstance(factory, type) and issubclass(factory, Request)):
        raise TypeError("the site's requestFactory should be a subclass of twisted.web.server.Request")
    bases: tuple[type, ...] = (factory,) if issubclass(factory, ProtectedRequest) else (ProtectedRequest, factory)
    guards = (*getattr(factory, "guards", ()), (place, door.guard))
    site.requestFactory = type(f"Protected{factory.__name__}", bases, {"guards": guards})


def segments(path: bytes) -> list[bytes]:
    """Return a path's segments as L{Site} looks them up: one by one, each unquoted."""
    return [unquote_to_bytes(segment) for segment in path[1:].split(b"/")]


def _at(resource: IResource, place: list[bytes]) -> IResource | None:
    found: IResource | None = resource
    for segment in place:
        found = found.getStaticEntity(segment) if isinstance(found, Resource) else None
    return found
