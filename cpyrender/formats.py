"""Which picture formats there are, and which media type goes with which name.

Both sides of the wall need this table, so it imports nothing from either.
"""

from __future__ import annotations

import mimetypes
import posixpath

#: Picture format to media type, in the order in which they are offered.
PICTURES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "gif": "image/gif",
    "eps": "application/postscript",
    "ps": "application/postscript",
}

#: What Pillow calls a format, where that is not the same word.
PILLOW_NAMES = {"jpg": "JPEG", "ps": "EPS"}

#: Not a picture: all that a script made and printed, as JSON.
EVERYTHING = "json"

_ALIASES = {"jpeg": "jpg", "jpe": "jpg", "tif": "tiff"}

OCTETS = "application/octet-stream"

# Only the table that Python brings along: an answer must not depend on the machine's /etc/mime.types.
_TABLE = mimetypes.MimeTypes(filenames=()).types_map[True] | {
    ".c": "text/plain",
    ".h": "text/plain",
    ".py": "text/plain",
    ".eps": "application/postscript",
    ".ps": "application/postscript",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".gz": "application/gzip",
    ".md": "text/markdown",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_APPLICATION = {
    "application/gzip",
    "application/json",
    "application/pdf",
    "application/postscript",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/xml",
    "application/x-tar",
    "application/zip",
}
_NEVER = {"text/javascript"}


def _allowed(media_type: str) -> bool:
    kind = media_type.partition("/")[0]
    return media_type in _APPLICATION or (
        kind in {"audio", "font", "image", "text", "video"} and media_type not in _NEVER
    )


#: Every media type that an answer may carry: what a browser would run as a program is not among them.
ALLOWED = frozenset(filter(_allowed, _TABLE.values())) | frozenset(PICTURES.values()) | {OCTETS}


def extension(name: str) -> str:
    """Return the extension of a file name in lower case, without the dot; C{""} if it has none."""
    return posixpath.splitext(name)[1][1:].lower()


def picture_format(name: str) -> str | None:
    """Return the picture format that an extension or a format's name means (C{"jpeg"}: C{"jpg"}), or C{None}."""
    name = _ALIASES.get(name.lower(), name.lower())
    return name if name in PICTURES else None


def media_type(name: str) -> str:
    """Return the media type for a file name, by its extension; C{application/octet-stream} where it is not known."""
    found = _TABLE.get("." + extension(name), OCTETS)
    return found if found in ALLOWED else OCTETS
