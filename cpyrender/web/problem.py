"""L{Problem}: an error that knows its status, and how to say itself as text or as RFC 9457 problem details."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from attrs import field, frozen

_LONGEST_REASON = 200


@frozen(kw_only=True)
class Problem(Exception):
    """Why a request gets no picture. Raised or written.

    @ivar type: a URI that names the kind of problem; C{about:blank}: the status says it all (RFC 9457, 4.2.1).
    @ivar title: the same for all problems of a kind.
    @ivar detail: what is wrong this time, on one line.
    @ivar more: further members of the problem details object (RFC 9457, 3.2), and paragraphs of the text, by name.
    @ivar headers: to be sent with the answer.
    """

    status: HTTPStatus
    detail: str
    type: str = "about:blank"
    title: str = ""
    more: Mapping[str, object] = field(factory=dict)
    headers: Mapping[str, str] = field(factory=dict)

    def reason(self) -> bytes:
        """Return the detail as a reason phrase: what a client of 2005 shows to its user."""
        phrase = "".join(char if " " <= char <= "~" else " " for char in self.detail)
        return phrase[:_LONGEST_REASON].strip().encode("ascii") or self.status.phrase.encode()

    def as_json(self) -> bytes:
        """Return the problem details object."""
        told: dict[str, object] = {
            "type": self.type,
            "title": self.title or self.status.phrase,
            "status": int(self.status),
        }
        return json.dumps(told | {"detail": self.detail} | dict(self.more), ensure_ascii=False).encode()

    def as_text(self) -> bytes:
        """Return it as plain text, for a person to read."""
        parts = [self.detail]
        more = dict(self.more)
        line, source = more.pop("line", None), more.pop("source", None)
        where = f"line {line}" + (f": {source}" if source else "")
        if line is not None and not self.detail.endswith(f" on {where}"):
            parts.append(where)
        if more.get("traceback"):
            parts.append(str(more["traceback"]).rstrip())
        parts += [f"{name}:\n{str(more[name]).rstrip()}" for name in ("stdout", "stderr") if more.get(name)]
        if more.get("lost"):
            parts.append(f"(output beyond the limit is left out: {more['lost']} bytes)")
        return ("\n\n".join(parts) + "\n").encode()
