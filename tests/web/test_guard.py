"""Tests of L{cpyrender.web.guard}."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http_headers import Headers

from cpyrender.bearer import Token
from cpyrender.web.guard import Guard, Head

GUARD = Guard(max_body=10, public_names=frozenset({"render.example.org", "[2001:db8::1]"}))
WITH_TOKEN = evolve(GUARD, token=Token.of(b"secret"))
WITH_PAGE = evolve(GUARD, page=True)
OURS = ("localhost", "LOCALHOST:80", "localhost.", "127.0.0.1:9981", "127.1.2.3", "[::1]:1", "[0::1]",
        "render.example.org", "Render.Example.Org:8443", "[2001:DB8:0::1]")  # fmt: skip
FOREIGN = ("example.org", "evil.render.example.org", "render.example.org.evil", "0.0.0.0", "0.0.0.0:9981", "[::]",
           "127.0.0.1.nip.io", "127.1", "2130706433", "localhost.localdomain", "192.168.1.1",
           "[::ffff:7f00:1]")  # fmt: skip
MALFORMED = ("", " ", "a b", "localhost,localhost", "localhost:x", "localhost:99999", "u@localhost", "localhost/",
             "http://localhost", "[::1", "::1", "localhost\x00", "\xe4")  # fmt: skip


def head(*lines: tuple[str, str], **known: object) -> Head:
    """Return the head of a POST with these header lines."""
    headers = Headers()
    for name, value in lines:
        headers.addRawHeader(name.encode("latin-1"), value.encode("latin-1", "replace"))
    given: dict[str, object] = {"method": b"POST", "target": b"/", "version": b"HTTP/1.1", "length": 1}
    return Head(headers=headers, **(given | known))  # type: ignore[arg-type]


def status(guard: Guard, *lines: tuple[str, str], host: str | None = "localhost", **known: object) -> int:
    """Return the status that the head of a POST is refused with, or 200."""
    named = () if host is None else (("Host", host),)
    problem = guard.problem_with(head(*named, *lines, **known))
    return 200 if problem is None else int(problem.status)


class HostTests(SynchronousTestCase):
    def test_table(self) -> None:
        """Our names are let in on any port, other names are misdirected, and what is no name is a bad request."""
        for hosts, expected in ((OURS, 200), (FOREIGN, 421), (MALFORMED, 400)):
            for host in hosts:
                self.assertEqual(status(GUARD, host=host), expected, host)

    def test_one(self) -> None:
        """There has to be one Host, be it twice the same."""
        self.assertEqual(status(GUARD, host=None), 400)
        self.assertEqual(status(GUARD, ("Host", "localhost")), 400)
        self.assertEqual(status(GUARD, ("Host", "evil.example")), 400)

    def test_oldest_clients(self) -> None:
        """A client of HTTP/1.0 without a Host is let in from this machine, unless it says it is a page."""
        old = {"host": None, "version": b"HTTP/1.0"}
        self.assertEqual(status(GUARD, near=True, **old), 200)
        self.assertEqual(status(GUARD, near=False, **old), 400)
        self.assertEqual(status(GUARD, ("Origin", "http://localhost"), near=True, **old), 400)
        self.assertEqual(status(GUARD, host=None, near=True), 400)
        self.assertEqual(status(GUARD, host="evil.example", version=b"HTTP/1.0", near=True), 421)

    def test_targets(self) -> None:
        """A target that names a host has to name the one that Host does (RFC 9112, 3.2.2)."""
        for target, expected in (
            (b"/", 200), (b"//evil.example/", 200), (b"*", 200), (b"http://localhost/a?b", 200),
            (b"http://LOCALHOST:80", 200), (b"http://localhost:81/", 400), (b"http://evil.example/", 400),
            (b"evil.example:80", 400), (b"a", 400), (b"http:///", 400), (b"http://u@localhost/", 400),
        ):  # fmt: skip
            self.assertEqual(status(GUARD, target=target), expected, target)

    def test_foreign_target(self) -> None:
        """A target of somebody else's is misdirected even where Host agrees with it."""
        self.assertEqual(status(GUARD, host="evil.example", target=b"http://evil.example/"), 421)

    def test_loopback_only(self) -> None:
        """Where no name is public, none but the loopback's are ours."""
        self.assertEqual(status(Guard(max_body=1), host="render.example.org"), 421)


class OriginTests(SynchronousTestCase):
    def test_own(self) -> None:
        """Our own pages are those of the scheme, host and port that the request is for."""
        for host, origin in (
            ("localhost:9981", "http://localhost:9981"), ("localhost", "http://localhost:80"),
            ("[::1]:9981", "http://[::1]:9981"), ("render.example.org", "http://render.example.org"),
        ):  # fmt: skip
            self.assertEqual(status(GUARD, ("Origin", origin), host=host), 200, origin)

    def test_foreign(self) -> None:
        """Pages of any other origin are refused, and those that do not say which."""
        for origin in (
            "null", "", "http://evil.example", "http://localhost", "http://localhost:3000", "https://localhost:9981",
            "http://127.0.0.1:9981", "http://localhost:9981/", "http://localhost:9981 http://evil.example",
            "file://", "chrome-extension://abc", "http://localhost:9981.evil.example", "//localhost:9981",
        ):  # fmt: skip
            self.assertEqual(status(GUARD, ("Origin", origin), host="localhost:9981"), 403, origin)

    def test_twice(self) -> None:
        """Two Origins are refused, be they our own."""
        own = ("Origin", "http://localhost")
        self.assertEqual(status(GUARD, own, own), 403)

    def test_tls(self) -> None:
        """What comes over TLS has to be from an https page; under a public name a proxy may have taken the TLS away."""
        host = "render.example.org"
        for scheme, secure, expected in (
            ("https", True, 200), ("http", True, 403), ("https", False, 200), ("http", False, 200),
        ):  # fmt: skip
            found = status(GUARD, ("Origin", f"{scheme}://{host}"), host=host, secure=secure)
            self.assertEqual(found, expected, (scheme, secure))
        self.assertEqual(status(GUARD, ("Origin", f"https://{host}:444"), host=host), 403)


class SiteTests(SynchronousTestCase):
    def test_table(self) -> None:
        """Only what the user asked for, or our own page did, is let in (W3C Fetch Metadata)."""
        for site, expected in (("none", 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403),
                               ("", 403), ("None", 403), ("none, none", 403)):  # fmt: skip
            self.assertEqual(status(GUARD, ("Sec-Fetch-Site", site)), expected, site)
        self.assertEqual(status(GUARD, ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site")), 403)


class TokenTests(SynchronousTestCase):
    def test_table(self) -> None:
        """The token has to be shown once, by the scheme Bearer, in whatever case that is written."""
        for value, expected in (
            ("Bearer secret", 200), ("bearer  secret", 200), ("Bearer secret2", 401), ("Bearer", 401), ("secret", 401),
            ("Basic secret", 401), ("Bearer secret, Bearer x", 401), ("Bearer SECRET", 401), ("Bearer \xff", 401),
        ):  # fmt: skip
            self.assertEqual(status(WITH_TOKEN, ("Authorization", value)), expected, value)
        self.assertEqual(status(WITH_TOKEN), 401)
        self.assertEqual(status(WITH_TOKEN, ("Authorization", "Bearer secret"), ("Authorization", "Bearer x")), 401)

    def test_not_in_the_query(self) -> None:
        """A token in the query counts for nothing."""
        for name in (b"token", b"access_token"):
            self.assertEqual(status(WITH_TOKEN, target=b"/?" + name + b"=secret"), 401)

    def test_challenge(self) -> None:
        """Who has no token is told the scheme (RFC 9110, 11.6.1), and nothing of the token."""
        problem = WITH_TOKEN.problem_with(head(("Host", "localhost")))
        assert problem is not None
        self.assertEqual(problem.headers, {"WWW-Authenticate": "Bearer"})
        self.assertNotIn("secret", problem.detail)

    def test_open(self) -> None:
        """Health and readiness may be asked without a token, and nothing else may, nor in another way."""
        for target in (b"/health", b"/ready"):
            for method in (b"GET", b"HEAD"):
                self.assertEqual(status(WITH_TOKEN, method=method, target=target), 200)
            self.assertEqual(status(WITH_TOKEN, target=target), 401)
        for target in (b"/", b"/health/", b"/health/x", b"//health", b"/%68ealth", b"/quit", b"/metrics"):
            self.assertEqual(status(WITH_TOKEN, method=b"GET", target=target), 401, target)


class PageTests(SynchronousTestCase):
    """Where there is a page for people."""

    LINK = (("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))

    def test_link(self) -> None:
        """A link from another site may lead to the page, and to nothing else; without a page, nowhere."""
        for target, expected in ((b"/", 200), (b"/?a=1", 200), (b"/health", 403), (b"/quit", 403), (b"//", 403),
                                 (b"/page/page.js", 403), (b"/render", 403)):  # fmt: skip
            self.assertEqual(status(WITH_PAGE, *self.LINK, method=b"GET", target=target), expected, target)
        for method in (b"POST", b"HEAD", b"OPTIONS"):
            self.assertEqual(status(WITH_PAGE, *self.LINK, method=method), 403, method)
        self.assertEqual(status(GUARD, *self.LINK, method=b"GET"), 403)

    def test_neither_frame_nor_fetch(self) -> None:
        """Only a window of one's own is led there: no frame, no fetch, nothing that does not say what it is."""
        site, mode, destination = self.LINK
        for lines in (
            (site,), (site, mode), (site, destination), (site, mode, mode, destination),
            (site, mode, ("Sec-Fetch-Dest", "iframe")), (site, mode, ("Sec-Fetch-Dest", "embed")),
            (site, ("Sec-Fetch-Mode", "no-cors"), destination), (site, ("Sec-Fetch-Mode", "cors"), destination),
        ):  # fmt: skip
            self.assertEqual(status(WITH_PAGE, *lines, method=b"GET"), 403, lines)

    def test_still_checked(self) -> None:
        """A link has to name us as all requests do, and must not say that it is of a foreign origin."""
        self.assertEqual(status(WITH_PAGE, *self.LINK, method=b"GET", host="evil.example"), 421)
        foreign = ("Origin", "http://evil.example")
        self.assertEqual(status(WITH_PAGE, *self.LINK, foreign, method=b"GET"), 403)

    def test_open(self) -> None:
        """The page and its files may be got without a token; nothing else may, nor may scripts be posted there."""
        guard = evolve(WITH_TOKEN, page=True)
        for target in (b"/", b"/?a=1", b"/page/page.js", b"/page/", b"/health"):
            for method, expected in ((b"GET", 200), (b"HEAD", 200), (b"POST", 401), (b"PUT", 401)):
                self.assertEqual(status(guard, method=method, target=target), expected, (method, target))
        for target in (b"/page", b"/pages/a", b"/Page/a", b"//page/a", b"/%70age/a", b"/render", b"/metrics", b"*"):
            self.assertEqual(status(guard, method=b"GET", target=target), 401, target)


class BodyTests(SynchronousTestCase):
    def test_size(self) -> None:
        """A body may be as large as the limit; of a chunked one the size is not known yet."""
        for length, expected in ((0, 200), (10, 200), (11, 413), (10**30, 413), (None, 200)):
            self.assertEqual(status(GUARD, length=length), expected, length)

    def test_coding(self) -> None:
        """No content coding is taken but identity, which is none."""
        for coding, expected in (("identity", 200), ("", 200), ("Identity, identity", 200), ("gzip", 415),
                                 ("identity, gzip", 415), ("br", 415), ("\xff", 415)):  # fmt: skip
            self.assertEqual(status(GUARD, ("Content-Encoding", coding)), expected, coding)
        twice = (("Content-Encoding", "identity"), ("Content-Encoding", "gzip"))
        self.assertEqual(status(GUARD, *twice), 415)

    def test_expectation(self) -> None:
        """No expectation can be met but 100-continue."""
        for expectation, expected in (("100-continue", 200), ("100-Continue", 200), ("", 200), ("200-ok", 417),
                                      ("100-continue, tea", 417)):  # fmt: skip
            self.assertEqual(status(GUARD, ("Expect", expectation)), expected, expectation)


class OrderTests(SynchronousTestCase):
    def test_order(self) -> None:
        """Of several reasons the one is told that says least to somebody who should not be here."""
        wrong = [
            (400, ("Host", "localhost")), (403, ("Origin", "null")), (401, ("X", "")), (413, ("X", "")),
            (415, ("Content-Encoding", "gzip")), (417, ("Expect", "tea")),
        ]  # fmt: skip
        lines = [line for _, line in wrong]
        self.assertEqual(status(WITH_TOKEN, *lines, length=11), 400)
        self.assertEqual(status(WITH_TOKEN, *lines[1:], host="evil.example", length=11), 421)
        self.assertEqual(status(WITH_TOKEN, *lines[1:], length=11), 403)
        self.assertEqual(status(WITH_TOKEN, *lines[2:], length=11), 401)
        self.assertEqual(status(GUARD, *lines[2:], length=11), 413)
        self.assertEqual(status(GUARD, *lines[2:]), 415)
        self.assertEqual(status(GUARD, *lines[5:]), 417)


NAMES = st.sampled_from(
    ["Host", "Origin", "Sec-Fetch-Site", "Authorization", "Content-Encoding", "Expect", "Content-Length"]
)
VALUES = st.sampled_from([*OURS, *FOREIGN, "http://localhost", "null", "Bearer secret", "none", "gzip"]) | st.text()


class AnyHeadTests(SynchronousTestCase):
    @given(
        st.lists(st.tuples(NAMES, VALUES)),
        st.binary(),
        st.sampled_from([b"HTTP/1.0", b"HTTP/1.1"]),
        st.none() | st.integers(0),
        st.booleans(),
    )
    def test_raises_nothing(
        self, lines: list[tuple[str, str]], target: bytes, version: bytes, length: int | None, near: bool
    ) -> None:
        """Whatever a head is like, it is let in or refused with a status that the contract knows."""
        for guard in (GUARD, WITH_TOKEN):
            found = status(guard, *lines, host=None, target=target, version=version, length=length, near=near)
            self.assertIn(found, {200, 400, 401, 403, 413, 415, 417, 421})

    @given(st.text() | st.from_regex(r"[a-z0-9.\[\]:]{1,30}", fullmatch=True))
    def test_accepts_no_other_host(self, host: str) -> None:
        """Without case, port and final dot a Host that is let in is one of the names in the table."""
        if status(GUARD, host=host) != 200:
            return
        name = host.strip().lower()
        if not name.startswith("["):
            name = name.partition(":")[0].removesuffix(".")
            self.assertTrue(name in {"localhost", "render.example.org"} or name.startswith("127."), host)
