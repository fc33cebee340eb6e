"""Receipts: one entry, proved to be in the log, to anybody and offline (C2SP tlog-proof v1).

A receipt holds the entry's index, its inclusion proof and the signed checkpoint; with the entry and
the log's public key nothing else is needed. `extra` is not authenticated, and not trusted here.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from shenyong.ledger.checkpoint import Checkpoint, NoteError, VerifyingKey, open_note
from shenyong.ledger.merkle import HASH_BYTES, Hash, ProofError, leaf_hash, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
_MAX_STEPS = 63


class Receipt(msgspec.Struct, frozen=True):
    """A proof that an entry is in a log. `note` is the checkpoint with its signatures, verbatim."""

    index: int
    path: tuple[Hash, ...]
    note: bytes
    extra: bytes = b""

    def text(self) -> bytes:
        """The file's bytes (``.tlog-proof``)."""
        lines = [HEADER]
        if self.extra:
            lines.append("extra " + base64.b64encode(self.extra).decode())
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(each).decode() for each in self.path]
        return ("\n".join(lines) + "\n\n").encode() + self.note

    @classmethod
    def parse(cls, text: bytes) -> Receipt:
        """Read a file. Raises ProofError."""
        head, gap, note = text.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise ProofError("a receipt's own lines are ASCII") from None
        if not gap or lines.pop(0) != HEADER:
            raise ProofError(f"a receipt begins with {HEADER} and holds a checkpoint")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = _decoded(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise ProofError("the index is missing")
        index = lines.pop(0).removeprefix("index ")
        if not index.isdigit() or (index[0] == "0" and index != "0") or len(index) > 19:
            raise ProofError("the index is not well formed")
        if len(lines) > _MAX_STEPS:
            raise ProofError("the proof is too long")
        path = tuple(_decoded(each) for each in lines)
        if any(len(each) != HASH_BYTES for each in path):
            raise ProofError(f"a step of the proof has {HASH_BYTES} bytes")
        return cls(int(index), path, note, extra)


def verify_receipt(receipt: Receipt, leaf: bytes, key: VerifyingKey) -> Checkpoint:
    """The checkpoint under which the entry stands.

    Raises:
        ProofError: the entry is not proved to be in the log, or the checkpoint is not the key's.
    """
    try:
        checkpoint = Checkpoint.parse(open_note(receipt.note, key))
    except NoteError as error:
        raise ProofError(str(error)) from None
    if checkpoint.origin != key.name:
        raise ProofError("the checkpoint is of another log")
    verify_inclusion(leaf_hash(leaf), receipt.index, checkpoint.size, receipt.path, checkpoint.root)
    return checkpoint


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ProofError("a line is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise ProofError("a line is not canonical base64")
    return raw
