"""The keys in a backup: sealed under a passphrase, or for a recipient whose key is elsewhere.

A timer that backs up at night knows no passphrase; it needs only the recipient's public key, and
the machine that it runs on can't open what it wrote. A passphrase is stretched by scrypt (RFC 7914,
N = 2¹⁷, 128 MiB of memory a guess), a recipient's key is X25519 (RFC 7748) in PEM, as ``openssl
genpkey -algorithm X25519`` makes it. The content is sealed by ChaCha20-Poly1305, with everything
that says how it was sealed bound in.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

_N, _R, _P = 1 << 17, 8, 1
_INFO = b"shenyong/backup-keys/1"
LEAST = 12
"""Characters of a passphrase."""


class KeysError(ValueError):
    """The keys don't open, or can't be sealed; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sealed(msgspec.Struct, frozen=True):
    """Sealed keys. `by` is ``passphrase`` or ``recipient``."""

    by: str
    salt: bytes  # of the passphrase; of a recipient the ephemeral public key
    nonce: bytes
    content: bytes
    recipient: bytes = b""
    v: int = 1


def seal_for_passphrase(keys: Mapping[str, bytes], passphrase: str) -> bytes:
    """The keys (by name), openable by who knows the passphrase.

    Raises:
        KeysError: ``short_passphrase``.
    """
    if len(passphrase) < LEAST:
        raise KeysError("short_passphrase")
    salt = os.urandom(16)
    return _sealed(keys, _stretched(passphrase, salt), Sealed("passphrase", salt, b"", b""))


def seal_for_recipient(keys: Mapping[str, bytes], pem: bytes) -> bytes:
    """The keys (by name), openable by who has the private half of `pem`.

    Raises:
        KeysError: ``bad_recipient``.
    """
    try:
        public = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise KeysError("bad_recipient") from None
    if not isinstance(public, X25519PublicKey):
        raise KeysError("bad_recipient")
    own = X25519PrivateKey.generate()
    ephemeral = own.public_key().public_bytes_raw()
    head = Sealed("recipient", ephemeral, b"", b"", public.public_bytes_raw())
    return _sealed(keys, _agreed(own.exchange(public), head), head)


def opened(data: bytes, *, passphrase: str = "", identity: bytes = b"") -> dict[str, bytes]:
    """The keys by name. `identity` is the recipient's private key in PEM, without a passphrase.

    Raises:
        KeysError: ``bad_keys`` (no sealed keys), ``needs_passphrase``, ``needs_identity``,
            ``bad_identity``, ``wrong_key`` (another passphrase or recipient, or changed).
    """
    try:
        found = msgspec.msgpack.decode(data, type=Sealed)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise KeysError("bad_keys") from None
    if found.by == "passphrase":
        if not passphrase:
            raise KeysError("needs_passphrase")
        key = _stretched(passphrase, found.salt)
    else:
        if not identity:
            raise KeysError("needs_identity")
        key = _agreed(_exchanged(identity, found.salt), found)
    try:
        content = ChaCha20Poly1305(key).decrypt(found.nonce, found.content, _bound(found))
        return msgspec.msgpack.decode(content, type=dict[str, bytes])
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        raise KeysError("wrong_key") from None


def _exchanged(identity: bytes, ephemeral: bytes) -> bytes:
    try:
        private = serialization.load_pem_private_key(identity, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeysError("bad_identity") from None
    if not isinstance(private, X25519PrivateKey):
        raise KeysError("bad_identity")
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    except ValueError:
        raise KeysError("bad_keys") from None


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())


def _agreed(shared: bytes, head: Sealed) -> bytes:
    salt = head.salt + head.recipient
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=_INFO).derive(shared)


def _sealed(keys: Mapping[str, bytes], key: bytes, head: Sealed) -> bytes:
    nonce = os.urandom(12)
    content = msgspec.msgpack.encode(dict(keys))
    sealed = ChaCha20Poly1305(key).encrypt(nonce, content, _bound(head))
    return msgspec.msgpack.encode(msgspec.structs.replace(head, nonce=nonce, content=sealed))


def _bound(head: Sealed) -> bytes:
    return b"\0".join([_INFO, head.by.encode(), head.salt, head.recipient])
