"""The vault: content at rest, sealed under a key of its own, which can be thrown away.

Every matter has a random key, itself sealed under the agency's; without it the content is gone,
also from every backup that still holds the sealed bytes (個資法 11; reliability.md 3.3). Sealing is
ChaCha20-Poly1305 (RFC 8439); what the content belongs to is bound in.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

KEY_BYTES = 32
_NONCE = 12


class SealError(ValueError):
    """Sealed bytes that don't open: changed in the database, or of another key."""

    def __init__(self) -> None:
        super().__init__("sealed content does not open")


def seal(key: bytes, content: bytes, bound: str) -> bytes:
    """The content sealed; it opens only with the same key and the same `bound`."""
    nonce = os.urandom(_NONCE)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, content, bound.encode())


def unseal(key: bytes, sealed: bytes, bound: str) -> bytes:
    """The content. Raises SealError."""
    try:
        return ChaCha20Poly1305(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound.encode())
    except (InvalidTag, ValueError):
        raise SealError from None


def new_key() -> bytes:
    """A random key."""
    return os.urandom(KEY_BYTES)
