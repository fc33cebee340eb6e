"""Keyed digests: what lets the agency, and nobody else, find a text in its ledger again.

A bare hash of a prompt is personal data: a national ID has 1.04 × 10⁹ values, which one core tries
in minutes (reliability.md 0.10). HMAC-SHA256 (RFC 2104) with the agency's own key is searchable by
the holder of the key only; destroying the key makes every digest meaningless (個資法 11).
"""

from __future__ import annotations

import hashlib
import hmac

KEY_BYTES = 32


class Tally:
    """A digest of a stream in the making: the same as `Digester.body` of all of it."""

    __slots__ = ("_hmac", "size")

    def __init__(self, started: hmac.HMAC) -> None:
        self._hmac = started
        self.size = 0

    def add(self, data: bytes) -> None:
        """Count these bytes in."""
        self._hmac.update(data)
        self.size += len(data)

    def digest(self) -> str:
        """The digest so far, in lower-case hex."""
        return self._hmac.hexdigest()


class Digester:
    """Makes the digests of one agency's ledger.

    Raises:
        ValueError: the key is not 32 bytes long.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the digest key is {KEY_BYTES} bytes long, not {len(key)}")
        self._key = key

    def body(self, data: bytes) -> str:
        """The digest of bytes that came in or went out, in lower-case hex."""
        return hmac.digest(self._key, b"shenyong/body/1\0" + data, hashlib.sha256).hex()

    def tally(self) -> Tally:
        """The digest of bytes that go out one after the other."""
        return Tally(hmac.new(self._key, b"shenyong/body/1\0", hashlib.sha256))

    def turn(self, credential: str, user: str, text: str) -> str:
        """The digest of one message of one person, to know it again when it comes as history."""
        scope = f"shenyong/turn/1\0{credential}\0{user}\0".encode()
        return hmac.digest(
            self._key, scope + text.encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hex()
