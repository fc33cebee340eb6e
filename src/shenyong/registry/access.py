"""Keys: their form, their digest, and who is asking.

A key is ``sk-sy-<id>-<secret>``. The id finds it; only the keyed digest of the secret is stored.
The secret has 256 random bits, so a fast keyed hash is enough (a password would need a slow one).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shenyong.registry.people import ApiKey, UseCase

if TYPE_CHECKING:
    from shenyong.registry.snapshot import Registry

PREFIX = "sk-sy-"
_MAX = 200


class KeyFault(StrEnum):
    """Why a key opens nothing. Told apart for its holder, who can mend each differently."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"  # no such key, or a wrong secret: not told apart
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUSPENDED = "suspended"  # its owner is not active, or its use case or contract has ended


class Denied(msgspec.Struct, frozen=True):
    """No caller; why."""

    fault: KeyFault


class Caller(msgspec.Struct, frozen=True):
    """Who asks: a key with its owner and use case."""

    key: ApiKey
    use_case: UseCase


def secret_digest(secret: str, pepper: bytes) -> bytes:
    """HMAC-SHA256 of a key's secret with the installation's pepper (32 bytes)."""
    return hmac.digest(pepper, b"shenyong/key/1\0" + secret.encode(), hashlib.sha256)


def new_key(key_id: str) -> tuple[str, str]:
    """A fresh key and its secret. Raises ValueError if the id could not be read back."""
    if not key_id.isalnum() or not key_id.isascii():
        raise ValueError("a key's id consists of ASCII letters and digits")
    secret = secrets.token_urlsafe(32).replace("-", "A").replace("_", "B")
    return f"{PREFIX}{key_id}-{secret}", secret


def authenticate(registry: Registry, header: str | None, at: int, pepper: bytes) -> Caller | Denied:
    """The caller named by an ``Authorization`` header's value, or why there is none.

    `at` is UTC in microseconds. The comparison takes the same time for any wrong secret, and a key
    that doesn't exist costs the same digest as one that does.
    """
    if not header:
        return Denied(KeyFault.MISSING)
    scheme, _, token = header.partition(" ")
    token = token.strip()
    key_id, dash, secret = token.removeprefix(PREFIX).partition("-")
    if scheme.lower() != "bearer" or not token.startswith(PREFIX) or not dash or len(token) > _MAX:
        return Denied(KeyFault.MALFORMED)
    key = registry.key(key_id)
    digest = secret_digest(secret, pepper)
    if key is None or not _opens(key, digest, at):
        return Denied(KeyFault.UNKNOWN)
    if key.revoked:
        return Denied(KeyFault.REVOKED)
    if at >= key.expires:
        return Denied(KeyFault.EXPIRED)
    use_case = registry.use_case(key.use_case)
    if not (use_case.active and registry.people[key.owner].active):
        return Denied(KeyFault.SUSPENDED)
    return Caller(key, use_case)


def _opens(key: ApiKey, digest: bytes, at: int) -> bool:
    """Whether it is the key's secret, or the one before it while the rotation's overlap lasts.

    Both are compared in any case, so that the time taken does not tell which it was.
    """
    present = hmac.compare_digest(digest, key.secret_digest)
    before = hmac.compare_digest(digest, key.old_digest or bytes(len(digest)))
    return present or (before and bool(key.old_digest) and at < key.old_until)
