"""Signing against a real PostgreSQL: what is stored is checked again before it is signed for."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest
from tests.storage.entries import AGENCY, intent

from shenyong.ledger.checkpoint import Checkpoint, SigningKey, open_note
from shenyong.ledger.merkle import leaf_hash, root_of
from shenyong.storage.checkpointing import LEADER_LOCK, Checkpointer, LedgerCorruptError
from shenyong.storage.ledger import LedgerWriter
from shenyong.storage.verification import verify_log

KEY = SigningKey(f"shenyong/{AGENCY}", b"\1" * 32)


async def write(dsn: str, count: int, agency: str = AGENCY) -> None:
    writer = LedgerWriter(dsn, started=time.time_ns() // 1000)
    await writer.start({agency: str(KEY.verifying)})
    await asyncio.gather(*(writer.append(intent(agency=agency)) for _ in range(count)))
    await writer.stop()


def execute(dsn: str, query: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), values, binary=True)
        return cursor.fetchall() if cursor.description else []


def flip(table: str, column: str, byte: int) -> str:
    """SQL that turns one byte's lowest bit over: never the byte that was there."""
    return (
        f"UPDATE {table} SET {column} = set_byte({column}, {byte}, get_byte({column}, {byte}) # 1)"
    )


def checkpoints(dsn: str) -> list[Checkpoint]:
    notes = execute(dsn, "SELECT note FROM ledger_checkpoint ORDER BY size")
    return [Checkpoint.parse(open_note(bytes(row[0]), KEY.verifying)) for row in notes]  # type: ignore[call-overload]


async def test_it_signs_the_tree_of_what_is_stored(clean: str) -> None:
    signer = Checkpointer(clean, {AGENCY: KEY})
    sizes = [1, 2, 255, 256, 257, 600, 2700]
    for before, size in zip([0, *sizes], sizes, strict=False):
        await write(clean, size - before)
        assert await signer.once(AGENCY) == size
    leaves = [
        leaf_hash(bytes(row[0]))  # type: ignore[call-overload]
        for row in execute(clean, "SELECT leaf FROM ledger_entry ORDER BY idx")
    ]
    assert [each.size for each in checkpoints(clean)] == sizes
    for each in checkpoints(clean):
        assert each.root == root_of(leaves[: each.size])
        assert each.origin == KEY.verifying.name


async def test_twice_is_as_once_and_together_is_as_alone(clean: str) -> None:
    await write(clean, 300)
    signers = [Checkpointer(clean, {AGENCY: KEY}) for _ in range(4)]
    assert await asyncio.gather(*(each.once(AGENCY) for each in signers)) == [300] * 4
    assert await signers[0].once(AGENCY) == 300
    assert len(checkpoints(clean)) == 1


@pytest.mark.parametrize(
    ("damage", "index"),
    [
        (flip("ledger_entry", "leaf", 40) + " WHERE idx = 305", 305),
        (flip("ledger_entry", "leaf_hash", 3) + " WHERE idx = 307", 307),
        ("DELETE FROM ledger_entry WHERE idx = 306", 306),
        ("DELETE FROM ledger_entry WHERE idx = 309", 309),
        # what was signed before: the tiles on the edge, and the note
        (flip("ledger_tile", "hashes", 5) + " WHERE level = 0 AND idx = 1", 300),
        (flip("ledger_tile", "hashes", 5) + " WHERE level = 1", 300),
        ("DELETE FROM ledger_tile WHERE level = 1", 300),
        (flip("ledger_checkpoint", "note", 20), 300),
        ("DELETE FROM ledger_checkpoint", 300),
    ],
)
async def test_damage_is_not_signed_for(clean: str, damage: str, index: int) -> None:
    signer = Checkpointer(clean, {AGENCY: KEY})
    await write(clean, 300)
    await signer.once(AGENCY)
    await write(clean, 10)
    execute(clean, damage)
    with pytest.raises(LedgerCorruptError) as error:
        await signer.once(AGENCY)
    assert (error.value.agency, error.value.index) == (AGENCY, index)
    assert execute(clean, "SELECT integrated FROM ledger_head") == [(300,)]
    assert execute(clean, "SELECT size FROM ledger_checkpoint WHERE size > 300") == []


async def test_the_damaged_log_is_left_and_the_others_are_signed(clean: str) -> None:
    other = "second"
    theirs = SigningKey(f"shenyong/{other}", b"\1" * 32)
    signer = Checkpointer(clean, {AGENCY: KEY, other: theirs}, every_seconds=1)
    await write(clean, 3)
    await write(clean, 2, other)
    execute(clean, "DELETE FROM ledger_entry WHERE agency = %s AND idx = 1", AGENCY)

    def wait_for(sizes: list[int]) -> None:
        query = "SELECT size FROM ledger_checkpoint WHERE agency = %s ORDER BY size"
        while [int(str(size)) for (size,) in execute(clean, query, other)] != sizes:
            time.sleep(0.05)

    async with asyncio.timeout(20):
        task = asyncio.create_task(signer.run())
        await asyncio.to_thread(wait_for, [2])
        assert set(signer.corrupt) == {AGENCY}
        assert signer.corrupt[AGENCY].index == 1
        await write(clean, 4, other)  # it goes on with the sound one
        await asyncio.to_thread(wait_for, [2, 6])
    assert execute(clean, "SELECT * FROM ledger_checkpoint WHERE agency = %s", AGENCY) == []
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_another_key_does_not_continue_a_log(clean: str) -> None:
    await write(clean, 3)
    await Checkpointer(clean, {AGENCY: KEY}).once(AGENCY)
    await write(clean, 1)
    other = SigningKey(f"shenyong/{AGENCY}", b"\2" * 32)
    with pytest.raises(LedgerCorruptError):
        await Checkpointer(clean, {AGENCY: other}).once(AGENCY)


@pytest.mark.parametrize(
    "hide",
    [
        "UPDATE ledger_head SET integrated = 0; DELETE FROM ledger_tile;"
        " DELETE FROM ledger_checkpoint",
        "UPDATE ledger_head SET integrated = 0, size = 100; DELETE FROM ledger_tile;"
        " DELETE FROM ledger_checkpoint; DELETE FROM ledger_entry WHERE idx >= 100",
    ],
)
async def test_a_history_begun_anew_does_not_get_a_signature(clean: str, hide: str) -> None:
    """Whoever can write to the database, and hasn't the key, can't have it signed again by us."""
    signer = Checkpointer(clean, {AGENCY: KEY})
    await write(clean, 300)
    await signer.once(AGENCY)
    for statement in hide.split(";"):
        execute(clean, statement)
    await write(clean, 1)
    with pytest.raises(LedgerCorruptError):
        await signer.once(AGENCY)
    assert checkpoints(clean) == []


@pytest.mark.parametrize("newest_only", [True, False])
async def test_checkpoints_that_are_gone_are_missed(clean: str, newest_only: bool) -> None:
    signer = Checkpointer(clean, {AGENCY: KEY})
    for _ in range(2):
        await write(clean, 100)
        await signer.once(AGENCY)
    execute(clean, f"DELETE FROM ledger_checkpoint WHERE size > {100 if newest_only else 0}")
    report = verify_log(clean, AGENCY)
    assert [each.code for each in report.faults] == ["bad_checkpoint"]


async def test_one_leads_another_follows_and_the_end_is_signed(
    clean: str,
) -> None:
    first, second = (Checkpointer(clean, {AGENCY: KEY}) for _ in range(2))
    tasks = [asyncio.create_task(each.run()) for each in (first, second)]
    await write(clean, 5)
    await until(clean, 5)
    await write(clean, 5)
    tasks[0].cancel()  # whichever leads, nothing is left unsigned
    await asyncio.gather(tasks[0], return_exceptions=True)
    await until(clean, 10)
    await write(clean, 5)
    await until(clean, 15)
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    rows = execute(clean, "SELECT at FROM ledger_checkpoint ORDER BY size")
    assert len(rows) <= 4


async def test_the_leader_signs_once_more_when_it_is_stopped(
    clean: str,
) -> None:
    task = asyncio.create_task(Checkpointer(clean, {AGENCY: KEY}, every_seconds=60).run())
    await write(clean, 5)
    await asyncio.sleep(0.3)  # it leads now, and waits for a minute
    await write(clean, 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert checkpoints(clean)[-1].size == 10


LOGS = {f"agency-{number}": SigningKey(f"shenyong/agency-{number}", bytes([number]) * 32)
        for number in range(6)}  # fmt: skip


def led(dsn: str) -> list[int]:
    """How many logs each connection leads."""
    rows = execute(
        dsn,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
        "AND classid = %s AND database = (SELECT oid FROM pg_database "
        "WHERE datname = current_database()) GROUP BY pid ORDER BY 1",
        LEADER_LOCK,
    )
    return [int(str(count)) for (count,) in rows]


async def reached(dsn: str, counts: list[int]) -> None:
    deadline = time.monotonic() + 60
    while led(dsn) != counts:
        assert time.monotonic() < deadline, led(dsn)
        await asyncio.sleep(0.05)


async def test_logs_are_shared_out_and_those_of_a_dead_worker_taken_over(clean: str) -> None:
    writers = [LedgerWriter(clean, started=time.time_ns() // 1000) for _ in range(2)]
    for each in writers:  # two workers live
        await each.start({name: str(key.verifying) for name, key in LOGS.items()})
    tasks = [asyncio.create_task(Checkpointer(clean, LOGS).run()) for _ in range(2)]
    await reached(clean, [3, 3])
    for name in LOGS:
        await writers[0].append(intent(agency=name))
    signed = "SELECT count(DISTINCT agency) FROM ledger_checkpoint"
    deadline = time.monotonic() + 30
    while execute(clean, signed) != [(len(LOGS),)]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    await writers[1].stop()
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    await reached(clean, [6])
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    await writers[0].stop()


async def until(dsn: str, size: int) -> None:
    deadline = time.monotonic() + 30
    while not any(each.size == size for each in checkpoints(dsn)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
