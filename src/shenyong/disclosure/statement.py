"""The confirmation as a signed statement: who judged which text, and how (point 5).

A DSSE envelope over an in-toto statement. Its subject is the digest of the canonical text, so it is
a statement about that text and no other; the ledger's entry of the release holds the digest of the
statement, and its inclusion proof goes with it. The statement tells kinds and counts, never what a
check or a basis says: it travels with the document. A nonce keeps short texts from being guessed.

Source: in-toto attestation v1, DSSE v1.0 (pre-authentication encoding); design.md (Confirmation).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError
from securesystemslib.signer import Signature

from shenyong.ledger import ProofError, Receipt, VerifyingKey, verify_receipt
from shenyong.ledger.checkpoint import SigningKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:shenyong:confirmation:1"
_MOST = 64 * 1024  # bytes of a bundle, unpacked


class Signed(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody's word: a pseudonymous id, the role, when (ISO 8601), how long they had the text."""

    by: str
    role: str
    unit: str
    at: str
    seconds: int
    hasty: bool = False


class Confirmation(msgspec.Struct, frozen=True, rename="camel"):
    """The predicate. `checks` counts by ``kind:resolution``, `renderings` digests by format."""

    number: str
    agency: str
    pack: str
    level: str
    model: str
    environment: str
    human_share: int
    template: str
    act: bool
    declared: Signed
    countersigned: Signed | None
    checks: Mapping[str, int]
    bases: tuple[str, ...]
    statutes: str
    decisions: tuple[str, ...]
    renderings: Mapping[str, str]
    nonce: str


class StatementError(ValueError):
    """An envelope, a statement or a bundle that is not well formed, or not what it should be."""


class Bundle(msgspec.Struct, frozen=True):
    """What travels with a document: the envelope, the ledger's entry, and its receipt."""

    envelope: Mapping[str, Any]
    leaf: bytes
    receipt: bytes

    def packed(self) -> str:
        """One line of base64, for a document's properties."""
        return base64.b64encode(zlib.compress(msgspec.json.encode(self), 9)).decode()

    @classmethod
    def unpacked(cls, text: str) -> Bundle:
        """Read it back. Raises StatementError."""
        try:
            unpack = zlib.decompressobj()
            raw = unpack.decompress(base64.b64decode("".join(text.split()), validate=True), _MOST)
            if unpack.unconsumed_tail:
                raise StatementError("too large")
            return msgspec.json.decode(raw, type=cls)
        except (zlib.error, msgspec.MsgspecError, ValueError, RecursionError):
            raise StatementError("not a bundle") from None


# guideline: ey-genai-2023:5
def statement(text_digest: str, confirmation: Confirmation) -> bytes:
    """The statement's bytes: canonical JSON."""
    said = {
        "_type": STATEMENT,
        "subject": [{"name": confirmation.number, "digest": {"sha256": text_digest}}],
        "predicateType": PREDICATE,
        "predicate": msgspec.to_builtins(confirmation),
    }
    return msgspec.json.encode(said, order="sorted")


def payload_digest(payload: bytes) -> str:
    """What the ledger's entry of the release holds."""
    return hashlib.sha256(payload).hexdigest()


def signed(payload: bytes, key: SigningKey) -> dict[str, Any]:
    """The envelope as JSON's values, signed by the agency's key."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    name = _key_id(key.verifying)
    envelope.signatures[name] = Signature(name, key.signature(envelope.pae()).hex())
    told: dict[str, Any] = envelope.to_dict()
    return told


def opened(envelope: Mapping[str, Any], key: VerifyingKey) -> bytes:
    """The payload, if `key` signed it. Raises StatementError."""
    try:
        read = Envelope.from_dict(json.loads(json.dumps(envelope)))
        signature = read.signatures[_key_id(key)]
        raw = bytes.fromhex(signature.signature)
    except (KeyError, TypeError, ValueError, AttributeError, FormatError, binascii.Error):
        raise StatementError("the envelope is not of this agency") from None
    if read.payload_type != PAYLOAD_TYPE or not key.verify(read.pae(), raw):
        raise StatementError("the signature is not good")
    payload: bytes = read.payload
    return payload


def _key_id(key: VerifyingKey) -> str:
    return f"{key.name}+{key.key_id.hex()}"


def peeked(envelope: Mapping[str, Any]) -> tuple[str, Confirmation]:
    """The text's digest and the predicate, whoever signed. Raises StatementError."""
    try:
        payload = base64.b64decode(envelope["payload"], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError):
        raise StatementError("no payload") from None
    return read_statement(payload)


def read_statement(payload: bytes) -> tuple[str, Confirmation]:
    """The text's digest and the predicate. Raises StatementError."""
    try:
        said = json.loads(payload)
        if said["_type"] != STATEMENT or said["predicateType"] != PREDICATE:
            raise StatementError("not a confirmation")
        (subject,) = said["subject"]
        return subject["digest"]["sha256"], msgspec.convert(said["predicate"], Confirmation)
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError):
        raise StatementError("not a confirmation") from None


def proved(bundle: Bundle, key: VerifyingKey) -> tuple[str, Confirmation, int]:
    """The text's digest, the predicate, and the entry's index in the log, all proved.

    Raises:
        StatementError: not signed by `key`, or not in its log.
    """
    payload = opened(bundle.envelope, key)
    text_digest, confirmation = read_statement(payload)
    try:
        receipt = Receipt.parse(bundle.receipt)
        verify_receipt(receipt, bundle.leaf, key)
        entry = json.loads(bundle.leaf)
    except (ProofError, ValueError):
        raise StatementError("the ledger does not hold it") from None
    told = (entry.get("type"), entry.get("action"), entry.get("digest"), entry.get("subject"))
    if told != ("step", "release", payload_digest(payload), confirmation.number):
        raise StatementError("the ledger's entry is of another release")
    return text_digest, confirmation, receipt.index
