"""What the database says of how the house fares, from real tables."""

from __future__ import annotations

import time
import uuid

import psycopg
import pytest

from shenyong.storage.gauges import read
from shenyong.storage.server import EmbeddedServer

SECOND = 1_000_000
AGENCY = ("moda", "nat")


def uuid7(seconds: float) -> str:
    """A UUIDv7 of a time in seconds."""
    number = (int(seconds * 1000) << 80) | (7 << 76) | (2 << 62) | 12345
    return str(uuid.UUID(int=number))


def logs(dsn: str, *heads: tuple[str, int, int]) -> None:
    """Logs with their size and how much of it is integrated."""
    with psycopg.connect(dsn) as connection:
        for agency, size, integrated in heads:
            connection.execute(
                "INSERT INTO ledger_head (agency, size, integrated, public_key)"
                " VALUES (%s, %s, %s, 'k')",
                [agency, size, integrated],
            )


def entry(dsn: str, agency: str, index: int, seconds: float) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO ledger_entry (agency, idx, request_id, attempt, type, leaf, leaf_hash)"
            " VALUES (%s, %s, %s, 1, 'admin', 'not json', '\\x00')",
            [agency, index, uuid7(seconds)],
        )


def checkpoint(dsn: str, agency: str, size: int, at: int, witness: str = "") -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO ledger_checkpoint (agency, size, note, at) VALUES (%s, %s, 'n', %s)",
            [agency, size, at],
        )
        if witness:
            connection.execute(
                "INSERT INTO cosignature (agency, size, witness, line, at)"
                " VALUES (%s, %s, %s, 'l', %s)",
                [agency, size, witness, at],
            )


@pytest.fixture
def empty(clean: str) -> str:
    with psycopg.connect(clean) as connection:
        connection.execute("TRUNCATE cosignature")
    return clean


def test_with_nothing_there_nothing_waits(empty: str):
    found = read(empty, ["w"])
    assert (found.unsigned, found.unsigned_since, found.witnessed) == (0, 0, {"w": 0})
    assert (found.matters, found.matters_since) == (0, 0)


def test_the_oldest_entry_without_a_checkpoint_counts(empty: str):
    now = time.time()
    logs(empty, ("moda", 10, 7), ("nat", 5, 4), ("full", 3, 3))
    entry(empty, "moda", 7, now - 30)
    entry(empty, "moda", 8, now - 20)
    entry(empty, "nat", 4, now - 90)
    found = read(empty, [])
    assert found.unsigned == 4
    assert found.unsigned_since == pytest.approx((now - 90) * SECOND, abs=2000)


def test_an_entry_that_was_taken_away_does_not_hide_the_rest(empty: str):
    logs(empty, ("moda", 10, 7))
    found = read(empty, [])
    assert (found.unsigned, found.unsigned_since) == (3, 0)


def test_a_witness_is_as_late_as_the_oldest_checkpoint_that_it_has_not_cosigned(empty: str):
    logs(empty, ("moda", 30, 30), ("nat", 9, 9))
    checkpoint(empty, "moda", 10, 100, "good")
    checkpoint(empty, "moda", 20, 200, "good")
    checkpoint(empty, "moda", 30, 300)
    checkpoint(empty, "nat", 9, 250, "good")
    assert read(empty, ["good", "never"]).witnessed == {"good": 300, "never": 100}


def test_the_server_says_how_many_may_come(empty: str):
    with psycopg.connect(empty), psycopg.connect(empty):
        found = read(empty, [])
    assert 3 <= found.connections <= found.connections_limit
    assert found.connections_limit >= 20


def test_the_disk_of_a_server_on_this_machine(empty: str, pg: EmbeddedServer):
    free, whole = read(empty, []).disk
    assert 0 < free < whole
    through_tcp = empty  # a server elsewhere has a disk that is not ours to see
    with psycopg.connect(through_tcp) as connection:
        row = connection.execute("SELECT inet_server_addr()").fetchone()
    assert row == (None,), "the embedded one is reached by its socket"


def test_a_database_that_is_gone_is_told(tmp_path: object):
    with pytest.raises(psycopg.Error):
        read("postgresql:///nothing?host=/nowhere", [])
