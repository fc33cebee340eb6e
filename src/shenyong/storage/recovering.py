"""Entries that a backup lacks, put back from an exported log: then nothing is rolled back.

An export that was kept elsewhere holds the exact bytes of every entry and its signed checkpoint. If
what is in the database is its beginning, the rest is appended as it was; the tree over it, and so
the checkpoint that is signed next, is the same as before, byte by byte (Ed25519 is deterministic).
Witnesses and receipts then see one history.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import psycopg

from shenyong.ledger.checkpoint import VerifyingKey
from shenyong.ledger.entry import Admin, decode
from shenyong.ledger.verify import Row
from shenyong.storage.export import exported_rows, verify_export
from shenyong.storage.ledger import APPEND
from shenyong.storage.verification import rows

_BATCH = 2_000
REVOKE = "registry.key.revoke"
_REVOKED = "UPDATE api_key SET revoked = true WHERE id = %s AND agency = %s"
_SIZE = "SELECT size FROM ledger_head WHERE agency = %s"


class RecoveryError(RuntimeError):
    """The export can't be used; `code` says why: ``export_broken`` or ``export_differs``."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".rstrip())
        self.code, self.detail = code, detail


class Recovered(msgspec.Struct, frozen=True):
    """Entries that were put back, and what officers and operators did in them: each an action and
    its subject. The log has it again; the registry has not, until it is done again.
    """

    count: int = 0
    done: tuple[tuple[str, str], ...] = ()


def append_missing(dsn: str, agency: str, folder: Path, key: VerifyingKey) -> Recovered:
    """Append what the export in `folder` has and the log has not.

    All or nothing, in one transaction. The log must be a beginning of the export's.

    Raises:
        RecoveryError: the export does not verify, or has another history.
        ExportError: the folder is no export.
        psycopg.Error: the database does not answer.
    """
    report = verify_export(folder, key)
    if not report.ok:
        raise RecoveryError("export_broken", report.faults[0].code)
    added, done = 0, list[tuple[str, str]]()
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        row = connection.execute(f"{_SIZE} FOR UPDATE".encode(), [agency]).fetchone()
        size = int(str(row[0])) if row else 0
        kept = exported_rows(folder, report.entries)
        for mine in rows(connection, agency, min(size, report.entries)):
            if next(kept).leaf != mine.leaf:
                raise RecoveryError("export_differs", str(mine.index))
        batch: list[Row] = []
        for each in kept:
            batch.append(each)
            entry = decode(each.leaf)
            if isinstance(entry, Admin):
                done.append((entry.action, entry.subject))
            if len(batch) == _BATCH:
                added += _append(connection, agency, batch)
                batch = []
        added += _append(connection, agency, batch)
        for action, subject in done:
            if action == REVOKE:  # a key that was taken away must not open again
                connection.execute(_REVOKED.encode(), [subject, agency])
    return Recovered(added, tuple(dict.fromkeys(done)))


def _append(
    connection: psycopg.Connection[tuple[object, ...]], agency: str, batch: Sequence[Row]
) -> int:
    if not batch:
        return 0
    entries = [decode(each.leaf) for each in batch]
    values = {
        "agency": agency, "count": len(batch),
        "requests": [each.request for each in entries],
        "attempts": [each.attempt for each in entries],
        "types": [str(each.__struct_config__.tag) for each in entries],
        "leaves": [each.leaf for each in batch],
        "hashes": [each.stored_hash for each in batch],
        "latest": (1 << 62) - 1,  # the order is what it was
    }  # fmt: skip
    row = connection.execute(APPEND.encode(), values).fetchone()
    if row is None or row[0] != batch[0].index:
        raise RecoveryError("export_differs", str(batch[0].index))
    return len(batch)
