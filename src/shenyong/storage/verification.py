"""Verifying what is stored: streams a log out of the database through `ledger.verify`.

All of it is read in one snapshot, so a log may be verified while it grows. The key should come from
elsewhere than the database: who can rewrite the one can rewrite the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import psycopg

from shenyong.ledger.checkpoint import VerifyingKey
from shenyong.ledger.verify import Fault, Report, Row, verify

_BATCH = 5_000


class UnknownLogError(LookupError):
    """There is no log of that agency."""


def logs(dsn: str) -> dict[str, VerifyingKey]:
    """The logs in the database, with the public key that each was made with."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        rows = connection.execute(
            "SELECT agency, public_key FROM ledger_head ORDER BY agency"
        ).fetchall()
    return {str(agency): VerifyingKey.parse(str(key)) for agency, key in rows}


def agencies(dsn: str) -> list[str]:
    """Every agency that has, or must have, a log: registered, with entries, or with a head."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        found = connection.execute(
            "SELECT id FROM agency UNION SELECT agency FROM ledger_head "
            "UNION SELECT DISTINCT agency FROM ledger_entry "
            "UNION SELECT DISTINCT agency FROM ledger_checkpoint ORDER BY 1"
        ).fetchall()
    return [str(name) for (name,) in found]


def verify_log(
    dsn: str, agency: str, key: VerifyingKey | None = None, *, kept: Iterable[bytes] = ()
) -> Report:
    """Verify a log from its first entry to its last.

    `key` is the log's public key (the one in the database if None); `kept` are checkpoints that
    somebody kept elsewhere: with them a rewritten or shortened log is found out.

    A log without its head is damage, if anything of it is there.

    Raises:
        UnknownLogError: there is no such log.
        NoteError: the stored public key is not one.
    """
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        head = connection.execute(
            "SELECT size, integrated, public_key FROM ledger_head WHERE agency = %s", [agency]
        ).fetchone()
        if head is None:
            return _headless(connection, agency)
        notes = connection.execute(
            "SELECT note FROM ledger_checkpoint WHERE agency = %s ORDER BY size", [agency]
        ).fetchall()

        def tile(level: int, index: int) -> bytes:
            row = connection.execute(
                "SELECT hashes FROM ledger_tile WHERE agency = %s AND level = %s AND idx = %s",
                [agency, level, index],
                binary=True,
            ).fetchone()
            return bytes(row[0]) if row else b""

        return verify(
            agency,
            rows(connection, agency),
            notes=[*(bytes(note) for (note,) in notes), *kept],
            key=key or VerifyingKey.parse(str(head[2])),
            tiles=tile,
            integrated=int(head[1]),
            size=int(head[0]),
        )


def _headless(connection: psycopg.Connection[tuple[object, ...]], agency: str) -> Report:
    """What is said of a log whose head is gone."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM ledger_entry WHERE agency = %s) + "
        "(SELECT count(*) FROM ledger_checkpoint WHERE agency = %s)",
        [agency, agency],
    ).fetchone()
    if row is None or not row[0]:
        raise UnknownLogError(agency)
    return Report(agency, faults=[Fault("missing_head", None, f"{row[0]} rows without it")])


def rows(
    connection: psycopg.Connection[tuple[object, ...]],
    agency: str,
    until: int | None = None,
    first: int = 0,
) -> Iterator[Row]:
    """The entries of a log in order, from `first` up to index `until`; streamed, not held."""
    with connection.cursor(name="ledger_rows", binary=True) as cursor:
        cursor.itersize = _BATCH
        cursor.execute(
            "SELECT idx, leaf, leaf_hash, request_id, attempt, type FROM ledger_entry "
            "WHERE agency = %s AND idx >= %s AND idx < %s ORDER BY idx",
            [agency, first, (1 << 62) if until is None else until],
        )
        for index, leaf, stored, request, attempt, kind in cursor:
            assert isinstance(index, int)
            assert isinstance(leaf, bytes)
            assert isinstance(stored, bytes)
            assert isinstance(attempt, int)
            yield Row(index, leaf, stored, (str(request), attempt, str(kind)))
