"""Tests of L{cpyrender.authority}."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.authority import Authority, is_loopback, is_near, public_name, read_authority, read_origin


class AuthorityTests(SynchronousTestCase):
    def test_read(self) -> None:
        """Names lose their case and final dot, and IPv6 addresses all but their shortest form."""
        for text, authority in (
            ("localhost", Authority("localhost")), ("LocalHost.:80", Authority("localhost", 80)),
            ("127.0.0.1:9981", Authority("127.0.0.1", 9981)), ("[::1]", Authority("[::1]")),
            ("[0:0:0:0:0:0:0:1]:1", Authority("[::1]", 1)), ("my_box-1.lan:", Authority("my_box-1.lan")),
        ):  # fmt: skip
            self.assertEqual(read_authority(text), authority, text)

    def test_malformed(self) -> None:
        """What is no name or address with or without a port is refused."""
        for text in ("", ":80", "a b", "a,b", "a/b", "u@a", "a:b", "a:-1", "a:65536", "a:1:2", "::1", "[::1", "[::1]x",
                     "[::g]", "[fe80::1%eth0]", "a..b", ".a", "-a", "a?b", "a#b", "\xe4", "a\x00", "a\n", "a" * 300,
                     "[]", "localhost:8\u0660"):  # fmt: skip
            self.assertRaises(ValueError, read_authority, text)

    def test_origins(self) -> None:
        """An origin is a scheme and an authority, and nothing after them."""
        self.assertEqual(read_origin("HTTP://A:1"), ("http", Authority("a", 1)))
        for text in ("null", "", "a", "http://", "http://a/", "http://a b", "http://a http://b", "http:a"):
            self.assertRaises(ValueError, read_origin, text)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """Whatever is read can be read again, to the same; nothing but a ValueError is raised."""
        try:
            found = read_authority(text)
        except ValueError:
            return
        port = "" if found.port is None else f":{found.port}"
        self.assertEqual(read_authority(found.host + port), found)

    def test_default_ports(self) -> None:
        """A port that is not written is the scheme's."""
        self.assertEqual(Authority("a").at("https"), Authority("a", 443))
        self.assertEqual(Authority("a", 1).at("https"), Authority("a", 1))


class NameTests(SynchronousTestCase):
    def test_public(self) -> None:
        """Names and addresses may be public names; ports and patterns may not be part of them."""
        for text, name in (("Render.Example.org.", "render.example.org"), ("192.0.2.1", "192.0.2.1"),
                           ("2001:DB8::0:1", "[2001:db8::1]"), ("[2001:db8::1]", "[2001:db8::1]")):  # fmt: skip
            self.assertEqual(public_name(text), name)
        for text in ("", "a:80", "*.example.org", "http://a", "a b"):
            self.assertRaises(ValueError, public_name, text)

    def test_loopback(self) -> None:
        """localhost, 127.0.0.0/8 and ::1 are this machine; what only looks so is not."""
        for host in ("localhost", "127.0.0.1", "127.255.255.254", "[::1]"):
            self.assertTrue(is_loopback(host), host)
        for host in ("0.0.0.0", "[::]", "128.0.0.1", "127.1", "127.0.0.1.nip.io", "localhost.evil", "2130706433",
                     "[::2]"):  # fmt: skip
            self.assertFalse(is_loopback(host), host)

    def test_near(self) -> None:
        """Unix sockets and loopback addresses are near; all others, also those of no known kind, are not."""
        for address in (UNIXAddress(b"/a"), UNIXAddress(None), IPv4Address("TCP", "127.0.0.9", 1),
                        IPv6Address("TCP", "::1", 1), IPv6Address("TCP", "::ffff:127.0.0.1", 1)):  # fmt: skip
            self.assertTrue(is_near(address), address)
        for far in (IPv4Address("TCP", "0.0.0.0", 1), IPv4Address("TCP", "192.0.2.1", 1), IPv6Address("TCP", "::", 1),
                    IPv6Address("TCP", "::ffff:192.0.2.1", 1), object(), None):  # fmt: skip
            self.assertFalse(is_near(far), far)
