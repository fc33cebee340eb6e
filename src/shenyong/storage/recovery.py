"""Closing what a dead worker left open: its intents without an outcome become ``interrupted``.

A living worker holds an advisory lock for as long as its connection lives, so whoever gets the lock
of a worker knows that it is dead, and nobody else closes the same intents at the same time. Should
an intent be closed twice all the same, the second outcome is refused by the unique (request,
attempt, type). `worker.started` says from when on the worker may have left intents open; the writer
moves it on, so that a recovery reads minutes of the log and not months.

A worker that starts looks for the dead at once. All workers look again and again, since the server
may not have noticed yet that a process is gone whose successor is there already, and since a host
that is gone for good must not leave anything open on the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Set

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
_FREE = """
SELECT id FROM worker WHERE NOT EXISTS (
  SELECT 1 FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND classid::int8 = %s AND objid::int8 = worker.id
    AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
"""

LOOK_SECONDS = 10.0
"""How often a worker looks for dead ones. Twice in a row without its lock, and it counts as one: a
worker whose connection was cut has that long to take its lock again, as it does with `ready`."""


async def watch(dsn: str, writer: LedgerWriter, seconds: float = LOOK_SECONDS) -> None:
    """Until cancelled: close what workers leave open that have died meanwhile."""
    before: Set[int] = set()
    while True:
        await asyncio.sleep(seconds / 2)
        await writer.ready()  # our own lock, should our connection have been cut
        await asyncio.sleep(seconds / 2)
        with contextlib.suppress(psycopg.Error, OSError, LedgerUnavailableError):
            if not await writer.ready():
                continue
            now = await _without_lock(dsn, writer)
            if dead := before & now:
                await close_interrupted(dsn, writer, dead)
            before = now


async def _without_lock(dsn: str, writer: LedgerWriter) -> Set[int]:
    """The numbers of the other workers that hold no lock now."""
    async with await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, connect_timeout=2
    ) as connection:
        rows = await (await connection.execute(_FREE, [WORKER_LOCK])).fetchall()
    return {int(number) for (number,) in rows if str(number) != writer.worker}


async def close_interrupted(dsn: str, writer: LedgerWriter, among: Set[int] | None = None) -> int:
    """Record an ``interrupted`` outcome for each open intent of dead workers, or of those `among`.

    Returns how many.
    """
    closed = 0
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        rows = await (await connection.execute("SELECT id, started FROM worker")).fetchall()
        for number, started in rows:
            if str(number) == writer.worker or (among is not None and number not in among):
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
