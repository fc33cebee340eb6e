"""What a killed worker left open is closed once, by whoever starts next."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

import psycopg
import pytest
from tests.storage.entries import AGENCY, intent, outcome, request_id

from shenyong.ledger import Outcome, OutcomeKind
from shenyong.ledger.checkpoint import SigningKey
from shenyong.ledger.entry import decode
from shenyong.storage.ledger import LedgerUnavailableError, LedgerWriter
from shenyong.storage.recovery import close_interrupted, watch
from shenyong.storage.verification import verify_log

KEY = SigningKey(f"shenyong/{AGENCY}", b"\1" * 32)
KEYS = {AGENCY: str(KEY.verifying)}
ROOT = Path(__file__).parents[2]
# Records five intents and two of their outcomes, says so, and waits to be killed.
VICTIM = """
import asyncio, sys, time
sys.path.insert(0, {root!r})
from tests.storage.entries import intent, outcome
from shenyong.storage.ledger import LedgerWriter
async def main():
    writer = LedgerWriter({dsn!r}, started=time.time_ns() // 1000 - 60_000_000)
    await writer.start({keys!r})
    begun = [intent(worker=writer.worker) for _ in range(5)]
    indexes = await asyncio.gather(*(writer.append(each) for each in begun))
    for place in range(2):
        await writer.append(outcome(begun[place], indexes[place]))
    print(*(each.request for each in begun[2:]), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def killed(dsn: str) -> list[str]:
    """The requests that a worker killed by SIGKILL left open."""
    script = VICTIM.format(root=str(ROOT), dsn=dsn, keys=KEYS)
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    left = (await victim.stdout.readline()).decode().split()
    victim.send_signal(signal.SIGKILL)
    await victim.wait()
    assert len(left) == 3
    return left


async def started(dsn: str) -> LedgerWriter:
    writer = LedgerWriter(dsn, started=time.time_ns() // 1000)
    await writer.start(KEYS)
    return writer


def interrupted(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT leaf FROM ledger_entry ORDER BY idx").fetchall()
    entries = [decode(bytes(row[0])) for row in rows]
    return [
        each.request
        for each in entries
        if isinstance(each, Outcome) and each.outcome is OutcomeKind.INTERRUPTED
    ]


def workers(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM worker").fetchone()
    assert row is not None
    return int(row[0])


async def until_noticed(dsn: str, writer: LedgerWriter) -> int:
    """Recover until it closes something: the server needs a moment to see that a client died."""
    for _ in range(50):
        if count := await close_interrupted(dsn, writer):
            return count
        await asyncio.sleep(0.1)
    return 0


@pytest.mark.point("ey-genai-2023:2")
async def test_what_a_killed_worker_left_is_closed_and_nothing_else(clean: str) -> None:
    living = await started(clean)
    mine = intent(worker=living.worker)
    index = await living.append(mine)
    left = await killed(clean)
    assert await until_noticed(clean, living) == 3
    assert sorted(interrupted(clean)) == sorted(left)
    assert await close_interrupted(clean, living) == 0
    assert workers(clean) == 1
    await living.append(outcome(mine, index))
    await living.stop()
    report = verify_log(clean, AGENCY)
    assert report.ok, report.faults
    assert (report.intents, report.outcomes, report.open_intents) == (6, 6, 0)


async def test_many_recoveries_at_once_close_each_intent_once(clean: str) -> None:
    living = [await started(clean) for _ in range(4)]
    left = [*await killed(clean), *await killed(clean)]
    await asyncio.sleep(0.5)
    closed = await asyncio.gather(*(close_interrupted(clean, each) for each in living))
    for each in living:
        await each.stop()
    assert sum(closed) == 6
    assert sorted(interrupted(clean)) == sorted(left)
    assert verify_log(clean, AGENCY).ok


async def test_an_intent_left_at_a_clean_stop_is_closed_by_the_next(clean: str) -> None:
    leaving = await started(clean)
    await leaving.append(intent(worker=leaving.worker))
    await leaving.stop()
    following = await started(clean)
    assert await close_interrupted(clean, following) == 1
    await following.stop()
    assert workers(clean) == 0


async def test_a_worker_taken_for_dead_goes_on_and_is_known_again(clean: str) -> None:
    """Its connection was cut, another closed its intents; its own outcome is then refused."""
    cut, other = await started(clean), await started(clean)
    lost = intent(worker=cut.worker)
    index = await cut.append(lost)
    assert cut._connection is not None
    await cut._connection.close()
    assert await until_noticed(clean, other) == 1
    with pytest.raises(LedgerUnavailableError):
        await cut.append(outcome(lost, index))
    later = intent(worker=cut.worker)
    await cut.append(outcome(later, await cut.append(later)))
    assert workers(clean) == 2
    await cut.stop()
    await other.stop()
    assert verify_log(clean, AGENCY).ok


async def test_a_living_worker_moves_its_mark_so_that_recovery_is_short(clean: str) -> None:
    """Started hours ago, it says from when on it may have left something open."""
    now = time.time_ns() // 1000
    writer = LedgerWriter(clean, started=now - 7_200_000_000)
    await writer.start(KEYS)
    await writer.append(intent())
    await writer.stop()
    with psycopg.connect(clean) as connection:
        row = connection.execute("SELECT started FROM worker").fetchone()
    assert row is not None
    assert now - 700_000_000 < row[0] < now


async def test_the_mark_does_not_pass_an_open_intent(clean: str) -> None:
    now = time.time_ns() // 1000
    writer = LedgerWriter(clean, started=now - 7_200_000_000)
    await writer.start(KEYS)
    old = request_id(at_ms=now // 1000 - 3_600_000)
    await writer.append(intent(old, worker=writer.worker))
    await writer.stop()
    following = await started(clean)
    assert await close_interrupted(clean, following) == 1
    assert interrupted(clean) == [old]
    await following.stop()


async def _watching(dsn: str, *writers: LedgerWriter) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(watch(dsn, each, 2.0)) for each in writers]


async def test_living_workers_close_what_a_dead_one_left(clean: str) -> None:
    living = [await started(clean) for _ in range(2)]
    left = await killed(clean)
    tasks = await _watching(clean, *living)
    for _ in range(600):
        if len(interrupted(clean)) == len(left):
            break
        await asyncio.sleep(0.05)
    assert sorted(interrupted(clean)) == sorted(left)
    for each in tasks:
        each.cancel()
    for writer in living:
        await writer.stop()


async def test_a_worker_whose_line_was_cut_is_not_dead(clean: str) -> None:
    living = [await started(clean) for _ in range(2)]
    mine = intent(worker=living[0].worker)
    index = await living[0].append(mine)
    tasks = await _watching(clean, *living)
    for _ in range(2):
        with psycopg.connect(clean, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = %s",
                [f"shenyong-ledger-{living[0].worker}"],
            )
        await asyncio.sleep(4.5)  # two looks
    assert interrupted(clean) == []
    await living[0].append(outcome(mine, index))
    for each in tasks:
        each.cancel()
    for writer in living:
        await writer.stop()
    assert verify_log(clean, AGENCY).open_intents == 0
