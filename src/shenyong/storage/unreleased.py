"""The register of what is not released, in the database: documents, fingerprints, a version.

Each change raises the agency's version in its own transaction, so a worker knows when its filter is
old. Every statement names the agency: no agency sees another's documents.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import dict_row

from shenyong.guideline.terms import DataClass
from shenyong.inspection.fingerprints import Filter
from shenyong.inspection.register import Registered, State
from shenyong.storage.ledger import LedgerUnavailableError

_FIELDS = (
    *("id", "agency", "title", "owner", "level", "reason", "consent", "state"),
    *("added_at", "added_by", "approved_at", "release_at"),
)
_COLUMNS = ", ".join(f"d.{name}" for name in _FIELDS).replace("d.id", "d.id::text AS id")
_INSERT = (
    f"INSERT INTO unreleased_document ({', '.join(_FIELDS)}) "  # noqa: S608  names of ours
    f"VALUES ({', '.join(f'%({name})s' for name in _FIELDS)})"
)
_VERSION = """
INSERT INTO unreleased_version (agency, version) VALUES (%s, 1)
ON CONFLICT (agency) DO UPDATE SET version = unreleased_version.version + 1
"""
_ALL = f"SELECT {_COLUMNS} FROM unreleased_document d WHERE d.agency = %s ORDER BY d.added_at"  # noqa: S608
_KNOWN = f"""
SELECT p.print, {_COLUMNS} FROM unreleased_print p
JOIN unreleased_document d ON d.id = p.document
WHERE p.print = ANY(%s) AND p.agency = %s
"""  # noqa: S608


class UnknownDocumentError(LookupError):
    """There is no such document in this agency's register."""


def add(
    connection: psycopg.Connection[tuple[object, ...]],
    document: Registered,
    prints: Iterable[int],
) -> int:
    """Register a document with its fingerprints. Returns how many different ones it has."""
    connection.execute(_INSERT, _row(document))
    values = np.unique(np.fromiter(prints, np.int64))
    copy_prints(connection, document, values)
    connection.execute(_VERSION, [document.agency])
    return len(values)


def copy_prints(
    connection: psycopg.Connection[tuple[object, ...]],
    document: Registered,
    values: NDArray[np.int64],
) -> None:
    """Write fingerprints of a document, each of them new."""
    statement = "COPY unreleased_print (print, agency, document) FROM STDIN"
    with connection.cursor().copy(statement) as copy:
        piece = io.StringIO()
        for value in values.tolist():
            piece.write(f"{value}\t{document.agency}\t{document.id}\n")
            if piece.tell() > 1 << 20:
                copy.write(piece.getvalue())
                piece = io.StringIO()
        copy.write(piece.getvalue())


def documents(connection: psycopg.Connection[tuple[object, ...]], agency: str) -> list[Registered]:
    """The agency's register, in the order of adding."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_document(row) for row in cursor.execute(_ALL, [agency])]


def change(
    connection: psycopg.Connection[tuple[object, ...]],
    agency: str,
    document_id: str,
    *,
    state: State,
    approved_at: int = 0,
    release_at: int = 0,
) -> None:
    """Move a document on; a time of 0 stays as it was. Raises UnknownDocumentError."""
    done = connection.execute(
        "UPDATE unreleased_document SET state = %s, "
        "approved_at = CASE WHEN %s > 0 THEN %s ELSE approved_at END, "
        "release_at = CASE WHEN %s > 0 THEN %s ELSE release_at END "
        "WHERE id = %s AND agency = %s",
        [state.value, approved_at, approved_at, release_at, release_at, document_id, agency],
    )
    _changed(connection, agency, done.rowcount)


def remove(
    connection: psycopg.Connection[tuple[object, ...]], agency: str, document_id: str
) -> None:
    """Take a document and its fingerprints out. Raises UnknownDocumentError."""
    done = connection.execute(
        "DELETE FROM unreleased_document WHERE id = %s AND agency = %s", [document_id, agency]
    )
    _changed(connection, agency, done.rowcount)


def _changed(connection: psycopg.Connection[tuple[object, ...]], agency: str, count: int) -> None:
    if not count:
        raise UnknownDocumentError
    connection.execute(_VERSION, [agency])


def versions(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    """Agency → version of its register; agencies without one are missing."""
    rows = connection.execute("SELECT agency, version FROM unreleased_version").fetchall()
    return {str(agency): int(version) for agency, version in rows}  # type: ignore[call-overload]


def load_filter(connection: psycopg.Connection[tuple[object, ...]], agency: str) -> Filter:
    """All fingerprints of an agency, in a filter."""
    row = connection.execute(
        "SELECT count(*) FROM unreleased_print WHERE agency = %s", [agency]
    ).fetchone()
    count = int(row[0]) if row else 0  # type: ignore[call-overload]
    made = Filter(max(1024, count + count // 8))
    with connection.transaction(), connection.cursor(name="prints", binary=True) as cursor:
        cursor.itersize = 200_000
        cursor.execute("SELECT print FROM unreleased_print WHERE agency = %s", [agency])
        while rows := cursor.fetchmany(200_000):
            made.add(np.array(rows, np.int64).reshape(-1))
    return made


class Lookup:
    """One worker's way to the documents behind fingerprints. `timeout` in seconds."""

    def __init__(self, dsn: str, *, timeout: float = 2.0) -> None:
        self._dsn, self._timeout = dsn, timeout
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._lock = asyncio.Lock()

    async def known(self, agency: str, prints: Sequence[int]) -> dict[int, list[Registered]]:
        """Fingerprint → the agency's documents that have it.

        Raises:
            LedgerUnavailableError: the database does not answer: what can't be looked up is not
                forwarded.
        """
        async with self._lock:
            try:
                async with asyncio.timeout(self._timeout):
                    if self._connection is None or self._connection.closed:
                        self._connection = await psycopg.AsyncConnection.connect(
                            self._dsn, autocommit=True
                        )
                    async with self._connection.cursor(row_factory=dict_row) as cursor:
                        await cursor.execute(_KNOWN, [list(prints), agency])
                        rows = await cursor.fetchall()
            except (psycopg.Error, TimeoutError, OSError) as error:
                if self._connection is not None:
                    await self._connection.close()
                self._connection = None
                raise LedgerUnavailableError(type(error).__name__) from error
        found: dict[int, list[Registered]] = {}
        for row in rows:
            found.setdefault(int(row.pop("print")), []).append(_document(row))
        return found

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            await self._connection.close()


def _row(document: Registered) -> dict[str, object]:
    row: dict[str, object] = msgspec.to_builtins(document)
    return row


def _document(row: dict[str, object]) -> Registered:
    fields = {**row, "level": DataClass(str(row["level"])), "state": State(str(row["state"]))}
    return Registered(**fields)  # type: ignore[arg-type]
