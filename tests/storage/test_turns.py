"""Refused turns: known again by their digest, until they expire; a dead database is told."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator

import psycopg
import pytest

from shenyong.ledger import Digester
from shenyong.storage.ledger import LedgerUnavailableError
from shenyong.storage.turns import KEPT_SECONDS, RefusedTurns

DIGESTER = Digester(bytes(32))
NOW = 1_790_000_000


def digest(text: str) -> str:
    return DIGESTER.turn("k1", "u1", text)


@pytest.fixture
async def turns(dsn: str) -> AsyncIterator[RefusedTurns]:
    made = RefusedTurns(dsn)
    yield made
    await made.close()


async def test_a_refused_turn_is_known_again(turns: RefusedTurns) -> None:
    decision = str(uuid.uuid4())
    await turns.remember([digest("a"), digest("b")], decision, NOW)
    asked = [digest("b"), digest("c")]
    assert await turns.recall(asked, NOW + 1) == {digest("b"): decision}
    assert await turns.recall([], NOW) == {}


async def test_the_latest_decision_counts(turns: RefusedTurns) -> None:
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    await turns.remember([digest("d")], first, NOW)
    await turns.remember([digest("d")], second, NOW + 10)
    assert await turns.recall([digest("d")], NOW + KEPT_SECONDS + 5) == {digest("d"): second}


async def test_it_expires_and_is_deleted(dsn: str, turns: RefusedTurns) -> None:
    await turns.remember([digest("e")], str(uuid.uuid4()), NOW)
    assert await turns.recall([digest("e")], NOW + KEPT_SECONDS - 1)
    assert not await turns.recall([digest("e")], NOW + KEPT_SECONDS)
    await turns.forget_expired(NOW + KEPT_SECONDS)
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM denied_turn WHERE digest = %s", [bytes.fromhex(digest("e"))]
        ).fetchone()
    assert row == (0,)


@pytest.mark.point("ey-genai-2023:4")
async def test_nothing_of_the_turn_is_stored(dsn: str, turns: RefusedTurns) -> None:
    await turns.remember([digest("身分證字號 A123456789")], str(uuid.uuid4()), NOW)
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT denied_turn::text FROM denied_turn").fetchall()
    assert rows
    assert not any("A123456789" in str(row) for row in rows)


async def test_it_comes_back_after_its_line_was_cut(dsn: str, turns: RefusedTurns) -> None:
    await turns.remember([digest("f")], str(uuid.uuid4()), NOW)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    with pytest.raises(LedgerUnavailableError):
        await turns.recall([digest("f")], NOW)
    assert await turns.recall([digest("f")], NOW)


async def test_a_server_that_is_not_there_is_told_in_time(dsn: str) -> None:
    lost = RefusedTurns(dsn.replace("/shenyong", "/nothing", 1), timeout=0.5)
    begun = time.monotonic()
    with pytest.raises(LedgerUnavailableError):
        await lost.remember([digest("g")], str(uuid.uuid4()), NOW)
    assert time.monotonic() - begun < 2
    await lost.close()
