"""L{Authority}: the name and port that a C{Host} or an C{Origin} header gives (RFC 3986, 3.2; RFC 6454, 7)."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

from attrs import frozen

# Of RFC 3986's reg-name, what names in the DNS and in container networks are made of; nobody owns another kind.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?", re.ASCII)
_LONGEST_NAME = 254
_SIX = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\]", re.ASCII)
_PORT = re.compile(r"[0-9]{0,5}", re.ASCII)
_SPLIT = re.compile(r"(\[[^\[\]@/?#]*\]|[^:\[\]@/?#]*)(?::(.*))?", re.DOTALL)
_MOST_PORT = 65535
#: The port that a scheme stands for where none is written.
DEFAULT_PORTS = {"http": 80, "https": 443}


@frozen
class Authority:
    """Whom a request is for, or where it comes from.

    @ivar host: in lower case without a final dot; an IPv6 address in its shortest form and brackets.
    @ivar port: C{None}: the one that the scheme stands for.
    """

    host: str
    port: int | None = None

    def at(self, scheme: str) -> Authority:
        """Return it with the port written out that a scheme stands for."""
        return Authority(self.host, DEFAULT_PORTS.get(scheme) if self.port is None else self.port)


@lru_cache(1024)
def read_authority(text: str) -> Authority:
    """Return what C{host[:port]} says.

    @raise ValueError: it is not well formed.
    """
    parts = _SPLIT.fullmatch(text)
    port = None if parts is None else parts[2] or ""
    if parts is None or port is None or _PORT.fullmatch(port) is None or int(port or 0) > _MOST_PORT:
        raise ValueError("it is not a name or address, with or without a port")
    return Authority(_host(parts[1]), int(port) if port else None)


def read_origin(text: str) -> tuple[str, Authority]:
    """Return the scheme and authority of a serialized origin.

    @raise ValueError: it is C{null}, or no origin at all.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise ValueError("it is no origin")
    return scheme.lower(), read_authority(rest)


def public_name(text: str) -> str:
    """Return a name or address that a server is to go by, as L{Authority.host} has it.

    @raise ValueError: it is neither; it has a port, or is a pattern.
    """
    try:
        return _host(f"[{IPv6Address(text)}]")
    except ValueError:
        pass
    try:
        return _host(text)
    except ValueError:
        raise ValueError(f"{text!r} is not the name of a host, as in render.example.org") from None


@lru_cache(1024)
def is_loopback(host: str) -> bool:
    """Whether the host of an L{Authority} is this machine under whatever name it calls itself.

    That is C{localhost}, 127.0.0.0/8 (RFC 1122, 3.2.1.3) and C{::1}. Not 0.0.0.0, through which browsers reach this
    machine too and which pages are known to misuse for it.
    """
    if host in {"localhost", "[::1]"}:
        return True
    try:
        return IPv4Address(host).is_loopback
    except ValueError:
        return False


def _host(text: str) -> str:
    six = _SIX.fullmatch(text)
    if six is not None:
        try:
            return f"[{IPv6Address(six[1])}]"
        except AddressValueError:
            raise ValueError("it is not an address") from None
    if len(text) > _LONGEST_NAME or _NAME.fullmatch(text) is None or ".." in text:
        raise ValueError("it is not a name")
    return text.lower().removesuffix(".")


@lru_cache(1024)
def network(host: str) -> str:
    """Return what one client's addresses have in common: an address, or the first 64 bits of one of IPv6.

    @param host: an address; what is none is returned as it is.
    """
    try:
        found = ip_address(host)
    except ValueError:
        return host
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or found.exploded[:19])


def is_near(address: object) -> bool:
    """Whether a Twisted address is on this machine: of a Unix socket, or loopback."""
    host = getattr(address, "host", None)
    if host is None:
        return type(address).__name__ == "UNIXAddress"
    return _is_of_this_machine(str(host))


@lru_cache(1024)
def _is_of_this_machine(host: str) -> bool:
    try:
        found: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)
