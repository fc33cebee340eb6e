"""What a contractor is told: the rules that bind under a contract, signed by the agency (point 8).

A file that the agency gives away with the contract. With it `shenyong scan --attest` knows which
rules it speaks of: it reads the very sources, works their digest out itself, and puts it into its
summary. `challenge` only the agency can make, so a summary is no older than `issued`.

A DSSE envelope over an in-toto statement, like the confirmation's, under the log's key.
"""

from __future__ import annotations

# guideline: ey-genai-2023:8
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from shenyong.disclosure.statement import STATEMENT, StatementError, opened, signed
from shenyong.ledger.checkpoint import NoteError, SigningKey, VerifyingKey

PREDICATE = "urn:shenyong:terms:1"


class Terms(msgspec.Struct, frozen=True, rename="camel"):
    """The rules of a contract on a day. `rules` is their joint digest, `issued` UTC microseconds.

    `sources` are the guideline's four files by name, `own` the agency's packs (name, Cedar).
    """

    contract: str
    number: str
    agency: str
    agency_name: str
    pack: str
    pack_version: str
    rules: str
    issued: int
    challenge: str
    key: str
    sources: Mapping[str, str]
    own: tuple[tuple[str, str], ...]


def terms_file(terms: Terms, key: SigningKey) -> bytes:
    """The file: a signed envelope."""
    digest = {"sha256": hashlib.sha256(terms.rules.encode()).hexdigest()}
    said = {
        "_type": STATEMENT,
        "subject": [{"name": terms.number, "digest": digest}],
        "predicateType": PREDICATE,
        "predicate": msgspec.to_builtins(terms),
    }
    payload = msgspec.json.encode(said, order="sorted")
    return json.dumps(signed(payload, key)).encode()


def read_terms(file: bytes, known: VerifyingKey | None = None) -> Terms:
    """The terms, if their own key signed them, and `known` is that key where it is given.

    Raises:
        StatementError: no terms, or not signed.
    """
    try:
        envelope: dict[str, Any] = json.loads(file)
        terms = _peeked(envelope)
        key = VerifyingKey.parse(terms.key)
    except (ValueError, TypeError, KeyError, NoteError, RecursionError):
        raise StatementError("not the terms of a contract") from None
    if known is not None and str(known) != terms.key:
        raise StatementError("the terms are not of this agency")
    opened(envelope, key)
    return terms


def _peeked(envelope: Mapping[str, Any]) -> Terms:
    import base64

    said = json.loads(base64.b64decode(envelope["payload"], validate=True))
    if said["_type"] != STATEMENT or said["predicateType"] != PREDICATE:
        raise ValueError("not terms")
    try:
        return msgspec.convert(said["predicate"], Terms)
    except msgspec.ValidationError:
        raise ValueError("not terms") from None
