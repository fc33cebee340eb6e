"""Closing what a dead worker left open: its intents without an outcome become ``interrupted``.

A living worker holds an advisory lock for as long as its connection lives, so whoever gets the lock
of a worker knows that it is dead, and nobody else closes the same intents at the same time. Should
an intent be closed twice all the same, the second outcome is refused by the unique (request,
attempt, type). `worker.started` says from when on the worker may have left intents open; the writer
moves it on, so that a recovery reads minutes of the log and not months.
"""

from __future__ import annotations

import time

import psycopg

from shenyong.ledger import Intent, Outcome, OutcomeKind
from shenyong.ledger.entry import decode
from shenyong.storage.ledger import WORKER_LOCK, LedgerUnavailableError, LedgerWriter

_OPEN = """
SELECT entry.idx, entry.leaf FROM ledger_entry AS entry
WHERE entry.type = 'intent' AND entry.request_id >= %s::uuid
  AND NOT EXISTS (
    SELECT 1 FROM ledger_entry AS ending
    WHERE ending.request_id = entry.request_id AND ending.attempt = entry.attempt
      AND ending.type = 'outcome')
"""


async def close_interrupted(dsn: str, writer: LedgerWriter) -> int:
    """Record an ``interrupted`` outcome for each open intent of dead workers. Returns how many."""
    closed = 0
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        rows = await (await connection.execute("SELECT id, started FROM worker")).fetchall()
        for number, started in rows:
            if str(number) == writer.worker:
                continue
            row = await (
                await connection.execute(
                    "SELECT pg_try_advisory_lock(%s, %s)", [WORKER_LOCK, number]
                )
            ).fetchone()
            if row is None or not row[0]:
                continue
            # UUIDv7 begins with the time in milliseconds, so the index finds what came since.
            least = f"{int(started) // 1000:012x}{'0' * 20}"
            opened = await (await connection.execute(_OPEN, [least])).fetchall()
            all_closed = True
            for index, leaf in opened:
                entry = decode(bytes(leaf))
                if not isinstance(entry, Intent) or entry.worker != str(number):
                    continue
                ending = Outcome(
                    agency=entry.agency,
                    request=entry.request,
                    at=time.time_ns() // 1000,
                    intent=int(index),
                    outcome=OutcomeKind.INTERRUPTED,
                    attempt=entry.attempt,
                )
                try:
                    await writer.append(ending)
                    closed += 1
                except LedgerUnavailableError:
                    all_closed = False
            if all_closed:  # else the next start tries again
                await connection.execute("DELETE FROM worker WHERE id = %s", [number])
            await connection.execute("SELECT pg_advisory_unlock(%s, %s)", [WORKER_LOCK, number])
    return closed
