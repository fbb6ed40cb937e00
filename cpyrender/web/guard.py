"""L{Guard}: which requests are let in. It knows the head of a request alone, and does no I/O.

A browser delivers a form, a beacon or a C{text/plain} body to any server from any page without asking, and
C{import os; x='='} is a script that can be sent as a form; and a page's own name may come to mean 127.0.0.1 (DNS
rebinding). So a request has to name us as its host, and must not say that it comes from elsewhere. Programs send
neither C{Origin} nor C{Sec-Fetch-Site}, and need nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from attrs import frozen
from twisted.web.http_headers import Headers

from cpyrender.authority import Authority, is_loopback, read_authority, read_origin
from cpyrender.bearer import Token
from cpyrender.web.headers import lines_of
from cpyrender.web.problem import Problem

# Those who watch over a server ask these, and have no token; they tell how busy it is, and nothing of any script.
_OPEN = frozenset({b"/health", b"/ready"})
_OWN_SITES = frozenset({b"none", b"same-origin"})


@frozen(kw_only=True)
class Head:
    """What is known of a request before its body.

    @ivar target: as it stands in the request line (RFC 9112, 3.2).
    @ivar length: bytes of the body; C{None}: it is chunked.
    @ivar secure: whether it came over TLS.
    @ivar near: whether the client is on this machine.
    """

    method: bytes
    target: bytes
    version: bytes
    headers: Headers
    length: int | None
    secure: bool = False
    near: bool = False

    @property
    def path(self) -> bytes:
        """The target without its query."""
        return self.target.partition(b"?")[0]

    def lines(self, name: bytes) -> Sequence[bytes]:
        """Return a header's lines, of which there may be none."""
        return lines_of(self.headers, name)

    def words(self, name: bytes) -> list[bytes]:
        """Return the members of a header that is a list, in lower case."""
        members = (word.strip().lower() for line in self.lines(name) for word in line.split(b","))
        return [word for word in members if word]


@frozen(kw_only=True)
class Guard:
    """The rules for requests.

    @ivar public_names: the names that are ours beside the loopback's, as L{cpyrender.authority.public_name} gives them.
    @ivar max_body: bytes that a body may have.
    @ivar token: what clients have to show; C{None}: nothing.
    @ivar page: whether there is a page for people at C{/}, with files below C{/page/}: all that can be got there is
        the same for everyone, so it needs no token, and a link from anywhere may lead to it.
    """

    max_body: int
    public_names: frozenset[str] = frozenset()
    token: Token | None = None
    page: bool = False

    def problem_with(self, head: Head) -> Problem | None:
        """Return why a request is refused; C{None}: it is not. Raises nothing."""
        try:
            host = self._host(head)
            if host is not None:
                self._check_origin(head, host)
            self._check_site(head)
            self._check_token(head)
            self._check_body(head)
        except Problem as problem:
            return problem
        return None

    def too_large(self) -> Problem:
        """Return the problem that a body has which is over the limit."""
        return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over the limit of {self.max_body} bytes")

    def _host(self, head: Head) -> Authority | None:
        """Return whom a request is for.

        RFC 9112, 3.2: one C{Host}, well formed, or 400. A client of HTTP/1.0 that sends none is no browser, and is let
        in from this machine: CPythonServer's oldest clients are such.

        @raise Problem: 400; or 421, it is for somebody else (RFC 9110, 15.5.20).
        """
        lines = head.lines(b"Host")
        if not lines and head.version == b"HTTP/1.0" and head.near:
            self._check_absent_host(head)
            return None
        if len(lines) != 1:
            raise _refusal(HTTPStatus.BAD_REQUEST, f"there are {len(lines)} Host headers; there should be one")
        try:
            host = read_authority(lines[0].decode("latin-1"))
        except ValueError:
            raise _refusal(HTTPStatus.BAD_REQUEST, "the Host header is not well formed") from None
        self._check_target(head, host)
        if not (is_loopback(host.host) or host.host in self.public_names):
            detail = f"this server does not go by the name of {host.host}; its operator may add --public-name"
            raise _refusal(HTTPStatus.MISDIRECTED_REQUEST, detail)
        return host

    def _check_absent_host(self, head: Head) -> None:
        if head.lines(b"Origin"):
            raise _refusal(HTTPStatus.BAD_REQUEST, "there is an Origin header, and no Host header")
        self._check_target(head, None)

    def _check_target(self, head: Head, host: Authority | None) -> None:
        """Refuse a target that names another host than C{Host} does: it would count instead (RFC 9112, 3.2.2)."""
        if head.target.startswith(b"/") or head.target == b"*":
            return
        try:
            scheme, rest = head.target.decode("latin-1").split("://", 1)
            named = read_authority(rest.partition("/")[0].partition("?")[0])
        except ValueError:
            named = None
        if named is None or host is None or named.at(scheme.lower()) != host.at(scheme.lower()):
            raise _refusal(HTTPStatus.BAD_REQUEST, "the request's target is neither a path nor of the host in Host")

    def _check_origin(self, head: Head, host: Authority) -> None:
        """Refuse what a page of somebody else's sends; C{null} is one of these.

        Whatever came over TLS has to be from an https page. What did not has to be from an http page, or, under a
        public name, from an https page too: there a proxy may have taken the TLS away.

        @raise Problem: 403.
        """
        schemes = {"https"} if head.secure else {"http"} if is_loopback(host.host) else {"http", "https"}
        lines = head.lines(b"Origin")
        for line in lines:
            try:
                scheme, origin = read_origin(line.decode("latin-1"))
            except ValueError:
                scheme, origin = "", host
            if len(lines) > 1 or scheme not in schemes or origin.at(scheme) != host.at(scheme):
                raise _refusal(HTTPStatus.FORBIDDEN, "pages of other origins may not use this server")

    def _check_site(self, head: Head) -> None:
        if not (_OWN_SITES.issuperset(head.lines(b"Sec-Fetch-Site")) or self._follows_link(head)):
            raise _refusal(HTTPStatus.FORBIDDEN, "pages of other sites may not use this server")

    def _follows_link(self, head: Head) -> bool:
        """Whether somebody has followed a link to the page, into a window of its own: neither a frame nor a fetch."""
        return (
            self.page
            and head.method == b"GET"
            and head.path == b"/"
            and head.lines(b"Sec-Fetch-Mode") == [b"navigate"]
            and head.lines(b"Sec-Fetch-Dest") == [b"document"]
        )

    def _is_open(self, head: Head) -> bool:
        if head.method not in {b"GET", b"HEAD"}:
            return False
        return head.target in _OPEN or (self.page and (head.path == b"/" or head.path.startswith(b"/page/")))

    def _check_token(self, head: Head) -> None:
        if self.token is None or self._is_open(head):
            return
        lines = head.lines(b"Authorization")
        scheme, _, shown = lines[0].partition(b" ") if len(lines) == 1 else (b"", b"", b"")
        if scheme.lower() != b"bearer" or not self.token.matches(shown.strip(b" ")):
            raise Problem(
                status=HTTPStatus.UNAUTHORIZED,
                detail="this server wants its token: Authorization: Bearer ...",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def _check_body(self, head: Head) -> None:
        if head.length is not None and head.length > self.max_body:
            raise self.too_large()
        if set(head.words(b"Content-Encoding")) - {b"identity"}:
            raise Problem(
                status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                detail="bodies with a content coding are not taken",
                headers={"Accept-Encoding": "identity"},
            )
        if set(head.words(b"Expect")) - {b"100-continue"}:
            raise _refusal(HTTPStatus.EXPECTATION_FAILED, "no expectation but 100-continue can be met")


def _refusal(status: HTTPStatus, detail: str) -> Problem:
    return Problem(status=status, detail=detail)
