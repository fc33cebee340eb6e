"""A stored log for tests: intents with outcomes, checkpoints on the way."""

from __future__ import annotations

import asyncio
import time

import psycopg
from tests.storage.entries import AGENCY, intent, outcome

from shenyong.ledger.checkpoint import SigningKey
from shenyong.storage.checkpointing import Checkpointer
from shenyong.storage.ledger import LedgerWriter

KEY = SigningKey(f"shenyong/{AGENCY}", b"\1" * 32)


async def grow(dsn: str, *sizes: int) -> None:
    """Let the log grow to each size (an even number), and sign each."""
    writer = LedgerWriter(dsn, started=time.time_ns() // 1000)
    await writer.start({AGENCY: str(KEY.verifying)})
    row = execute(dsn, "SELECT size FROM ledger_head")
    size = int(str(row[0][0]))
    for each in sizes:
        begun = [intent() for _ in range((each - size) // 2)]
        indexes = await asyncio.gather(*(writer.append(one) for one in begun))
        pairs = zip(begun, indexes, strict=True)
        await asyncio.gather(*(writer.append(outcome(one, at)) for one, at in pairs))
        size = each
        assert await Checkpointer(dsn, {AGENCY: KEY}).once(AGENCY) == each
    await writer.stop()


def execute(dsn: str, query: str, *values: object) -> list[tuple[object, ...]]:
    """Do to the database what somebody with a password might."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), values, binary=True)
        return cursor.fetchall() if cursor.description else []
