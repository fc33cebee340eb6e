"""A contractor's summary of a scan, signed: counts and versions, no content, no names (point 8).

    files ──▶ scan ──▶ counts ─┐
      └─ salted leaves ─▶ root ┴─▶ in-toto statement ──▶ DSSE, the contractor's Ed25519 key

What it proves to the agency: who signed; under which rules (their digest, worked out from the
sources in the contract's terms), by which version of the program and of its inspection; how many
files, and how many findings of which kinds; and that the contractor had fixed *which* files, byte
for byte, without telling. The files' list stays with the contractor as the *opening*; whoever is
shown it, in an audit at the contractor's, can check that it is the list that was fixed.

A leaf is ``sha256(blind ‖ name ‖ 0 ‖ sha256(content))`` with a blind of its own, so that nobody
guesses a name or a known file from the root; the root is RFC 6962's. What it can't prove is that
other files were not left out: that is the audit's to find, and the opening makes it findable.

Source: issue (Contractors), in-toto attestation v1, DSSE v1.0.
"""

from __future__ import annotations

# guideline: ey-genai-2023:8
import base64
import binascii
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from shenyong.disclosure.statement import STATEMENT, StatementError, opened, signed
from shenyong.ledger.checkpoint import NoteError, SigningKey, VerifyingKey
from shenyong.ledger.merkle import Frontier, leaf_hash

PREDICATE = "urn:shenyong:scan:1"
SALT_BYTES = 32
MOST = 256 * 1024
"""Bytes of a summary; it holds counts only."""


class Listed(msgspec.Struct, frozen=True):
    """A file that was scanned: its name below the scanned folder, and its content's sha256."""

    name: str
    sha256: str


class Opening(msgspec.Struct, frozen=True):
    """What the contractor keeps: the salt (hex) and the files, in the order of the leaves."""

    salt: str
    files: tuple[Listed, ...]

    def root(self) -> str:
        """The commitment that these files make. Raises StatementError."""
        try:
            return commitment(bytes.fromhex(self.salt), self.files)
        except ValueError:
            raise StatementError("not an opening") from None


class Summary(msgspec.Struct, frozen=True, rename="camel"):
    """The predicate. `kinds`, `classes` and `faults` count; `at` is ISO 8601, by the scanner's
    clock.

    `contract` to `challenge` are copied from the terms, except `rules`: the scanner's own reckoning
    of the digest from the sources in them.
    """

    contract: str
    number: str
    agency: str
    rules: str
    pack: str
    pack_version: str
    issued: int
    challenge: str
    at: str
    program: str
    inspector: str
    preset: str
    files: int
    bytes: int
    found: int
    refused: int
    kinds: Mapping[str, int]
    classes: Mapping[str, int]
    faults: Mapping[str, int]


class Result(StrEnum):
    """What a summary is; its words are ``gov.contract.found.<value>``."""

    VERIFIED = "verified"
    OLDER_RULES = "older_rules"  # genuine, and of rules that are not in force now
    ALTERED = "altered"
    UNKNOWN_KEY = "unknown_key"
    OTHER_CONTRACT = "other_contract"
    NOT_ISSUED = "not_issued"  # of terms that this agency did not give out
    UNREADABLE = "unreadable"


class Examined(msgspec.Struct, frozen=True):
    """What a summary is, what it says (None where it can't be relied on), and its commitment."""

    result: Result
    summary: Summary | None = None
    root: str = ""


class Expected(msgspec.Struct, frozen=True):
    """What the agency knows: the contract, the digest of the rules in force; "" is not compared."""

    contract: str = ""
    rules: str = ""


def commitment(salt: bytes, files: Iterable[Listed]) -> str:
    """The root (hex) over the files' salted leaves, in their order."""
    tree = Frontier()
    for at, each in enumerate(files):
        blind = hmac.digest(salt, at.to_bytes(8, "big"), "sha256")
        content = bytes.fromhex(each.sha256)
        tree.add(leaf_hash(blind + each.name.encode() + b"\0" + content))
    return tree.root().hex()


def attested(summary: Summary, root: str, key: SigningKey) -> bytes:
    """The summary's file: a signed envelope."""
    said = {
        "_type": STATEMENT,
        "subject": [{"name": "files", "digest": {"sha256": root}}],
        "predicateType": PREDICATE,
        "predicate": msgspec.to_builtins(summary),
    }
    return json.dumps(signed(msgspec.json.encode(said, order="sorted"), key)).encode()


def examine(file: bytes, keys: Sequence[str], expected: Expected) -> Examined:
    """What a summary's file is. `keys` are the contractor's (``name+id+base64``). Never raises."""
    try:
        if len(file) > MOST:
            raise ValueError("too large")
        envelope: dict[str, Any] = json.loads(file)
        _read(base64.b64decode(envelope["payload"], validate=True))
        signers = {each["keyid"] for each in envelope["signatures"]}
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
        return Examined(Result.UNREADABLE)
    mine = [each for each in map(_key, keys) if each is not None and _name(each) in signers]
    if not mine:
        return Examined(Result.UNKNOWN_KEY)
    try:
        root, summary = _read(opened(envelope, mine[0]))
    except (StatementError, ValueError, TypeError, KeyError):
        return Examined(Result.ALTERED)
    if expected.contract and summary.contract != expected.contract:
        return Examined(Result.OTHER_CONTRACT, summary, root)
    if expected.rules and summary.rules != expected.rules:
        return Examined(Result.OLDER_RULES, summary, root)
    return Examined(Result.VERIFIED, summary, root)


def _name(key: VerifyingKey) -> str:
    return f"{key.name}+{key.key_id.hex()}"


def _key(text: str) -> VerifyingKey | None:
    try:
        return VerifyingKey.parse(text)
    except NoteError:
        return None


def _read(payload: bytes) -> tuple[str, Summary]:
    said = json.loads(payload)
    if said["_type"] != STATEMENT or said["predicateType"] != PREDICATE:
        raise ValueError("not a summary")
    (subject,) = said["subject"]
    try:
        summary = msgspec.convert(said["predicate"], Summary)
    except msgspec.ValidationError:
        raise ValueError("not a summary") from None
    return str(subject["digest"]["sha256"]), summary
