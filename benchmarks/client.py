"""One client: a connection over which scripts are posted, one after the other."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from attrs import Factory, define, field, frozen

from benchmarks.posted import Posted

_PATIENCE = 120.0
_HEADERS = {"Content-Type": "text/plain"}


class WrongAnswerError(Exception):
    """Somebody answered with something that is not the script's picture, or not at all."""


@frozen
class Reply:
    """An answer.

    @ivar seconds: from before it was asked for to when all of it was here.
    @ivar headers: by their names in lower case.
    """

    status: int
    body: bytes
    seconds: float
    headers: Mapping[str, str] = Factory(dict)

    def check(self, posted: Posted) -> Reply:
        """Return this, if it is the right answer to a script.

        @raise WrongAnswerError: it is not.
        """
        if self.status != 200 or not self.body.startswith(posted.begins):
            raise WrongAnswerError(f"script {posted.title}: {self.status} {self.body[:200]!r}")
        return self


@define
class Client:
    """Posts scripts to a port of this machine.

    @ivar decode: what makes an answer's bytes out of its body.
    """

    port: int
    decode: Callable[[bytes], bytes] = bytes
    _connection: http.client.HTTPConnection = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)

    def run(self, source: bytes, path: str = "/") -> Reply:
        """Post a script, and wait for all of the answer.

        @raise OSError: nobody listens, or hangs up.
        """
        return self.request("POST", path, source)

    def request(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """Make a request. The connection is made again where the last answer ended it."""
        began = time.perf_counter()
        try:
            self._connection.request(method, path, body, _HEADERS)
            response = self._connection.getresponse()
            answer = self.decode(response.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        took = time.perf_counter() - began
        return Reply(response.status, answer, took, {name.lower(): value for name, value in response.getheaders()})

    def json(self, path: str) -> Any:
        """GET a JSON document."""
        return json.loads(self.request("GET", path).body)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def from_base64(body: bytes) -> bytes:
    """Undo base64, which the answers of some are in."""
    return base64.b64decode(body)
