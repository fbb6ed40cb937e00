"""The page to try scripts in: C{GET /}, and its files below C{/page}.

It holds nothing that is secret, so it is had without a token, and by a link from another site. What it shows was made
by scripts that may be hostile: the policy that goes with it lets nothing run, be fetched or be framed that is not its
own.
"""

from __future__ import annotations

import gzip
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar

from twisted.web.resource import IResource
from twisted.web.server import Request

from cpyrender import formats
from cpyrender.web.accept import takes_coding
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.door import Door
from cpyrender.web.guard import Guard
from cpyrender.web.headers import set_headers
from cpyrender.web.problem import Problem
from cpyrender.web.reading import header

#: The page as it has been built from C{page/} in the repository.
BUILT = Path(__file__).parent.parent / "page"

_INDEX = "index.html"
_SCRIPT = "text/javascript"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    # A page that has opened this one in a window gets no hold of it.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # To be kept, and asked about each time: an update of the server is an update of its page.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


class Asset:
    """A file of the page, held in memory.

    @ivar media_type: with its character set.
    @ivar body: as it was built.
    """

    def __init__(self, name: str, body: bytes) -> None:
        # No answer of a script's may be JavaScript, so the table of formats does not have it.
        kind = _SCRIPT if name.endswith(".js") else formats.media_type(name)
        self.media_type = kind if kind.startswith("image/") else f"{kind}; charset=utf-8"
        self.body = body

    @cached_property
    def zipped(self) -> bytes:
        """The body, compressed when it is first wanted so."""
        return gzip.compress(self.body, mtime=0)

    @cached_property
    def tag(self) -> str:
        """A tag that changes with the body."""
        return sha256(self.body).hexdigest()[:24]


class AssetDoor(Door):
    """Hands out a file of the page."""

    methods: ClassVar[tuple[str, ...]] = ("GET", "HEAD")

    def __init__(self, asset: Asset, guard: Guard | None = None) -> None:
        super().__init__(guard)
        self._asset = asset

    async def answer_GET(self, request: Request) -> None:
        """Answer with the file, or with 304 where the client has it (RFC 9110, 13.1.2)."""
        set_headers(request, _HEADERS | {"Content-Type": self._asset.media_type})
        zipped = takes_coding("gzip", header(request, "Accept-Encoding"))
        if zipped:
            request.setHeader(b"Content-Encoding", b"gzip")
        # Two representations, so two tags (RFC 9110, 8.8.3.3).
        tag = f'"{self._asset.tag}{"-gzip" if zipped else ""}"'
        request.setHeader(b"ETag", tag.encode())
        if _is_among(tag, header(request, "If-None-Match")):
            request.setResponseCode(HTTPStatus.NOT_MODIFIED)
        else:
            body = self._asset.zipped if zipped else self._asset.body
            request.setHeader(b"Content-Length", str(len(body)).encode())
            request.write(body)
        request.finish()


def _is_among(tag: str, held: str | None) -> bool:
    """Return whether a client has what a tag is of.

    They are compared weakly (RFC 9110, 13.1.2), as Twisted does not: a proxy that compresses makes our tags weak.

    @param tag: a strong one, without a comma.
    @param held: the client's C{If-None-Match}.
    """
    if held is None:
        return False
    return held == "*" or tag in (given.strip(" \t").removeprefix("W/") for given in held.split(","))


class PageDoor(AssetDoor):
    """The page, at a path where scripts are posted too."""

    methods = ("GET", "HEAD", "POST")

    def __init__(self, asset: Asset, door: ClassicDoor) -> None:
        super().__init__(asset, door.guard)
        self._door = door

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Below it scripts are taken as if there were no page (C{POST //a})."""
        child: IResource = self._door.getChildWithDefault(path, request)
        return child

    def render(self, request: Request) -> int:
        """Answer with the page, or leave it to the door that takes scripts."""
        return self._door.render(request) if request.method == b"POST" else super().render(request)


class _Folder(Door):
    """Where the page's files are, and nothing else."""

    def methods_for(self, request: Request) -> tuple[str, ...]:
        raise Problem(status=HTTPStatus.NOT_FOUND, detail="there is nothing here")


def put_page(root: ClassicDoor, built: Path = BUILT) -> None:
    """Let a door that is the root of its site be GET as well: that is the page.

    @param built: the folder with the page's files.
    @raise OSError: it cannot be read.
    """
    folder = _Folder(root.guard)
    for path in sorted(built.iterdir()):
        asset = Asset(path.name, path.read_bytes())
        if path.name == _INDEX:
            root.putChild(b"", PageDoor(asset, root))
        else:
            folder.putChild(path.name.encode(), AssetDoor(asset, root.guard))
    root.putChild(b"page", folder)
