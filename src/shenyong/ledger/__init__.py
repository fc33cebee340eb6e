"""The ledger: what was asked, decided and done, in a form that can be proved.

What it is for: point 2 and 總說明 (accountability): anyone may check afterwards that nothing was
called without a record, and that no record was altered, removed or put in later.

Invariants:
    * Append-only: an entry is a leaf of an RFC 6962 tree; a signed checkpoint (C2SP) commits
      to all entries before it.
    * No content: entries hold ids, decisions, types, counts and keyed digests. A digest without the
      agency's key finds nothing (a bare hash of an ID number could be searched in minutes).
    * Checked before it is signed: a checkpoint is made from leaves read back from durable storage.

Pure: records in, proof out. What it leaves to others: storing and signing at the right moment
(`storage`), and what to record (`gateway`).
"""

from shenyong.ledger.checkpoint import SigningKey, VerifyingKey
from shenyong.ledger.digest import Digester
from shenyong.ledger.entry import Admin, Decided, Entry, Intent, Outcome, OutcomeKind, Step, encode
from shenyong.ledger.merkle import ProofError, leaf_hash
from shenyong.ledger.proof import Receipt, verify_receipt

__all__ = [
    "Admin",
    "Decided",
    "Digester",
    "Entry",
    "Intent",
    "Outcome",
    "OutcomeKind",
    "ProofError",
    "Receipt",
    "SigningKey",
    "Step",
    "VerifyingKey",
    "encode",
    "leaf_hash",
    "verify_receipt",
]
