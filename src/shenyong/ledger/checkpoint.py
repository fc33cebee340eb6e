"""Checkpoints: signed statements of the log's size and root (C2SP tlog-checkpoint, signed-note).

A checkpoint is a signed note whose text is the origin, the size in decimal and the root in base64,
each on a line. Signatures are Ed25519 (RFC 8032); a key's name is the origin.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shenyong.ledger.merkle import HASH_BYTES

_ED25519 = 1
_DASH = "\u2014"
_MAX_NOTE = 1 << 18
_MAX_DIGITS = 18


class NoteError(ValueError):
    """A note that is not well formed, or not signed by a known key."""


def _decoded(text: str) -> bytes:
    """The bytes of canonical base64 (RFC 4648 3.5, 4): one text only for the same bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise NoteError("not canonical base64")
    return raw


class VerifyingKey:
    """The public half: name, key id and Ed25519 key (signed-note, "Verifier keys")."""

    def __init__(self, name: str, public: bytes) -> None:
        if not name or any(each.isspace() or each == "+" for each in name):
            raise NoteError("a key's name has no spaces and no plus sign")
        self.name = name
        self.public = public
        self.key_id = hashlib.sha256(name.encode() + b"\n" + bytes([_ED25519]) + public).digest()[
            :4
        ]

    @classmethod
    def parse(cls, text: str) -> VerifyingKey:
        """Read ``name+hash+base64``. Raises NoteError."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _decoded(encoded)
        if len(raw) != 1 + HASH_BYTES or raw[0] != _ED25519:
            raise NoteError("not an Ed25519 key")
        key = cls(name, raw[1:])
        if key.key_id.hex() != key_id:
            raise NoteError("the key's id does not fit the key")
        return key

    def __str__(self) -> str:
        """The key as ``name+hash+base64``."""
        encoded = base64.b64encode(bytes([_ED25519]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's over the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """The private half, from 32 bytes of seed."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        self.verifying = VerifyingKey(name, public)

    def signature(self, data: bytes) -> bytes:
        """The bare signature over `data`, for other envelopes than a note."""
        return self._private.sign(data)

    def sign(self, text: bytes) -> bytes:
        """The note: text, an empty line, and the signature line."""
        signature = self._private.sign(text)
        encoded = base64.b64encode(self.verifying.key_id + signature).decode()
        return text + f"\n{_DASH} {self.verifying.name} {encoded}\n".encode()


def open_note(note: bytes, key: VerifyingKey) -> bytes:
    """The note's text, if `key` signed it. Raises NoteError otherwise.

    Signatures of other keys are ignored; one of this key that is not good spoils the note.
    """
    head, gap, tail = note.rpartition(b"\n\n")
    if not gap or not tail.endswith(b"\n") or len(note) > _MAX_NOTE:
        raise NoteError("the note has no signature block")
    text, signed = head + b"\n", False
    for line in tail.decode("utf-8", "replace").split("\n")[:-1]:
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if dash != _DASH:
            raise NoteError("a signature line begins with an em dash")
        if name != key.name:
            continue
        raw = _decoded(encoded)
        if raw[:4] == key.key_id:
            signed = key.verify(text, raw[4:])
            if not signed:
                raise NoteError("the key's signature is not good")
    if not signed:
        raise NoteError("no signature of the known key")
    return text


class Checkpoint(msgspec.Struct, frozen=True):
    """A log's state: its origin, its number of entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The note's text."""
        encoded = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{encoded}\n".encode()

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """Read a note's text. Extension lines are not accepted. Raises NoteError."""
        try:
            lines = text.decode().split("\n")
            origin, size, root = lines[:3]
        except ValueError:
            raise NoteError("a checkpoint has an origin, a size and a root") from None
        decoded = _decoded(root)
        if lines[3:] != [""] or not origin or not size.isascii() or not size.isdigit():
            raise NoteError("a checkpoint has exactly three lines")
        formed = len(size) <= _MAX_DIGITS and str(int(size)) == size
        if not formed or len(decoded) != HASH_BYTES:
            raise NoteError("a checkpoint's size or root is not well formed")
        return cls(origin, int(size), decoded)
