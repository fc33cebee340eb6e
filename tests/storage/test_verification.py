"""Verifying what is stored: one flipped byte in the database is found, and its entry named."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from tests.storage.entries import AGENCY, intent, outcome

from shenyong.ledger.checkpoint import SigningKey
from shenyong.storage.checkpointing import Checkpointer
from shenyong.storage.ledger import LedgerWriter
from shenyong.storage.verification import UnknownLogError, logs, verify_log

KEY = SigningKey(f"shenyong/{AGENCY}", b"\1" * 32)


async def _grow(dsn: str) -> None:
    writer = LedgerWriter(dsn, started=1)
    await writer.start({AGENCY: str(KEY.verifying)})

    async def call() -> None:
        begun = intent()
        await writer.append(outcome(begun, await writer.append(begun)))

    await asyncio.gather(*(call() for _ in range(300)))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await Checkpointer(dsn, {AGENCY: KEY}).sign_all(connection)
    await asyncio.gather(*(call() for _ in range(20)))
    await writer.stop()


@pytest.fixture(scope="module")
def address(new_database: Callable[..., str]) -> str:
    dsn = new_database()
    asyncio.run(_grow(dsn))
    return dsn


@pytest.fixture
def database(address: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


@pytest.mark.point("ey-genai-2023:2")
def test_a_sound_log_with_a_tail_that_nothing_signs_yet(address: str) -> None:
    report = verify_log(address, AGENCY, KEY.verifying)
    assert report.ok
    assert (report.entries, report.signed_size, report.open_intents) == (640, 600, 0)
    assert verify_log(address, AGENCY).ok
    assert {name: str(key) for name, key in logs(address).items()} == {AGENCY: str(KEY.verifying)}


@pytest.mark.parametrize("index", [0, 255, 599, 600, 639])
@pytest.mark.parametrize("column", ["leaf", "leaf_hash"])
def test_one_flipped_byte_names_its_entry(
    address: str,
    database: psycopg.Connection[tuple[object, ...]],
    index: int,
    column: str,
) -> None:
    flip = (
        f"UPDATE ledger_entry SET {column} = set_byte({column}, 9, get_byte({column}, 9) # 1) "
        "WHERE agency = %s AND idx = %s"
    ).encode()
    database.execute(flip, [AGENCY, index])
    try:
        report = verify_log(address, AGENCY, KEY.verifying)
    finally:
        database.execute(flip, [AGENCY, index])
    assert ("hash_mismatch", index) in {(each.code, each.index) for each in report.faults}
    assert verify_log(address, AGENCY, KEY.verifying).ok


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("DELETE FROM ledger_entry WHERE idx = 100", "missing_entry"),
        ("DELETE FROM ledger_entry WHERE idx = 639", "missing_entry"),
        ("DELETE FROM ledger_entry WHERE idx >= 500; UPDATE ledger_head SET size = 500",
         "tail_missing"),
        ("UPDATE ledger_tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) "
         "WHERE level = 1", "tile_mismatch"),
        ("DELETE FROM ledger_tile WHERE idx = 2", "tile_mismatch"),
        ("UPDATE ledger_checkpoint SET note = set_byte(note, 20, get_byte(note, 20) # 1)",
         "bad_checkpoint"),
        ("UPDATE ledger_entry SET agency = 'other' WHERE idx = 3", "missing_entry"),
        ("UPDATE ledger_entry SET request_id = gen_random_uuid() WHERE idx = 639",
         "label_mismatch"),
        ("UPDATE ledger_entry SET attempt = 2 WHERE idx = 0", "label_mismatch"),
        ("UPDATE ledger_entry SET type = 'decision' WHERE idx = 5", "label_mismatch"),
        ("DELETE FROM ledger_head", "missing_head"),
        ("DELETE FROM ledger_head; DELETE FROM ledger_entry", "missing_head"),
    ],
)  # fmt: skip
def test_other_damage(
    address: str, database: psycopg.Connection[tuple[object, ...]], damage: str, code: str
) -> None:
    """Done to a copy: a database of its own, from this one as a template."""
    name = f"damaged_{time.monotonic_ns()}"
    source = database.info.dbname
    copy = address.replace(f"/{source}?", f"/{name}?")
    admin = address.replace(f"/{source}?", "/postgres?")
    database.close()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}".encode())
    with psycopg.connect(copy, autocommit=True) as connection:
        for each in damage.split(";"):
            connection.execute(each.encode())
    report = verify_log(copy, AGENCY, KEY.verifying)
    assert code in {each.code for each in report.faults}


def test_a_log_cut_back_to_its_checkpoint_is_found_by_one_that_was_kept(
    address: str, database: psycopg.Connection[tuple[object, ...]]
) -> None:
    row = database.execute("SELECT note FROM ledger_checkpoint").fetchone()
    assert row is not None
    note = row[0]
    assert isinstance(note, bytes)
    assert verify_log(address, AGENCY, KEY.verifying, kept=[note]).ok
    text = note.split(b"\n\n")[0].replace(b"\n600\n", b"\n900\n") + b"\n"
    report = verify_log(address, AGENCY, KEY.verifying, kept=[KEY.sign(text)])
    assert [(each.code, each.index) for each in report.faults] == [("tail_missing", 899)]


def test_a_log_that_is_not_there(address: str) -> None:
    with pytest.raises(UnknownLogError):
        verify_log(address, "nobody")
