"""Tests of L{cpyrender.web.openapi}."""

from __future__ import annotations

import json
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource

from cpyrender import formats
from cpyrender.pool.memory import MemoryRenderer
from cpyrender.web import options
from cpyrender.web.classic import ClassicDoor
from cpyrender.web.openapi import document
from tests.web.requests import exchange
from tests.web.test_causes import TABLE


class DocumentTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.document = document("/", 1000, token=False)

    def test_valid(self) -> None:
        """It is valid OpenAPI 3.1, with a token and without."""
        for token in (False, True):
            told = json.loads(json.dumps(document("/a/b", 1000, token)))
            OpenAPIV31SpecValidator(told).validate()
            self.assertEqual("security" in told, token)

    def test_options(self) -> None:
        """Every option that there is is described, with the bounds that hold."""
        for path in ("/", "/render"):
            described = {one["name"]: one for one in self.document["paths"][path]["post"]["parameters"]}
            self.assertEqual(set(described), set(options.NAMES))
            for name, (least, most) in options.BOUNDS.items():
                schema = described[name]["schema"]
                self.assertEqual((schema["minimum"], schema["maximum"]), (least, most))
                options.read({name: [str(least)]}, ())
                options.read({name: [str(most)]}, ())
            self.assertEqual(set(described["format"]["schema"]["enum"]), {*formats.PICTURES, formats.EVERYTHING})

    def test_statuses(self) -> None:
        """Every status that comes of a script is described at its door, and none of the other door's."""
        for path, place in (("/render", 1), ("/", 2)):
            described = set(self.document["paths"][path]["post"]["responses"])
            self.assertLessEqual({str(row[place]) for row in TABLE}, described)
        self.assertNotIn("501", self.document["paths"]["/render"]["post"]["responses"])
        self.assertNotIn("504", self.document["paths"]["/"]["post"]["responses"])

    def test_types(self) -> None:
        """Every type of problem that comes of a script is described."""
        described = self.document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
        self.assertEqual({row[3] for row in TABLE}, set(described))


class DoorTests(SynchronousTestCase):
    def get(self, path: str) -> dict[str, Any]:
        root = ClassicDoor(MemoryRenderer(), 1000)
        draw = Resource()
        root.putChild(b"draw", draw)
        draw.putChild(b"it", ClassicDoor(MemoryRenderer(), 1000))
        reply = exchange(root, "GET", path)
        self.assertEqual((reply.status, reply.media_type), (200, "application/json"))
        told: dict[str, Any] = json.loads(reply.body)
        return told

    def test_place(self) -> None:
        """It says where its doors are, wherever it is mounted."""
        for path, url in (("/openapi.json", "/"), ("/draw/it/openapi.json", "/draw/it")):
            self.assertEqual(self.get(path)["servers"], [{"url": url}])

    def test_paths_are_there(self) -> None:
        """There is something at every path that it names: the methods that it names are understood."""
        door = ClassicDoor(MemoryRenderer(), 1000)
        for path, operations in self.get("/openapi.json")["paths"].items():
            allowed = exchange(door, "OPTIONS", path).headers["allow"].split(", ")
            self.assertLessEqual({method.upper() for method in operations}, set(allowed), path)
