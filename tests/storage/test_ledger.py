"""The writer against a real PostgreSQL: grouped, contiguous, and never silent when it fails."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import psycopg
import pytest
from tests.storage.entries import AGENCY, intent, outcome

from shenyong.ledger import Outcome
from shenyong.ledger.checkpoint import SigningKey
from shenyong.ledger.entry import decode, encode
from shenyong.ledger.merkle import leaf_hash
from shenyong.storage import clock, ledger
from shenyong.storage.clock import Clock
from shenyong.storage.ledger import LedgerKeyError, LedgerUnavailableError, LedgerWriter
from shenyong.storage.server import EmbeddedServer
from shenyong.storage.verification import verify_log

KEY = SigningKey(f"shenyong/{AGENCY}", b"\1" * 32)
KEYS = {AGENCY: str(KEY.verifying)}
NOW = time.time_ns() // 1000


@pytest.fixture
async def writer(dsn: str) -> AsyncIterator[LedgerWriter]:
    made = LedgerWriter(dsn, started=NOW)
    await made.start(KEYS)
    yield made
    await made.stop()


def stored(dsn: str) -> list[tuple[int, bytes]]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT idx, leaf FROM ledger_entry WHERE agency = %s ORDER BY idx", [AGENCY]
        ).fetchall()
    return [(int(index), bytes(leaf)) for index, leaf in rows]


@pytest.mark.point("ey-genai-2023:2")
async def test_concurrent_appends_share_commits_and_stay_contiguous(
    dsn: str, writer: LedgerWriter
) -> None:
    before = len(stored(dsn))
    with psycopg.connect(dsn, autocommit=True) as connection:
        head = "SELECT xmin::text FROM ledger_entry WHERE agency = %s AND idx >= %s"
        entries = [intent() for _ in range(200)]
        indexes = await asyncio.gather(*(writer.append(each) for each in entries))
        commits = {row[0] for row in connection.execute(head, [AGENCY, before])}
    assert sorted(indexes) == list(range(before, before + 200))
    assert len(commits) <= 3
    found = dict(stored(dsn))
    for index, entry in zip(indexes, entries, strict=True):
        assert decode(found[index]) == entry


async def test_two_writers_keep_one_log(dsn: str, writer: LedgerWriter) -> None:
    script = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.storage.entries import intent
from shenyong.storage.ledger import LedgerWriter
async def main():
    writer = LedgerWriter({dsn!r}, started={NOW})
    await writer.start({KEYS!r})
    for _ in range(30):
        await asyncio.gather(*(writer.append(intent()) for _ in range(10)))
    await writer.stop()
asyncio.run(main())
"""
    before = len(stored(dsn))
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    ended = asyncio.create_task(other.wait())
    while not ended.done():
        await asyncio.gather(*(writer.append(intent()) for _ in range(10)))
    assert other.returncode == 0
    indexes = [index for index, _ in stored(dsn)]
    assert indexes == list(range(len(indexes)))
    assert len(indexes) >= before + 310


async def test_a_request_is_recorded_once_and_spares_its_neighbours(writer: LedgerWriter) -> None:
    first = intent()
    await writer.append(first)
    results = await asyncio.gather(
        writer.append(intent()),
        writer.append(first),
        writer.append(intent()),
        return_exceptions=True,
    )
    assert isinstance(results[0], int)
    assert isinstance(results[1], LedgerUnavailableError)
    assert isinstance(results[2], int)


async def test_an_agency_without_a_log_is_refused(writer: LedgerWriter) -> None:
    with pytest.raises(LedgerUnavailableError):
        await writer.append(intent(agency="nobody"))
    assert await writer.append(intent()) >= 0


async def test_a_log_of_another_key_is_not_continued(dsn: str, writer: LedgerWriter) -> None:
    other = LedgerWriter(dsn, started=NOW)
    with pytest.raises(LedgerKeyError):
        await other.start({AGENCY: str(SigningKey(f"shenyong/{AGENCY}", b"\2" * 32).verifying)})
    await other.stop()


async def test_stop_writes_what_waits_and_refuses_what_comes_later(dsn: str) -> None:
    leaving = LedgerWriter(dsn, started=NOW)
    await leaving.start(KEYS)
    waiting = [asyncio.create_task(leaving.append(intent())) for _ in range(50)]
    await asyncio.sleep(0)
    await leaving.stop()
    indexes = await asyncio.wait_for(asyncio.gather(*waiting), 1)
    assert len(set(indexes)) == 50
    with pytest.raises(LedgerUnavailableError):
        await leaving.append(intent())
    with psycopg.connect(dsn) as connection:  # it leaves open intents, so it stays registered
        found = connection.execute("SELECT 1 FROM worker WHERE id = %s", [int(leaving.worker)])
        assert found.fetchone() is not None


async def test_a_worker_that_leaves_nothing_open_is_forgotten(dsn: str) -> None:
    leaving = LedgerWriter(dsn, started=NOW)
    await leaving.start(KEYS)
    begun = intent()
    await leaving.append(outcome(begun, await leaving.append(begun)))
    await leaving.stop()
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT 1 FROM worker WHERE id = %s", [int(leaving.worker)])
        assert found.fetchone() is None


async def test_a_cancelled_caller_drops_an_intent_but_not_an_outcome(
    dsn: str, writer: LedgerWriter
) -> None:
    begun, dropped = intent(), intent()
    index = await writer.append(begun)
    ending = asyncio.create_task(writer.append(outcome(begun, index)))
    starting = asyncio.create_task(writer.append(dropped))
    await asyncio.sleep(0)
    ending.cancel()
    starting.cancel()
    await asyncio.gather(ending, starting, return_exceptions=True)
    await writer.append(intent())
    entries = [decode(leaf) for _, leaf in stored(dsn)]
    assert any(isinstance(each, Outcome) and each.request == begun.request for each in entries)
    assert not any(each.request == dropped.request for each in entries)


async def test_what_was_not_expected_fails_the_waiting(
    writer: LedgerWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_connect", lambda: 1 / 0)
    with pytest.raises(LedgerUnavailableError):
        await asyncio.wait_for(writer.append(intent()), 1)
    monkeypatch.undo()
    assert await writer.append(intent()) >= 0


async def test_a_stopped_writer_task_never_hangs_a_caller(dsn: str) -> None:
    broken = LedgerWriter(dsn, started=NOW)
    await broken.start(KEYS)
    waiting = asyncio.create_task(broken.append(intent()))
    await asyncio.sleep(0)
    assert broken._task is not None
    broken._task.cancel()
    result = (await asyncio.wait_for(asyncio.gather(waiting, return_exceptions=True), 1))[0]
    assert isinstance(result, LedgerUnavailableError | int)
    with pytest.raises(LedgerUnavailableError):
        await broken.append(intent())


async def test_a_frozen_server_is_unavailable_in_time(
    pg: EmbeddedServer, new_database: Callable[..., str]
) -> None:
    made = LedgerWriter(new_database(), started=NOW, timeout=0.5)
    await made.start(KEYS)
    await made.append(intent())
    frozen = _server_processes(pg.pid)
    for each in frozen:
        os.kill(each, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        results = await asyncio.gather(
            *(made.append(intent()) for _ in range(5)), return_exceptions=True
        )
        assert time.monotonic() - begin < 1.5
        assert all(isinstance(each, LedgerUnavailableError) for each in results)
        assert not await made.ready()
    finally:
        for each in frozen:
            os.kill(each, signal.SIGCONT)
    await _until_it_works(made)
    await made.stop()


async def test_the_database_goes_and_comes_back(
    pg: EmbeddedServer, new_database: Callable[..., str]
) -> None:
    address = new_database()
    made = LedgerWriter(address, started=NOW)
    await made.start(KEYS)
    index = await made.append(intent())
    pg.stop()
    begin = time.monotonic()
    with pytest.raises(LedgerUnavailableError):
        await made.append(intent())
    with pytest.raises(LedgerUnavailableError):
        await made.append(intent())
    assert time.monotonic() - begin < 2
    assert not await made.ready()
    pg.start()
    await _until_it_works(made)
    assert await made.append(intent()) > index
    assert await made.ready()
    await made.stop()


async def _until_it_works(made: LedgerWriter) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            await made.append(intent())
        except LedgerUnavailableError:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        else:
            return


def _server_processes(postmaster: int) -> list[int]:
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *(int(each) for each in children)]


async def test_the_log_s_time_never_runs_back_though_a_writer_stood_still(
    clean: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host went on meanwhile: what was stamped before gets the time of its recording."""
    fresh = Clock()
    for module in (clock, ledger):
        monkeypatch.setattr(module, "CLOCK", fresh)
    writer = LedgerWriter(clean, started=1)
    await writer.start(KEYS)
    assert await writer.append(intent()) == 0
    ahead = msgspec.structs.replace(intent(), at=fresh.now() + 20_000_000)
    leaf = encode(ahead)
    with psycopg.connect(clean, autocommit=True) as connection:
        values = {
            "agency": AGENCY, "count": 1, "requests": [ahead.request], "attempts": [ahead.attempt],
            "types": ["intent"], "leaves": [leaf], "hashes": [leaf_hash(leaf)],
            "latest": ledger.latest(ahead),
        }  # fmt: skip
        assert connection.execute(ledger.APPEND.encode(), values).fetchone() == (1,)
    late = [intent() for _ in range(3)]
    assert await asyncio.gather(*(writer.append(each) for each in late)) == [2, 3, 4]
    await writer.stop()
    with psycopg.connect(clean) as connection:
        rows = connection.execute("SELECT leaf FROM ledger_entry ORDER BY idx").fetchall()
    times = [decode(bytes(row)).at for (row,) in rows]
    assert times[2:] >= [ahead.at] * 3
    assert verify_log(clean, AGENCY).ok


async def test_a_log_that_is_not_there_is_not_waited_for(clean: str) -> None:
    writer = LedgerWriter(clean, started=1)
    await writer.start(KEYS)
    with pytest.raises(LedgerUnavailableError):
        await writer.append(msgspec.structs.replace(intent(), agency="nobody"))
    await writer.stop()
