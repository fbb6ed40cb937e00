"""L{Token}: what a client has to show, and the file that it is kept in."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from hashlib import sha256

from attrs import field, frozen

# RFC 6750, 2.1: b64token. Anything else could not be sent.
_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]+=*")
_LONGEST = 4096
_RANDOM_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class TokenRefused(Exception):
    """A token file cannot be used, and this is why, in one line."""


@frozen
class Token:
    """A bearer token, of which only the digest is kept: a dump of this process does not give it away."""

    _digest: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> Token:
        """Return the token that a secret makes."""
        return cls(sha256(secret).digest())

    def matches(self, shown: bytes) -> bool:
        """Whether this is what a client shows; takes as long for a near miss as for any other."""
        return hmac.compare_digest(self._digest, sha256(shown).digest())


def read_token(path: str) -> Token:
    """Return the token in a file, which is made, mode 0600 and with a fresh random token, where it is missing.

    @raise TokenRefused: it cannot be read or made; others may read or write it; there is no token in it.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise TokenRefused(f"cannot read the token file: {error}") from None
    try:
        _make(path)
        return _read(path)
    except OSError as error:
        raise TokenRefused(f"cannot make the token file: {error}") from None


def reread_token(path: str) -> Token:
    """Return the token in a file that clients have theirs from: where it is missing, a fresh one is known to nobody.

    @raise TokenRefused: it is missing or cannot be read; others may read or write it; there is no token in it.
    """
    try:
        return _read(path)
    except OSError as error:
        raise TokenRefused(f"cannot read the token file: {error}") from None


def _make(path: str) -> None:
    # O_EXCL: a link that somebody has laid there is not followed.
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(made, "w", encoding="ascii") as file:
        file.write(f"{secrets.token_urlsafe(_RANDOM_BYTES)}\n")


def _read(path: str) -> Token:
    # O_NONBLOCK: a fifo would wait for somebody to write.
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(opened, "rb") as file:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            raise TokenRefused(f"{path} is not a file")
        if status.st_mode & _OTHERS:
            mode = stat.S_IMODE(status.st_mode)
            raise TokenRefused(f"others may use the token file {path} (mode {mode:04o}); `chmod 600` it")
        secret = file.read(_LONGEST + 1).strip()
    if not secret:
        raise TokenRefused(f"the token file {path} is empty")
    if len(secret) > _LONGEST or _TOKEN.fullmatch(secret) is None:
        raise TokenRefused(f"{path} does not hold one token of letters, digits and -._~+/ (RFC 6750, 2.1)")
    return Token.of(secret)
