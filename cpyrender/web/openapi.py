"""C{/openapi.json}: what this server understands, as OpenAPI 3.1, built from the tables that it goes by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from twisted.web.server import Request

import cpyrender
from cpyrender import formats
from cpyrender.web import body, options
from cpyrender.web.causes import KINDS
from cpyrender.web.door import Door
from cpyrender.web.guard import Guard

# What may happen to a request before its script is run, or instead. A bug's 500 is no promise.
_BEFORE = (400, 401, 403, 408, 413, 415, 417, 421, 429, 503)
_DESCRIPTIONS = {
    "format": "Of the picture; json: all that the script made and printed.",
    "dpi": "Dots per inch of a figure.",
    "width": "Of the picture, in pixels; alone it keeps the proportion.",
    "height": "Of the picture, in pixels; alone it keeps the proportion.",
    "figure": "Which of the open figures.",
    "timeout": "Seconds for this script, where that is less than the server's own limit.",
    "errors": "How to be told what went wrong.",
}
_WHOLE = frozenset({"width", "height", "figure"})

_TEXT = {"type": "string"}
_PROGRESS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["fraction", "text"],
        "properties": {"fraction": {"type": "number", "minimum": 0, "maximum": 1}, "text": _TEXT},
    },
}
_MAYBE_PIXELS = {"type": ["integer", "null"], "minimum": 1}
_SCRIPT = {"type": "string", "minLength": 1}
_FORM = {"type": "object", "required": ["script"], "properties": {"script": _SCRIPT}}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. The members beside the first four are there where they are known.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": ["about:blank", *(kind.type for kind in KINDS)]},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "exception": _TEXT,
        "message": _TEXT,
        "line": {"type": "integer", "minimum": 0},
        "column": {"type": "integer", "minimum": 0},
        "source": _TEXT,
        "traceback": _TEXT,
        "stdout": _TEXT,
        "stderr": _TEXT,
        "warnings": {"type": "array", "items": _TEXT},
        "progress": _PROGRESS,
        "lost": {"type": "integer", "description": "Bytes of stdout and stderr beyond the server's limit."},
        "available": {"type": "array", "items": _TEXT, "description": "Media types that there are."},
    },
}
_OUTPUT = {
    "type": "object",
    "required": ["name", "media_type", "width", "height", "data"],
    "properties": {
        "name": _TEXT,
        "media_type": _TEXT,
        "width": _MAYBE_PIXELS,
        "height": _MAYBE_PIXELS,
        "data": {"type": "string", "contentEncoding": "base64"},
    },
}
_EVERYTHING = {
    "type": "object",
    "required": ["outputs", "stdout", "stderr", "seconds", "warnings", "progress"],
    "properties": {
        "outputs": {"type": "array", "minItems": 1, "items": _OUTPUT},
        "stdout": _TEXT,
        "stderr": _TEXT,
        "seconds": {"type": "number", "minimum": 0},
        "warnings": {"type": "array", "items": _TEXT},
        "progress": _PROGRESS,
    },
}
_HEALTH = {
    "type": "object",
    "required": ["version", "ready", "isolation", "slots", "busy", "queue", "waiting"],
    "properties": {
        "version": _TEXT,
        "ready": {"type": "boolean"},
        "why_not": _TEXT,
        "isolation": _TEXT,
        "slots": {"type": "integer"},
        "busy": {"type": "integer"},
        "queue": {"type": "integer"},
        "waiting": {"type": "integer"},
    },
}


class OpenAPIDoor(Door):
    """Answers the description of the doors beside it."""

    methods = ("GET", "HEAD")

    def __init__(self, max_body: int, guard: Guard | None = None) -> None:
        """@param max_body: bytes that a request's body may have."""
        super().__init__(guard)
        self._max_body = max_body

    async def answer_GET(self, request: Request) -> None:
        """Describe the doors at the place where this one is."""
        place = b"/" + b"/".join((request.prepath or [])[:-1])
        told = document(place.decode("latin-1"), self._max_body, self.guard.token is not None, self.guard.page)
        request.setHeader(b"Content-Type", b"application/json")
        body.send(request, [json.dumps(told).encode() + b"\n"])


def document(place: str, max_body: int, token: bool, page: bool = False) -> dict[str, Any]:
    """Return the description.

    @param place: the path below which the doors are.
    @param token: whether clients have to show one.
    @param page: whether there is a page for people.
    """
    components: dict[str, Any] = {
        "schemas": {"Request": _request(), "Problem": _PROBLEM, "Everything": _EVERYTHING, "Health": _HEALTH},
    }
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "cpyrender",
            "version": cpyrender.__version__,
            "summary": "POST a Python script, get its picture.",
        },
        "servers": [{"url": place}],
        "paths": _paths(max_body),
        "components": components,
    }
    if page:
        told["paths"]["/"]["get"] = _getting("page", "A page to try scripts in", {"text/html": {}}) | {"security": []}
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        told["security"] = [{"token": []}]
    return told


def _paths(max_body: int) -> dict[str, Any]:
    health = {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
    return {
        "/render": {"post": _posting("render", "Run a script", max_body, {kind.status for kind in KINDS})},
        "/": {"post": _posting("classic", "Run a script as in 2005", max_body, {kind.classic for kind in KINDS})},
        "/RPC2": {"post": _calling()},
        "/health": {"get": _getting("health", "Is it alive", health)},
        "/ready": {"get": _getting("ready", "Would it run a script", health, 503)},
        "/progress/{id}": {"get": _watching()},
        "/openapi.json": {"get": _getting("openapi", "This document", {"application/json": {}})},
    }


def _watching() -> dict[str, Any]:
    called = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    report = {"type": "object", "properties": {"fraction": {"type": "number"}, "text": _TEXT}}
    told = _getting("progress", "How far a script is", {"application/json": {"schema": report}})
    return told | {"parameters": [called], "responses": told["responses"] | _problems([404])}


def _posting(name: str, summary: str, max_body: int, of_scripts: Iterable[HTTPStatus]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [_option(option) for option in _DESCRIPTIONS],
        "requestBody": {
            "required": True,
            "description": f"The script, at most {max_body} bytes. All fields of the query that are no options are its"
            " params.",
            "content": {
                "text/plain": {"schema": {"type": "string", "minLength": 1, "maxLength": max_body}},
                "application/json": {"schema": {"$ref": "#/components/schemas/Request"}},
                "multipart/form-data": {"schema": _FORM},
                "application/x-www-form-urlencoded": {"schema": _FORM},
            },
        },
        "responses": {"200": _made()} | _problems([*_BEFORE, *of_scripts]),
    }


def _option(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": _DESCRIPTIONS[name], "schema": _schema(name)}


def _schema(name: str) -> dict[str, Any]:
    if name in options.BOUNDS:
        least, most = options.BOUNDS[name]
        return {"type": "integer" if name in _WHOLE else "number", "minimum": least, "maximum": most}
    choices = options.ERRORS if name == "errors" else (*formats.PICTURES, formats.EVERYTHING)
    return {"type": "string", "enum": list(choices)}


def _request() -> dict[str, Any]:
    described = {name: _schema(name) for name in _DESCRIPTIONS}
    files = {"type": "object", "additionalProperties": {"type": "string", "contentEncoding": "base64"}}
    return {
        "type": "object",
        "required": ["script"],
        "properties": {"script": _SCRIPT, "params": {"type": "object"}, "files": files, **described},
    }


def _made() -> dict[str, Any]:
    headers = ("Server-Timing", "Content-Disposition", "Figure-Count", "Warning-Count")
    content: dict[str, Any] = {media_type: {} for media_type in sorted(formats.ALLOWED)}
    # A script's own JSON may be anything; what format=json asks for is described beside it.
    content["application/json"] = {"schema": {"anyOf": [{"$ref": "#/components/schemas/Everything"}, {}]}}
    return {
        "description": "What the script made.",
        "headers": {name: {"schema": _TEXT} for name in headers},
        "content": content,
    }


def _problems(statuses: Iterable[int]) -> dict[str, Any]:
    content: dict[str, Any] = {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        "text/plain": {"schema": _TEXT},
        **{media_type: {} for media_type in formats.PICTURES.values()},
    }
    return {
        str(int(status)): {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted(set(statuses))
    }


def _getting(name: str, summary: str, content: dict[str, Any], *further: int) -> dict[str, Any]:
    answers = {
        str(status): {"description": HTTPStatus(status).phrase, "content": content} for status in (200, *further)
    }
    return {
        "operationId": name,
        "summary": summary,
        "responses": _problems((400, 401, 403, 413, 415, 417, 421)) | answers,
    }


def _calling() -> dict[str, Any]:
    xml = {"text/xml": {"schema": _TEXT}}
    return {
        "operationId": "xmlrpc",
        "summary": "XML-RPC: render(script, params, options) answers a struct of media_type and data",
        "requestBody": {"required": True, "content": xml},
        "responses": {"200": {"description": "An answer or a fault.", "content": xml}} | _problems(_BEFORE),
    }
