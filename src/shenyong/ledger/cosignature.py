"""Cosignatures: a witness's word that a log only ever grew (C2SP tlog-cosignature, Ed25519).

The signature line of a witness stands under the checkpoint's own; its key id has the algorithm byte
0x04, so that it can never be taken for the log's.
"""

from __future__ import annotations

import base64
import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shenyong.ledger.checkpoint import NoteError

_COSIGNATURE = 4
_DASH = "\u2014"
_KEY_BYTES, _STAMP_BYTES, _SIGNATURE_BYTES = 32, 8, 64
_LATEST = 2**63 - 1


class WitnessKey:
    """A witness's public key, by name."""

    def __init__(self, name: str, public: bytes) -> None:
        if not name or any(each.isspace() or each == "+" for each in name):
            raise NoteError("a witness's name has no spaces and no plus sign")
        self.name, self.public = name, public
        told = name.encode() + b"\n" + bytes([_COSIGNATURE]) + public
        self.key_id = hashlib.sha256(told).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """Read ``name+hash+base64``. Raises NoteError."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _decoded(encoded)
        if len(raw) != 1 + _KEY_BYTES or raw[0] != _COSIGNATURE:
            raise NoteError("not an Ed25519 cosigner's key")
        key = cls(name, raw[1:])
        if key.key_id.hex() != key_id:
            raise NoteError("the key's id does not fit the key")
        return key

    def __str__(self) -> str:
        """The key as ``name+hash+base64``."""
        encoded = base64.b64encode(bytes([_COSIGNATURE]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


class Cosigner:
    """A witness's private key, from 32 bytes of seed."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        self.key = WitnessKey(name, public)

    def line(self, text: bytes, at: int) -> str:
        """The signature line over a checkpoint's text at `at` (POSIX seconds)."""
        if not 0 < at <= _LATEST:
            raise ValueError("a cosignature has a time")
        signature = self._private.sign(_message(text, at))
        raw = self.key.key_id + at.to_bytes(_STAMP_BYTES, "big") + signature
        return f"{_DASH} {self.key.name} {base64.b64encode(raw).decode()}\n"


class Cosigned(msgspec.Struct, frozen=True):
    """Who cosigned, and when (POSIX seconds)."""

    witness: str
    at: int


def verify_line(line: str, text: bytes, key: WitnessKey) -> Cosigned:
    """What a witness's line says of a checkpoint's text. Raises NoteError if it isn't good."""
    dash, _, rest = line.rstrip("\n").partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != _DASH or name != key.name:
        raise NoteError("the line is not this witness's")
    raw = _decoded(encoded)
    if len(raw) != 4 + _STAMP_BYTES + _SIGNATURE_BYTES or raw[:4] != key.key_id:
        raise NoteError("the line is not this witness's cosignature")
    at = int.from_bytes(raw[4 : 4 + _STAMP_BYTES], "big")
    try:
        public = Ed25519PublicKey.from_public_bytes(key.public)
        public.verify(raw[4 + _STAMP_BYTES :], _message(text, at))
    except InvalidSignature:
        raise NoteError("the witness's signature is not good") from None
    if not 0 < at <= _LATEST:
        raise NoteError("a cosignature has a time")
    return Cosigned(name, at)


def _message(text: bytes, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n".encode() + text


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise NoteError("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise NoteError("not canonical base64")
    return raw
