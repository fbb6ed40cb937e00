"""Tests of L{cpyrender.bearer}."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.bearer import Token, TokenRefused, read_token, reread_token


class TokenTests(SynchronousTestCase):
    def test_matches(self) -> None:
        """A token matches itself alone, and does not tell itself."""
        token = Token.of(b"secret")
        self.assertTrue(token.matches(b"secret"))
        for other in (b"", b"secre", b"secret ", b"Secret", b"\xff"):
            self.assertFalse(token.matches(other), other)
        self.assertNotIn("secret", repr(token))


class FileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def write(self, text: str, mode: int = 0o600) -> str:
        self.path.write_text(text)
        self.path.chmod(mode)
        return str(self.path)

    def refused(self) -> str:
        return str(self.assertRaises(TokenRefused, read_token, str(self.path)))

    def test_is_made(self) -> None:
        """A missing file is made for its owner alone, with a token that is another one each time and is kept."""
        token = read_token(str(self.path))
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        secret = self.path.read_bytes().strip()
        self.assertGreaterEqual(len(secret), 43)
        self.assertTrue(token.matches(secret))
        self.assertEqual(read_token(str(self.path)), token)
        self.assertNotEqual(read_token(self.mktemp()), token)

    def test_is_not_made_again(self) -> None:
        """Read once more, a file is as good as before; one that is missing is refused, and is not made."""
        token = read_token(str(self.path))
        self.assertEqual(reread_token(str(self.path)), token)
        self.path.unlink()
        refused = self.assertRaises(TokenRefused, reread_token, str(self.path))
        self.assertIn(f"No such file or directory: '{self.path}'", str(refused))
        self.assertFalse(self.path.exists())

    def test_white_space(self) -> None:
        """The end of the line does not belong to the token."""
        self.assertEqual(read_token(self.write(" abc\r\n")), Token.of(b"abc"))

    def test_open_to_others(self) -> None:
        """A file that anybody else may read or write is refused."""
        for mode in (0o644, 0o640, 0o604, 0o602, 0o620):
            self.write("abc", mode)
            self.assertIn(f"mode {mode:04o}", self.refused())

    def test_no_token(self) -> None:
        """A file that is empty or holds what could not be sent is refused."""
        for text, word in (("", "empty"), (" \n", "empty"), ("a b", "one token"), ("a\nb", "one token"),
                           ("\xe4", "one token"), ("a" * 5000, "one token")):  # fmt: skip
            self.write(text)
            self.assertIn(word, self.refused())

    def test_no_file(self) -> None:
        """A folder, a fifo and a place where nothing can be made are refused."""
        self.path.mkdir()
        self.assertRaises(TokenRefused, read_token, str(self.path))
        self.assertRaises(TokenRefused, read_token, str(self.path / "no" / "such"))
        fifo = str(self.path / "fifo")
        os.mkfifo(fifo, 0o600)
        self.assertRaises(TokenRefused, read_token, fifo)
