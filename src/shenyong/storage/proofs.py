"""Proofs over the stored tiles: O(log n) tiles are read, whatever the log's size."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from shenyong.ledger.merkle import Hash, ProofError, consistency_proof, inclusion_proof
from shenyong.ledger.proof import Receipt
from shenyong.ledger.tiles import Tile, subtree_from

_TILE = "SELECT hashes FROM ledger_tile WHERE agency = %s AND level = %s AND idx = %s"
_NOTE = """
SELECT note, size FROM ledger_checkpoint WHERE agency = %s AND size > %s ORDER BY size {} LIMIT 1
"""

Connection = psycopg.Connection[tuple[object, ...]]


def reader(connection: Connection, agency: str) -> Callable[[int, int], bytes]:
    """A function that reads a tile's hashes, each tile once; empty where there is none."""
    seen: dict[Tile, bytes] = {}

    def tile(level: int, index: int) -> bytes:
        if (level, index) not in seen:
            with connection.cursor(binary=True) as cursor:
                row = cursor.execute(_TILE, [agency, level, index]).fetchone()
            hashes = row[0] if row else b""
            assert isinstance(hashes, bytes)
            seen[level, index] = hashes
        return seen[level, index]

    return tile


def inclusion(dsn: str, agency: str, index: int, size: int) -> list[Hash]:
    """The audit path of entry `index` in the log's state of `size` entries (RFC 6962 2.1.1).

    Raises:
        ProofError: there is no such entry in that state, or the tiles do not reach so far.
        psycopg.Error: the database does not answer.
    """
    with psycopg.connect(dsn) as connection:
        return inclusion_proof(subtree_from(reader(connection, agency)), index, size)


def consistency(dsn: str, agency: str, old: int, size: int) -> list[Hash]:
    """The proof that the state of `old` entries is a prefix of that of `size` (RFC 6962 2.1.2).

    Raises:
        ProofError: the sizes are out of order, or the tiles do not reach so far.
        psycopg.Error: the database does not answer.
    """
    with psycopg.connect(dsn) as connection:
        return consistency_proof(subtree_from(reader(connection, agency)), old, size)


def receipt(dsn: str, agency: str, index: int, *, newest: bool = False) -> Receipt:
    """The proof of an entry with the first checkpoint that covers it, or with the newest one.

    Raises:
        ProofError: no checkpoint covers the entry yet.
        psycopg.Error: the database does not answer.
    """
    with psycopg.connect(dsn) as connection:
        query = _NOTE.format("DESC" if newest else "ASC").encode()
        with connection.cursor(binary=True) as cursor:
            row = cursor.execute(query, [agency, index]).fetchone()
        if row is None or index < 0:
            raise ProofError(f"no checkpoint covers entry {index} yet")
        note, size = row
        assert isinstance(note, bytes)
        assert isinstance(size, int)
        path = inclusion_proof(subtree_from(reader(connection, agency)), index, size)
    return Receipt(index, tuple(path), note)
